import { expect, it } from 'vitest'
import type { JobExplanation, JobInfo, OccurrenceInfo } from '../app/answers/jobs.ts'
import { explainSchedule } from '../app/explain-schedule.ts'
import { systemClock } from '../core/clock.ts'
import type { CaravanError } from '../core/errors.ts'
import { thisProcess } from '../store/process-identity.ts'
import { startRun } from '../store/start-run.ts'
import { withAppIn } from '../testing/app.ts'
import { emptyProject, haierProject, type Project, project } from '../testing/program.ts'

const schedule = (made: Project, lines: string): void =>
  made.write('integrations.yaml', `version: 1\ntimezone: Europe/Berlin\njobs:\n${lines}`)

it('explain says when a schedule comes and what the next change of the clock does to it', async () => {
  const { run, json } = await project()

  const text = await run(['jobs', 'explain', '30 2 * * *', '--tz', 'Europe/Berlin'])
  const { out } = await run(['jobs', 'explain', '*/30 * * * *', '--tz', 'Asia/Shanghai', '--json'])
  const shanghai = JSON.parse(out) as JobExplanation
  const byHand = await json<JobExplanation>('jobs explain haier-products')

  expect(text.code).toBe(0)
  expect(text.out.match(/\d{4}-\d\d-\d\d 02:30 \+0[12]:00/g)?.length).toBeGreaterThanOrEqual(9)
  expect(text.out).toMatch(/clock +at \d{4}-\d\d-\d\d 0[23]:00 it goes to 0[23]:00/)
  expect(text.out).toMatch(/02:30 (does not exist|comes twice) on/)
  expect(shanghai).toMatchObject({ clock_change: null, warnings: [], meaning: 'time_passed' })
  expect(shanghai.next).toHaveLength(10)
  expect(Date.parse(shanghai.next[0]?.local ?? '')).toBe(Date.parse(shanghai.next[0]?.at ?? ''))
  expect(byHand).toMatchObject({ schedule: null, next: [], warnings: [{ code: 'by_hand' }] })
})

it('explain takes schedule and zone of a job from the file, and says what keeps it from running', async () => {
  const made = await project()
  schedule(
    made,
    '  haier-products: { schedule: "* */4 * * *", enabled: false, timezone: Asia/Tokyo }\n',
  )
  await made.run('jobs pause haier-products --reason stocktaking')

  const job = await made.json<JobExplanation>('jobs explain haier-products')
  const cron = await made.run(['jobs', 'explain', '0 3 * * *', '--json'])

  expect(job).toMatchObject({ schedule: '* */4 * * *', timezone: 'Asia/Tokyo' })
  expect(job.warnings.map(({ code }) => code)).toEqual(['disabled', 'paused', 'every_minute'])
  expect(JSON.parse(cron.out)).toMatchObject({ timezone: 'Europe/Berlin' })
})

it.each`
  target             | tz                | code             | says
  ${'0 3 * * *'}     | ${'Europe/Berln'} | ${'usage'}       | ${'Did you mean Europe/Berlin?'}
  ${'0 3 * * *'}     | ${'berlin'}       | ${'usage'}       | ${'Did you mean Europe/Berlin?'}
  ${'0 3 * * *'}     | ${'+08:00'}       | ${'usage'}       | ${'there is no time zone +08:00'}
  ${'0 3 * *'}       | ${undefined}      | ${'usage'}       | ${'it has 4 fields and not five'}
  ${'* * 0 3 * *'}   | ${undefined}      | ${'usage'}       | ${'it has 6 fields and not five'}
  ${'@daily'}        | ${undefined}      | ${'usage'}       | ${'@daily is written "0 0 * * *"'}
  ${'0 25 * * *'}    | ${undefined}      | ${'usage'}       | ${'the hour "25" cannot be (0 to 23)'}
  ${'haier-product'} | ${undefined}      | ${'job_unknown'} | ${'Did you mean haier-products?'}
`('explain refuses "$target" in $tz', async ({ target, tz, code, says }) => {
  const { folder } = await project()

  const refused = await withAppIn(folder, (app) => explainSchedule(app, target, { tz })).catch(
    (error: unknown) => error as CaravanError,
  )

  expect(refused).toMatchObject({ code })
  expect(`${(refused as CaravanError).message} ${(refused as CaravanError).hint}`).toContain(says)
})

it('explain knows a schedule where there is no project', async () => {
  const made = emptyProject()

  const { code, out } = await made.run(['jobs', 'explain', '0 3 * * *', '--json'])

  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ timezone: 'UTC', schedule: '0 3 * * *' })
})

it('a zone in the file that does not exist is named with the nearest one that does', async () => {
  const made = await project()
  schedule(made, '  haier-products: { schedule: "0 3 * * *", timezone: Asia/Shanghia }\n')

  const { code, out, err } = await made.run('config check')

  expect(code).toBe(9)
  expect(out + err).toContain('Asia/Shanghai')
})

