import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { CaravanError } from '../../core/errors.ts'
import type { Occurrence } from '../../store/occurrences.ts'
import { finishRun, noCounters } from '../../store/runs.ts'
import { startRun } from '../../store/start-run.ts'
import { setPause } from '../../store/pauses.ts'
import { createWorld } from '../../testing/scheduler-world.ts'

const times = (rows: readonly Occurrence[]) =>
  rows.map(({ dueAt, status, reason }) => `${dueAt.slice(11, 19)} ${reason ?? status}`)

it('runs each occurrence once, joined to its run', async () => {
  const world = await createWorld({ jobs: [{ schedule: '* * * * *' }] })

  await world.tick()
  await world.seconds(181)

  const rows = await world.ledger()
  expect(times(rows)).toEqual(['00:01:00 success', '00:02:00 success', '00:03:00 success'])
  expect(rows[0]).toMatchObject({ runs: 1, note: null, beginsAt: rows[0]?.dueAt })
  expect(rows.map(({ runId }) => runId)).toEqual(world.begun.map(({ run }) => run))
  expect(world.begun.every(({ trigger }) => trigger === 'schedule')).toBe(true)
})

it('a run that fails, and one that could not begin, are told in the ledger', async () => {
  const world = await createWorld({ jobs: [{ id: 'a' }, { id: 'b' }] })
  world.behave('a', { is: 'ended', status: 'failed', error: 'the vendor is down' })
  const error = new CaravanError({ code: 'config_invalid', message: 'no key', hint: 'Set it.' })
  world.behave('b', { is: 'refused', error })

  await world.tick()
  await world.seconds(60)

  expect(await world.ledger()).toMatchObject([
    { job: 'a', status: 'failed', note: 'the vendor is down', runs: 1 },
    { job: 'b', status: 'failed', note: 'no key', runs: 0 },
  ])
})

it('with overlap "skip" what comes due meanwhile is skipped, and names the run it met', async () => {
  const world = await createWorld({ jobs: [{}] })
  world.behave('job', { is: 'going on' })

  await world.tick()
  await world.seconds(180)
  await world.end('job')
  await world.seconds(60)

  const rows = await world.ledger()
  expect(times(rows)).toEqual([
    '00:01:00 success',
    '00:02:00 overlap',
    '00:03:00 overlap',
    '00:04:00 running',
  ])
  expect(rows[1]).toMatchObject({
    runId: rows[0]?.runId,
    note: 'the occurrence of 2026-03-01 00:01:00 UTC was still running',
  })
})

it('with overlap "queue" one waits, and the further ones are skipped', async () => {
  const world = await createWorld({ jobs: [{ overlap: 'queue' }] })
  world.behave('job', { is: 'going on' })

  await world.tick()
  await world.seconds(240)
  const before = times(await world.ledger())
  await world.end('job')

  expect(before).toEqual([
    '00:01:00 running',
    '00:02:00 waiting',
    '00:03:00 overlap',
    '00:04:00 overlap',
  ])
  expect(times(await world.ledger()).slice(0, 2)).toEqual(['00:01:00 success', '00:02:00 running'])
})

it.each`
  overlap    | during                                      | after
  ${'skip'}  | ${{ status: 'skipped', reason: 'overlap' }} | ${{ status: 'skipped', runs: 0 }}
  ${'queue'} | ${{ status: 'waiting', reason: null }}      | ${{ status: 'success', runs: 1 }}
`('a run by hand is an overlap too: $overlap', async ({ overlap, during, after }) => {
  const world = await createWorld({ jobs: [{ overlap }] })
  await world.tick()
  const start = { job: 'job', trigger: 'manual', options: {}, now: world.clock.now() }
  const { id } = await startRun(world.db, { ...start, leaseMs: 600_000 })

  await world.seconds(61)
  const before = await world.ledger()
  const end = { status: 'success', at: world.clock.now(), counters: noCounters() } as const
  await finishRun(world.db, id, end)
  await world.seconds(1)

  expect(before).toMatchObject([during])
  expect(await world.ledger()).toMatchObject([after])
})

it.each(['run_once', 'skip'] as const)('after downtime, missed: %s', async (missed) => {
  const world = await createWorld({ jobs: [{ schedule: '*/10 * * * *', missed }] })
  await world.tick()
  await world.kill()
  await world.sleep(35 * 60_000)

  world.restart()
  await world.tick()

  const rows = await world.ledger()
  const last = missed === 'skip' ? 'missed' : 'success'
  expect(times(rows)).toEqual(['00:10:00 missed', '00:20:00 missed', `00:30:00 ${last}`])
  expect(rows[0]?.note).toBe('no daemon was running before this one')
  expect(world.begun).toHaveLength(missed === 'skip' ? 0 : 1)
})

