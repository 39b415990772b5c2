import { spawnSync } from 'node:child_process'
import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import Sqlite from 'better-sqlite3'
import { expect, it } from 'vitest'
import { DoctorAnswer } from '../app/answers/doctor.ts'
import { byHand } from '../testing/doctor.ts'
import { emptyProject, haierProject, project } from '../testing/program.ts'
import { plain, runOnTerminal, whyNoTerminal, widerThan } from '../testing/terminal.ts'

it('is exit 0 with notes alone, and says what they are', async () => {
  const { run } = await project()

  const { code, out, err } = await run('doctor')

  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/^SEVERITY +CHECK +FINDING +MEND\nnote +key +there is only one key slot/)
})

it('says in one line that there is nothing to mend', async () => {
  const { run } = await project()
  await run('key add --file spare.key')

  const { code, out, err } = await run('doctor')

  expect({ code, out }).toEqual({ code: 0, out: '' })
  expect(err).toBe('Nothing to mend: 19 checks.\n')
})

it('is exit 14 with a finding, in every form; --fix mends it and says so', async () => {
  const { run, file } = await project()
  chmodSync(file('caravan.db'), 0o644)
  byHand({ file }, 'drop index runs_time')

  const table = await run('doctor')
  const csv = await run('doctor --output csv')
  const lines = await run('doctor --output jsonl')
  const fixed = await run('doctor --fix --json')
  const again = await run('doctor --fix')

  expect([table, csv, lines].map(({ code }) => code)).toEqual([14, 14, 14])
  expect(table.out).toContain(`chmod 600 ${file('caravan.db')}`)
  expect(csv.out).toMatch(/^check,severity,what,why,mend,fixable\r\n/)
  expect(
    lines.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).check),
  ).toEqual(['files', 'schema', 'key'])
  expect(fixed.code).toBe(0)
  expect(fixed.err).toBe(
    `Mended: chmod 600 ${file('caravan.db')}\nMended: made the index runs_time anew\n`,
  )
  const answer = DoctorAnswer.parse(JSON.parse(fixed.out))
  expect(answer.fixed.map(({ check, failed }) => [check, failed])).toEqual([
    ['files', null],
    ['schema', null],
  ])
  expect(answer.findings.map(({ check }) => check)).toEqual(['key'])
  expect(again).toMatchObject({ code: 0, err: '' })
})

it('works where there is nothing at all, and where the config is no YAML', async () => {
  const empty = emptyProject()
  const garbled = await project()
  garbled.write('integrations.yaml', 'version: 1\nservices: {a: [\n')

  const nothing = await empty.run('doctor --json')
  const broken = await garbled.run('doctor --json')

  for (const { code, err } of [nothing, broken])
    expect({ code, err }).toEqual({ code: 14, err: '' })
  const [missing] = DoctorAnswer.parse(JSON.parse(nothing.out)).findings
  expect(missing?.what).toBe('there is no integrations.yaml')
  const { findings, checks } = DoctorAnswer.parse(JSON.parse(broken.out))
  expect(findings.filter(({ severity }) => severity !== 'note')).toMatchObject([
    { check: 'config' },
  ])
  // What lies beside it is looked at all the same.
  expect(checks.find(({ id }) => id === 'schema')?.result).toBe('sound')
})

it('tells that SQLite cannot be loaded, and looks at the rest', async () => {
  const { run, file, write } = await project()
  write(
    'break.cjs',
    `const Module = require('node:module'); const load = Module._load
     Module._load = function (name, ...rest) {
       if (name === 'better-sqlite3') throw new Error('was compiled against another Node')
       return load.call(this, name, ...rest)
     }`,
  )
  const options = { env: { NODE_OPTIONS: `--require ${file('break.cjs')}` } }

  const { code, out } = await run('doctor --json', options)

  expect(code).toBe(14)
  const { findings, checks } = DoctorAnswer.parse(JSON.parse(out))
  expect(findings[0]).toMatchObject({ check: 'platform', mend: 'npm rebuild better-sqlite3' })
  expect(checks.find(({ id }) => id === 'files')?.result).toBe('sound')
})

