import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { project } from '../testing/program.ts'
import { temporaryFolder } from '../testing/state.ts'
import { withAppIn } from '../testing/app.ts'
import { makeUnit, unitOf, type UnitFacts } from './unit.ts'

const facts: UnitFacts = {
  program: [process.execPath, '/opt/caravan/bin/caravan.js'],
  config: '/etc/caravan/integrations.yaml',
  state: '/var/lib/caravan/caravan.db',
  user: 'root',
  hasKeyFile: false,
  listen: null,
}

const has = spawnSync('systemd-analyze', ['--version']).status === 0
if (!has) console.warn('skipped: systemd-analyze is not installed, so no unit is checked by it')

function analyze(text: string, ...words: string[]) {
  const path = join(temporaryFolder(), 'caravan.service')
  writeFileSync(path, text)
  const { status, stdout, stderr } = spawnSync('systemd-analyze', [...words, path], {
    encoding: 'utf8',
  })
  return { status, out: stdout + stderr }
}

const odd: Partial<UnitFacts>[] = [
  {},
  { hasKeyFile: true, listen: '0.0.0.0:443' },
  { config: '/srv/my shop/50%/integrations.yaml', state: '/srv/my shop/50%/$state.db' },
  {
    state: '/home/shop/caravan.db',
    user: '65534',
    keyFileGiven: '/home/shop/key',
    hasKeyFile: true,
  },
]

it.runIf(has).each(odd)('systemd finds no fault in the unit of %o', (changes) => {
  // The program of these paths is not here; every other word of systemd's would be a fault of ours.
  const { out } = analyze(makeUnit({ ...facts, ...changes }).text, 'verify')

  expect(out.split('\n').filter((line) => line.includes('caravan.service'))).toEqual([])
})

it.runIf(has)('systemd finds it well enclosed', () => {
  const { out, status } = analyze(
    makeUnit(facts).text,
    'security',
    '--offline=true',
    '--threshold=30',
  )

  expect({ status, out: out.split('\n').filter((line) => line.includes('Overall')) }).toMatchObject(
    {
      status: 0,
    },
  )
})

it('starts again after a crash, and not where that would mend nothing', () => {
  const { text } = makeUnit(facts)

  expect(text).toContain('Restart=on-failure\n')
  expect(text).toContain('RestartPreventExitStatus=2 4 9 12\n')
  expect(text).toContain('Type=notify\n')
  expect(text).toMatch(/WatchdogSec=\d+s\n/)
})

it('the unit of a project names its own files, and nothing but the unit goes to stdout', async () => {
  const home = await project()

  const { code, out, err } = await home.run('daemon --print-unit')

  expect(code).toBe(0)
  expect(out).toContain(`--config ${home.file('integrations.yaml')} daemon\n`)
  expect(out).toContain(`ReadWritePaths=${home.folder}\n`)
  expect(out.startsWith('# ')).toBe(true)
  expect(out).not.toContain('undefined')
  expect(err.includes('belongs to root')).toBe(process.getuid?.() === 0)
})

it.runIf(process.getuid?.() === 0)('names what the user of the unit cannot read', async () => {
  const home = await project()
  const at = (name: string) => home.file(name)
  for (const folder of [home.folder, dirname(home.folder)]) chmodSync(folder, 0o755)
  chownSync(at('caravan.db'), 65534, 65534)

  const before = await withAppIn(home.folder, unitOf)
  for (const name of ['integrations.yaml', 'caravan.key']) chownSync(at(name), 65534, 65534)
  const after = await withAppIn(home.folder, unitOf)
  rmSync(at('caravan.db'))
  chownSync(at('integrations.yaml'), 0, 0)
  const fresh = await withAppIn(home.folder, unitOf)

  expect(before.words).toEqual([
    expect.stringContaining(`cannot read ${at('integrations.yaml')}`),
    expect.stringContaining(`cannot read ${at('caravan.key')}`),
  ])
  for (const word of before.words) expect(before.text).toContain(`\n# ${word}\n`)
  expect(after.words).toEqual([])
  expect(fresh.words).toEqual([expect.stringMatching(/^There is no state yet, .* belongs to root/)])
})