it('says when the daemon was down, as far as the former one was heard of', async () => {
  const world = await createWorld({ jobs: [{}] })
  await world.tick()
  await world.kill()
  const at = { heartbeat_at: '', lease_until: '', started_at: '', version: '1' }
  await world.db
    .insertInto('daemons')
    .values({ id: 'd', host: 'h', pid: 1, ticked_at: '2026-03-01T00:00:05.000Z', ...at })
    .execute()
  await world.sleep(130_000)

  world.restart()
  await world.tick()

  const why = 'the daemon was down (2026-03-01 00:00:05 UTC to 2026-03-01 00:02:10 UTC)'
  expect(await world.ledger()).toMatchObject([
    { reason: 'missed', note: why },
    { status: 'success', note: null }, // ten seconds late are not late
  ])
})

it('many missed ones are a hundred rows and one for the rest', async () => {
  const world = await createWorld({ jobs: [{}] })
  await world.tick()
  await world.kill()
  await world.sleep(365 * 86_400_000)

  world.restart()
  await world.tick()

  const rows = await world.ledger()
  const range = rows.find(({ lastDueAt }) => lastDueAt !== null)
  expect(rows).toHaveLength(102)
  expect(range).toMatchObject({
    dueAt: '2026-03-01T01:41:00.000Z',
    lastDueAt: '2027-02-28T23:59:00.000Z',
    reason: 'missed',
  })
  expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(365 * 24 * 60)
  expect(rows.at(-1)).toMatchObject({ dueAt: '2027-03-01T00:00:00.000Z', status: 'success' })
})

it('jitter moves the begin, is kept over a restart, and is of the given draws', async () => {
  const world = await createWorld({ jobs: [{ jitterMs: 40_000 }], random: () => 0.5 })
  await world.tick()
  await world.seconds(60)
  await world.kill()
  world.restart()
  await world.seconds(19)
  const before = await world.ledger()
  await world.seconds(1)

  const row = { beginsAt: '2026-03-01T00:01:20.000Z' }
  expect(before).toMatchObject([{ ...row, status: 'waiting' }])
  expect(await world.ledger()).toMatchObject([{ ...row, status: 'success' }])
})

it('a paused job skips with who, when and why; what waited is skipped too', async () => {
  const world = await createWorld({ jobs: [{ jitterMs: 60_000 }], random: () => 0.5 })
  await world.tick()
  await world.seconds(60)
  const until = new Date('2026-03-01T00:03:00.000Z')
  const pause = { job: 'job', reason: 'stocktaking', setBy: 'anna', until, now: world.clock.now() }
  await setPause(world.db, pause)

  await world.seconds(150)

  const rows = await world.ledger()
  expect(times(rows)).toEqual(['00:01:00 paused', '00:02:00 paused', '00:03:00 success'])
  expect(rows[1]?.note).toBe(
    'paused by anna since 2026-03-01 00:01:00 UTC until 2026-03-01 00:03:00 UTC: stocktaking',
  )
})

it('another schedule is planned from now: nothing of its past is invented', async () => {
  const world = await createWorld({
    jobs: [{ schedule: '30 * * * *', jitterMs: 1_800_000 }],
    random: () => 0.9,
  })
  await world.tick()
  await world.sleep(31 * 60_000)
  await world.tick()
  world.reload([{ schedule: '*/5 * * * *' }])

  await world.tick()
  await world.sleep(4 * 60_000)
  await world.tick()

  expect(times(await world.ledger())).toEqual(['00:30:00 unscheduled', '00:35:00 success'])
})

it('a schedule that changed while nothing ran owes its occurrences no run', async () => {
  const world = await createWorld({ jobs: [{ schedule: '0 * * * *' }] })
  await world.tick()
  await world.kill()
  await world.sleep(2.5 * 3_600_000)

  world.restart([{ schedule: '45 * * * *' }])
  await world.tick()

  const rows = await world.ledger()
  expect(times(rows)).toEqual(['01:00:00 unscheduled', '02:00:00 unscheduled'])
  expect(rows[0]?.note).toBe('the schedule was changed to 45 * * * * UTC before it could run')
})

it('a job that is removed or disabled has no occurrences, and that is said', async () => {
  const world = await createWorld({ jobs: [{ id: 'a' }, { id: 'b' }] })
  await world.tick()
  world.reload([{ id: 'a' }])

  await world.seconds(60)

  expect(await world.ledger('b')).toEqual([])
  expect(world.log.lines).toContain('b is no longer scheduled: removed or disabled')
})

it('more than may run side by side wait their turn, and none is lost', async () => {
  const jobs = Array.from({ length: 500 }, (_, index) => ({ id: `job-${index}` }))
  const world = await createWorld({ jobs, maxRunning: 32 })
  for (const { id } of jobs) world.behave(id, { is: 'going on' })
  await world.tick()
  await world.seconds(60)

  const most: number[] = []
  while (world.scheduler.state().running.length > 0) {
    most.push(world.scheduler.state().running.length)
    await Promise.all(world.scheduler.state().running.map((id) => world.end(id)))
  }

  expect(Math.max(...most)).toBe(32)
  expect(new Set(world.begun.map(({ job }) => job)).size).toBe(500)
  expect((await world.ledger()).every(({ status }) => status === 'success')).toBe(true)
})

