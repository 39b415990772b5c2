import { spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { newId } from '../../core/ids.ts'
import { systemClock } from '../../core/clock.ts'
import { doAsTold, examined, foundBy } from '../../testing/doctor.ts'
import { project } from '../../testing/program.ts'

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

it('finds nothing in a fresh project but that there is one key slot', async () => {
  const home = await project()

  const { findings, checks } = await examined(home)

  expect(findings.map(({ check, severity, what }) => [check, severity, what])).toEqual([
    ['key', 'note', 'there is only one key slot'],
  ])
  expect(checks.map(({ result }) => result)).not.toContain('skipped')
})

const open: [file: string, mode: number, severity: string, what: string, mended: string][] = [
  ['caravan.db', 0o644, 'problem', 'can be used by other users (mode 0644)', '600'],
  ['caravan.key', 0o640, 'problem', 'can be used by other users (mode 0640)', '600'],
  ['integrations.yaml', 0o646, 'problem', 'can be written by every user (mode 0646)', '644'],
  ['', 0o777, 'problem', 'can be written by other users (mode 0777)', '755'],
  ['', 0o750, 'warning', "holds only caravan's files and is open to other users", '700'],
]

it.each(open)('"%s" of mode %o is a %s', async (file, mode, severity, what, mended) => {
  const home = await project()
  const path = join(home.folder, file)
  chmodSync(path, mode)

  const [finding, ...rest] = await foundBy('files', home)
  expect(finding).toMatchObject({ severity, fixable: true })
  expect(finding?.what).toContain(what)
  expect(finding?.mend).toBe(`chmod ${mended} ${path}`)
  expect(rest).toEqual([])
  await doAsTold(home, finding!)
  const left = await foundBy('files', home)
  chmodSync(path, mode)
  const { fixed } = await examined(home, { fix: true })

  expect(left.filter((one) => one.what === finding?.what)).toEqual([])
  expect(fixed[0]).toEqual({ check: 'files', what: `chmod ${mended} ${path}`, failed: null })
  expect(await foundBy('files', home, { fix: true })).toEqual([])
})

it('leaves a folder that holds other things alone', async () => {
  const home = await project()
  home.write('notes.txt', 'ours')
  chmodSync(home.folder, 0o755)

  expect(await foundBy('files', home)).toEqual([])
})

it('finds a cache that others may plant code in', async () => {
  const home = await project()
  const cache = join(home.folder, '../cache/caravan')
  mkdirSync(cache, { recursive: true })
  chmodSync(cache, 0o777)
  const env = { XDG_CACHE_HOME: join(home.folder, '../cache') }

  const [finding] = await foundBy('files', home, { env })
  const after = await foundBy('files', home, { env, fix: true })

  expect(finding?.what).toContain('can be written by other users (mode 0777)')
  expect(after).toEqual([])
  expect(modeOf(cache)).toBe('700')
})

it('finds a key of another user, which would be refused', async () => {
  if (process.getuid?.() !== 0) return // only root may give files away
  const home = await project()
  chownSync(home.file('caravan.key'), 12345, 12345)

  const [finding, ...rest] = await foundBy('files', home)

  expect(rest).toEqual([])
  expect(finding).toMatchObject({ severity: 'problem', fixable: false })
  expect(finding?.what).toContain('belongs to another user (uid 12345')
})

const hoursAgo = (path: string, hours: number): void => {
  const at = Date.now() / 1000 - hours * 3600
  utimesSync(path, at, at)
}

const drafts = [
  '.out.xml.0a1b2c3d.part',
  `caravan.db.new-${newId()}`,
  `caravan.db.new-${newId()}-wal`,
  `caravan.db.restored-${newId()}`,
  `copy.db.part-${newId()}`,
  'caravan.db.before-3.part',
  'caravan.db-note.999999',
  '.integrations.yaml.tmp',
]

/** Other programs give names like these. */
const alien = ['mine.part', '.budget.tmp', '.editor.lock', 'release-note.20261120']

it('finds what killed processes left, and removes it', async () => {
  const home = await project()
  for (const name of drafts) {
    home.write(name, 'half')
    hoursAgo(home.file(name), 2)
  }
  for (const name of alien) {
    home.write(name, 'not of caravan')
    hoursAgo(home.file(name), 2)
  }

  const found = await foundBy('leftovers', home)
  await doAsTold(home, found[0]!)
  const after = await foundBy('leftovers', home)
  const fixed = await foundBy('leftovers', home, { fix: true })

  expect(found.map(({ severity }) => severity)).toEqual(drafts.map(() => 'warning'))
  expect(found.map(({ mend }) => mend.split('/').at(-1)).toSorted()).toEqual(drafts.toSorted())
  expect(after).toHaveLength(drafts.length - 1)
  expect(fixed).toEqual([])
  expect(drafts.filter((name) => existsSync(home.file(name)))).toEqual([])
  expect(alien.map(home.read)).toEqual(alien.map(() => 'not of caravan'))
})

it('leaves drafts alone that are young, open, or of a process that runs', async () => {
  const home = await project()
  const kept = ['.a.0a1b2c3d.part', '.b.0a1b2c3d.part', `caravan.db-note.${process.pid}`]
  for (const name of kept) home.write(name, 'half')
  for (const name of kept.slice(1)) hoursAgo(home.file(name), 2)
  const held = await holdOpen(home.file('.b.0a1b2c3d.part'))

  const { fixed } = await examined(home, { fix: true })
  const before = kept.filter((name) => existsSync(home.file(name)))
  await held.close()
  await examined(home, { fix: true })

  expect(fixed).toEqual([])
  expect(before).toEqual(kept)
  expect(existsSync(home.file('.b.0a1b2c3d.part'))).toBe(false)
})

async function holdOpen(path: string): Promise<{ close(): Promise<void> }> {
  const child = spawn('sh', ['-c', `exec 3<'${path}'; echo open; read _`])
  onTestFinished(() => void child.kill())
  await new Promise((resolve) => child.stdout.once('data', resolve))
  return {
    async close() {
      child.kill('SIGKILL')
      await new Promise((resolve) => child.once('close', resolve))
    },
  }
}

it('finds the lock of a killed writer of the config', async () => {
  const home = await project()
  symlinkSync('999999', home.file('.integrations.yaml.lock'))
  const later = { now: () => new Date(Date.now() + 7_200_000) }

  const { findings, fixed } = await examined(home, {
    fix: true,
    clock: { ...systemClock, ...later },
  })

  expect(fixed).toMatchObject([{ what: expect.stringContaining('.integrations.yaml.lock') }])
  expect(findings.filter(({ check }) => check === 'leftovers')).toEqual([])
})

it('tells of old copies, and never removes them', async () => {
  const home = await project()
  const copies = ['caravan.db.before-2', 'caravan.db.replaced', 'caravan.db.replaced-2']
  for (const name of copies) {
    writeFileSync(home.file(name), 'the state as it was', { mode: 0o600 })
    hoursAgo(home.file(name), 31 * 24)
  }

  const found = await foundBy('leftovers', home, { fix: true })
  for (const finding of found) await doAsTold(home, finding)

  expect(found).toMatchObject(copies.map(() => ({ severity: 'note' })))
  expect(await foundBy('leftovers', home)).toEqual([])
})
