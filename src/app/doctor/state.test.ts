import {
  copyFileSync,
  existsSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import Sqlite from 'better-sqlite3'
import { expect, it } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { startChild } from '../../testing/child.ts'
import { byHand, doAsTold, examined, foundBy } from '../../testing/doctor.ts'
import { haierProject, project, type Project } from '../../testing/program.ts'

const spoilt: [what: string, spoil: (home: Project) => void, told: string, mend: string][] = [
  ['missing', ({ file }) => rmSync(file('caravan.db')), 'There is no state at', 'A new project'],
  ['empty', ({ file }) => truncateSync(file('caravan.db'), 0), 'its content was lost', 'restore'],
  ['foreign', ({ write }) => write('caravan.db', 'no database'), 'is not a caravan state', 'state'],
  ['cut off', ({ file }) => truncateSync(file('caravan.db'), 8192), 'is cut off: it has 2', 'Keep'],
  [
    'from a newer caravan',
    (home) => byHand(home, 'pragma user_version = 99'),
    '(version 99 of the file',
    'Upgrade caravan',
  ],
]

it.each(spoilt)('a state that is %s is found, and left as it is', async (_, spoil, told, mend) => {
  const home = await project()
  spoil(home)
  const bytes = () => (existsSync(home.file('caravan.db')) ? home.read('caravan.db') : undefined)
  const before = bytes()

  const { findings, checks } = await examined(home)

  const [finding] = findings.filter(({ check }) => check === 'state')
  expect(finding?.severity).toBe('problem')
  expect(finding?.what).toContain(told)
  expect(finding?.mend).toContain(mend)
  expect(checks.find(({ id }) => id === 'runs')?.result).toBe('skipped')
  expect(findings.filter(({ what }) => what.includes('could not be looked at'))).toEqual([])
  expect(bytes()).toBe(before)
})

it('finds a journal that belongs to another state', async () => {
  const home = await project()
  copyFileSync(home.file('caravan.db'), home.file('backup.db'))
  const writer = startChild('state-child.ts', 'write', home.file('caravan.db'))
  await writer.printed(3)
  await writer.kill()
  copyFileSync(home.file('backup.db'), home.file('caravan.db'))

  const before = home.read('caravan.db-wal')

  const { findings } = await examined(home, { fix: true })

  const [finding] = findings.filter(({ check }) => check === 'state')
  expect(home.read('caravan.db-wal')).toBe(before)
  expect(finding?.what).toContain('does not belong to the caravan.db beside it')
  expect(finding?.mend).toContain('caravan restore <backup>')
})

it('looking changes no byte of what a killed process left', async () => {
  const home = await project()
  const writer = startChild('state-child.ts', 'write', home.file('caravan.db'))
  await writer.printed(3)
  await writer.kill()
  const bytes = () => ['caravan.db', 'caravan.db-wal', 'caravan.db-note'].map(home.read)
  const before = bytes()

  const { findings } = await examined(home, { thorough: true })

  expect(findings.map(({ check }) => check)).toEqual(['key'])
  expect(bytes()).toEqual(before)
})

it('leaves nothing behind in a project at rest', async () => {
  const home = await haierProject()
  const before = home.everything()

  await examined(home)

  expect(home.everything()).toBe(before)
})

it('finds a damaged page', async () => {
  const home = await haierProject()
  const db = new Sqlite(home.file('caravan.db'))
  const { rootpage } = db
    .prepare<[], { rootpage: number }>("select rootpage from sqlite_schema where name = 'secrets'")
    .get()!
  const pageSize = Number(db.pragma('page_size', { simple: true }))
  db.close()
  const whole = readFileSync(home.file('caravan.db'))
  whole.fill(0x5a, (rootpage - 1) * pageSize, rootpage * pageSize)
  writeFileSync(home.file('caravan.db'), whole)

  const { findings } = await examined(home)

  const [finding] = findings.filter(({ check }) => check === 'integrity')
  expect(finding?.severity).toBe('problem')
  expect(finding?.what).toMatch(/caravan\.db is damaged/)
  expect(finding?.mend).toContain('caravan restore <backup>')
})

const drifts: [what: string, sql: string, told: string, severity: string][] = [
  ['table', 'drop table checkpoints', 'the table checkpoints of', 'problem'],
  [
    'column',
    'alter table runs drop column resumed_from',
    'the column runs.resumed_from',
    'problem',
  ],
  [
    'trigger',
    'create trigger t after insert on runs begin select 1; end',
    'the trigger t',
    'warning',
  ],
  ['own table', 'create table mine (a)', 'the table mine', 'note'],
]

it.each(drifts)('finds a drift of the schema: %s', async (_, sql, told, severity) => {
  const home = await project()
  byHand(home, sql)

  const found = await foundBy('schema', home, { fix: true })

  expect(found).toHaveLength(1)
  expect(found[0]).toMatchObject({ severity, fixable: false })
  expect(found[0]?.what).toContain(told)
})

it('makes dropped indexes anew', async () => {
  const home = await project()
  byHand(home, 'drop index runs_time; drop index runs_running')

  const found = await foundBy('schema', home)
  await home.run('doctor --fix')
  const after = await foundBy('schema', home)

  expect(found.map(({ what }) => /index (\w+)/.exec(what)?.[1]).toSorted()).toEqual([
    'runs_running',
    'runs_time',
  ])
  expect(found.map(({ mend }) => mend)).toEqual(['caravan doctor --fix', 'caravan doctor --fix'])
  expect(after).toEqual([])
})

it('says why an index cannot be made, and leaves the rows alone', async () => {
  const home = await project()
  const child = startChild('state-child.ts', 'run', home.file('caravan.db'), 'haier-products')
  await child.printed(1)
  byHand(
    home,
    `drop index runs_running;
     create table copy as select * from runs;
     update copy set id = 'twice';
     insert into runs select * from copy;
     drop table copy`,
  )

  const { fixed, findings } = await examined(home, { fix: true })

  expect(fixed).toMatchObject([{ check: 'schema', failed: expect.stringContaining('UNIQUE') }])
  expect(findings.filter(({ check }) => check === 'schema')).toHaveLength(1)
})

it('finds a run whose process was killed, and marks it', async () => {
  const home = await project()
  const child = startChild('state-child.ts', 'run', home.file('caravan.db'), 'haier-products')
  await child.printed(1)

  const alive = await foundBy('runs', home, { fix: true })
  await child.kill()
  const [dead] = await foundBy('runs', home)
  await doAsTold(home, dead!)

  expect(alive).toEqual([])
  expect(dead).toMatchObject({ severity: 'warning', mend: 'caravan runs list', fixable: true })
  expect(dead?.what).toContain(`its process (${child.process.pid} on `)
  expect(await foundBy('runs', home)).toEqual([])
})

it('marks it with --fix too, once', async () => {
  const home = await project()
  const child = startChild('state-child.ts', 'run', home.file('caravan.db'), 'haier-products')
  await child.printed(1)
  await child.kill()

  const first = await examined(home, { fix: true })
  const second = await examined(home, { fix: true })

  expect(first.fixed).toMatchObject([{ check: 'runs', failed: null }])
  expect(first.findings.filter(({ check }) => check === 'runs')).toEqual([])
  expect(second.fixed).toEqual([])
  const { runs } = await home.json<{ runs: object[] }>('runs list')
  expect(runs).toMatchObject([{ status: 'interrupted' }])
})

it('finds a run that was stopped, and it goes on as told', async () => {
  const home = await project()
  const child = startChild('state-child.ts', 'run', home.file('caravan.db'), 'haier-products')
  await child.printed(1)
  child.process.kill('SIGSTOP')
  const later = { ...systemClock, now: () => new Date(Date.now() + 120_000) }

  const [finding] = await foundBy('runs', home, { clock: later })

  expect(finding).toMatchObject({ severity: 'warning', mend: `kill -CONT ${child.process.pid}` })
  await doAsTold(home, finding!)
})