it('stop lets runs reach their checkpoint, and the next start continues them', async () => {
  const world = await createWorld({ jobs: [{}] })
  world.behave('job', { is: 'going on' })
  await world.tick()
  await world.seconds(60)

  const left = await world.scheduler.stop(30_000)
  const stopped = await world.ledger()
  world.behave('job', { is: 'ended', status: 'success' })
  world.restart()
  await world.tick()

  expect(left).toEqual([])
  expect(stopped).toMatchObject([{ status: 'interrupted', finishedAt: null, runs: 1 }])
  expect(await world.ledger()).toMatchObject([{ status: 'success', runs: 2, crashes: 0 }])
  expect(world.begun.map(({ trigger }) => trigger)).toEqual(['schedule', 'resume'])
})

it('a process killed between claim and run leaves an occurrence that is begun anew', async () => {
  const world = await createWorld({ jobs: [{}] })
  world.behave('job', { is: 'stuck' })
  await world.tick()
  await world.seconds(60)
  await world.kill()

  world.behave('job', { is: 'ended', status: 'success' })
  world.restart()
  await world.tick()

  expect(await world.ledger()).toMatchObject([{ status: 'success', runs: 1 }])
  expect(world.begun).toMatchObject([{ trigger: 'schedule' }])
})

it('a process killed after its run ended takes what became of it from the run', async () => {
  const world = await createWorld({ jobs: [{}] })
  world.behave('job', { is: 'going on' })
  await world.tick()
  await world.seconds(60)
  const end = { status: 'partial', at: world.clock.now(), counters: noCounters() } as const
  await finishRun(world.db, world.begun[0]?.run ?? '', end)
  await world.kill()

  world.restart()
  await world.tick()

  expect(await world.ledger()).toMatchObject([{ status: 'partial', runs: 1 }])
})

it('a job that ends its process three times without saving anything is paused for an hour', async () => {
  const world = await createWorld({ jobs: [{ schedule: '0 * * * *' }] })
  world.behave('job', { is: 'going on' })
  await world.tick()
  await world.sleep(3_600_000)
  await world.tick()
  for (let count = 0; count < 3; count++) {
    await world.kill()
    world.restart()
    await world.tick()
  }
  const begun = world.begun.length
  world.behave('job', { is: 'ended', status: 'success' })
  await world.sleep(3_601_000)
  await world.tick()

  expect(begun).toBe(3)
  expect(world.log.lines).toContain(
    'job is paused for an hour: its runs ended the process again and again',
  )
  expect(times(await world.ledger())).toEqual(['01:00:00 success', '02:00:00 overlap'])
})

it('a cancelled run is not continued', async () => {
  const world = await createWorld({ jobs: [{ schedule: '0 * * * *' }] })
  world.behave('job', { is: 'going on' })
  await world.tick()
  await world.sleep(3_600_000)
  await world.tick()
  await world.db.updateTable('runs').set({ cancelled_at: '2026-03-01T01:00:01.000Z' }).execute()

  await world.end('job', 'interrupted')
  await world.seconds(10)

  expect(await world.ledger()).toMatchObject([{ status: 'interrupted', note: 'it was cancelled' }])
  expect(world.begun).toHaveLength(1)
})

it('a full disk holds it up without an end, and nothing is lost once it is freed', async () => {
  // So many that their rows do not fit into the pages that are there.
  const jobs = Array.from({ length: 100 }, (_, index) => ({ id: `job-${index}` }))
  const world = await createWorld({ jobs })
  await world.tick()
  await sql`pragma max_page_count = 1`.execute(world.db) // not below what there is: no page more

  await world.seconds(200)
  const during = world.scheduler.state()
  await sql`pragma max_page_count = 1000000`.execute(world.db)
  await world.seconds(60)

  expect(during.trouble).toContain('The disk is full')
  expect(world.scheduler.state().trouble).toBeUndefined()
  const rows = await world.ledger()
  expect(rows).toHaveLength(400) // each minute of each job
  expect(rows.filter(({ dueAt }) => dueAt.includes(':04:'))).toSatisfy((last: Occurrence[]) =>
    last.every(({ status }) => status === 'success'),
  )
  expect(new Set(rows.map(({ reason }) => reason))).toEqual(new Set([null, 'missed', 'overlap']))
  expect(rows.find(({ reason }) => reason === 'missed')?.note).toContain('The disk is full')
  expect(world.log.lines.filter((line) => line === 'The scheduler is held up')).toHaveLength(1)
})