it('pause and resume hold for every process at once, with who, when and why', async () => {
  const made = await project()
  schedule(made, '  haier-products: { schedule: "0 3 * * *" }\n')

  const paused = await made.json('jobs pause haier-products --reason stocktaking --for 2h')
  const { jobs } = await made.json<{ jobs: JobInfo[] }>('jobs')
  const table = await made.run('jobs list')
  const replaced = await made.json('jobs pause haier-products')
  const resumed = await made.json('jobs resume haier-products')
  const again = await made.json('jobs resume haier-products')
  const week = await made.json<{ next_due_at: string }>('jobs pause haier-products --for 7d')

  const pause = { reason: 'stocktaking', paused_by: 'tester', until: expect.any(String) }
  expect(paused).toMatchObject({ changed: true, paused: pause, former: null })
  expect(jobs.find(({ id }) => id === 'haier-products')).toMatchObject({
    paused: pause,
    next_due_at: expect.stringMatching(/T0[12]:00:00.000Z$/),
  })
  expect(table.out).toContain('stocktaking')
  expect(replaced).toMatchObject({
    former: pause,
    paused: { reason: '', until: null },
    next_due_at: null,
  })
  const daysLeft = (Date.parse(week.next_due_at) - Date.now()) / 86_400_000
  expect({ isAfterPause: daysLeft > 6.9 && daysLeft < 8.1 }).toEqual({ isAfterPause: true })
  expect(resumed).toMatchObject({ changed: true, paused: null, former: { reason: '' } })
  expect(again).toMatchObject({ changed: false, paused: null, former: null })
  expect((await made.run('jobs pause nobody')).code).toBe(10)
  expect((await made.run('jobs pause haier-products --for soon')).code).toBe(2)
})

it('a pause ends by itself', async () => {
  const made = await project()
  await made.run('jobs pause haier-products --for 1ms')

  const { jobs } = await made.json<{ jobs: JobInfo[] }>('jobs')

  expect(jobs.map(({ paused }) => paused)).toEqual([null, null])
})

it('run runs a job as sync does, and another process that runs it is left alone', async () => {
  const { run, json, folder } = await haierProject()

  const report = await json('jobs run haier-products --stock')
  expect(report).toMatchObject({ status: 'success', counters: { created: 30 } })

  await withAppIn(folder, async (app) => {
    const { db } = await app.state()
    const now = app.clock.now()
    const job = { job: 'haier-products', trigger: 'schedule', options: {} }
    await startRun(db, { ...job, now, leaseMs: 60_000 })
  })
  const refused = await run('jobs run haier-products')
  expect(refused).toMatchObject({ code: 11, err: expect.stringContaining('already running') })
})

it('ledger and missed show what became of each occurrence, and several in one row', async () => {
  const { run, json, folder } = await project()
  await withAppIn(folder, async (app) => {
    const { db } = await app.state()
    const at = '2026-03-01T00:00:00.000Z'
    const row = { job: 'haier-products', begins_at: at, decided_at: at, runs: 0, count: 1 }
    const rows = [
      { ...row, due_at: at, status: 'skipped', reason: 'missed', note: 'the process stood still' },
      {
        ...row,
        due_at: '2026-03-02T00:00:00.000Z',
        last_due_at: '2026-03-09T00:00:00.000Z',
        count: 11520,
        status: 'skipped',
        reason: 'paused',
      },
      { ...row, due_at: '2026-03-10T00:00:00.000Z', status: 'success', run_id: 'R', runs: 1 },
    ] as const
    for (const each of rows)
      await db
        .insertInto('occurrences')
        .values(each as never)
        .execute()
  })

  const missed = await json<{ occurrences: OccurrenceInfo[] }>('jobs missed')
  const since = await json<{ occurrences: OccurrenceInfo[] }>('jobs missed --since 2026-03-02')
  const ledger = await json<{ occurrences: OccurrenceInfo[] }>('jobs ledger --job haier-products')
  const good = await json<{ occurrences: OccurrenceInfo[] }>('jobs ledger --status success')
  const table = await run('jobs missed')

  expect(missed.occurrences.map(({ reason, count }) => ({ reason, count }))).toEqual([
    { reason: 'paused', count: 11520 },
    { reason: 'missed', count: 1 },
  ])
  expect(since.occurrences).toHaveLength(1)
  expect(ledger.occurrences).toHaveLength(3)
  expect(good.occurrences).toMatchObject([{ run: 'R' }])
  expect(table.out).toContain('skipped, paused')
  expect(table.out).toContain('11 520')
  expect(table.out).toContain('the process stood still')
  expect((await run('jobs ledger --job nobody')).code).toBe(10)
  expect((await run('jobs missed --since whenever')).code).toBe(2)
})

it('runs cancel asks a living run to stop once, marks a dead one, and refuses one that is over', async () => {
  const { run, json, folder } = await project()
  const begin = (id: string, more: object = {}) =>
    withAppIn(folder, async (app) => {
      const { db } = await app.state()
      const start = { job: id, trigger: 'manual', options: {}, leaseMs: 60_000 }
      return (await startRun(db, { ...start, now: systemClock.now(), ...more })).id
    })
  const living = await begin('haier-products')
  const dead = await begin('1c-catalog', { process: { ...thisProcess(), startedAt: 'before/1' } })

  const gone = await json(`runs cancel ${dead}`)
  const first = await json(`runs cancel ${living} --reason wrong`)
  const second = await run(`runs cancel ${living}`)
  const shown = await json(`runs show ${living}`)
  const over = await run(`runs cancel ${dead}`)

  expect(first).toMatchObject({ status: 'running', changed: true, cancelled_by: 'tester' })
  expect(second).toMatchObject({ code: 0, out: expect.stringContaining('cancelled before') })
  expect(second.out).toContain('wrong')
  expect(shown).toMatchObject({ cancelled: { by: 'tester', reason: 'wrong' } })
  expect(gone).toMatchObject({ status: 'interrupted', cancelled_by: null })
  expect(over).toMatchObject({ code: 1, err: expect.stringContaining('is over: interrupted') })
  expect((await run('runs cancel nobody')).code).toBe(10)
})