it('has a deadline, and says what was not finished', async () => {
  const { run } = await project()

  const late = await run('doctor --deadline 1ms --json')
  const wrong = await run('doctor --deadline soon')

  expect(late.code).toBe(14)
  const { findings } = DoctorAnswer.parse(JSON.parse(late.out))
  expect(findings.some(({ what }) => what.endsWith(': not finished in time'))).toBe(true)
  expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('--deadline soon') })
})

/** Without these rights root is refused by file modes like everybody else. */
const likeAUser =
  process.getuid?.() === 0
    ? [
        'setpriv',
        '--bounding-set=-dac_override,-dac_read_search',
        '--inh-caps=-dac_override,-dac_read_search',
      ]
    : []
const hasSetpriv = likeAUser.length === 0 || spawnSync('setpriv', ['--version']).status === 0
if (!hasSetpriv)
  process.stderr.write('Skipped as root without setpriv: files that may not be read\n')

it.runIf(hasSetpriv)('works where it may read nothing', async () => {
  const home = await haierProject()
  chmodSync(home.file('caravan.db'), 0)
  chmodSync(home.file('caravan.key'), 0)

  const { code, out } = await home.run('doctor --json', { through: likeAUser })
  chmodSync(home.file('caravan.db'), 0o600)
  const unread = await home.run('doctor --json', { through: likeAUser })

  expect(code).toBe(14)
  expect(DoctorAnswer.parse(JSON.parse(out)).findings).toMatchObject([
    { check: 'state', severity: 'problem', what: expect.stringContaining('cannot be read') },
  ])
  const { findings } = DoctorAnswer.parse(JSON.parse(unread.out))
  expect(findings).toMatchObject([
    { check: 'key', what: expect.stringContaining('permission denied') },
    { check: 'key' },
  ])
})

it('shows no secret, whatever is broken', async () => {
  const home = await haierProject()
  const secrets = Object.entries(home.twin.config)
    .filter(([name]) => /secret|password/.test(name))
    .map(([, value]) => String(value))
  const key = home.read('caravan.key').trim().slice(20)
  rmSync(home.file('answers.json'))
  const password = secrets[0] ?? ''
  home.write(
    'integrations.yaml',
    home.read('integrations.yaml').replace('${secret:haier.password}', password),
  )
  byHand(home, "update secrets set record = 'v1.x' where name = 'haier.client_secret'")

  const runs = [await home.run('doctor'), await home.run('doctor --json --thorough')]
  writeFileSync(home.file('caravan.key'), `${home.read('caravan.key').trim()}xx`)
  runs.push(await home.run('doctor --json'))

  expect(secrets.length).toBeGreaterThan(5)
  expect(runs.map(({ code }) => code)).toEqual([14, 14, 14])
  const printed = runs.map(({ out, err }) => out + err).join('')
  for (const each of [...secrets, key]) expect(printed).not.toContain(each)
})

const noTerminal = whyNoTerminal()
if (noTerminal) process.stderr.write(`Skipped: ${noTerminal}\n`)

it.skipIf(noTerminal)(
  'on a narrow terminal every text stands below the table in full',
  async () => {
    const { folder, file } = await project()
    chmodSync(file('caravan.db'), 0o644)

    const { code, screen } = await runOnTerminal('doctor', { cwd: folder, columns: 60, rows: 200 })

    expect(code).toBe(14)
    expect(widerThan(60, screen)).toEqual([])
    expect(plain(screen).replaceAll(/\s+/g, ' ')).toContain(
      `${file('caravan.db')} can be used by other users (mode 0644) → chmod 600 ${file('caravan.db')}`,
    )
  },
)

it('brings a state of an older version to no other: it says what will', async () => {
  const { run, file } = await project()
  const version = () => {
    const db = new Sqlite(file('caravan.db'))
    const found = db.pragma('user_version', { simple: true })
    db.close()
    return found
  }
  byHand({ file }, 'pragma user_version = 1')

  const { out } = await run('doctor --fix --json')

  const { findings } = DoctorAnswer.parse(JSON.parse(out))
  expect(findings.find(({ check }) => check === 'state')).toMatchObject({
    severity: 'note',
    what: expect.stringContaining('is of version 1'),
  })
  expect(version()).toBe(1)
})
