/** What others left: runs by hand, processes that stand still, jobs that are no longer in the file. */
import { spawn } from 'node:child_process'
import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { countMissed } from '../../store/alert-facts.ts'
import { hasWork, type Occurrence } from '../../store/occurrences.ts'
import { listPauses, setPause } from '../../store/pauses.ts'
import { identityOf, isStopped, type ProcessIdentity } from '../../store/process-identity.ts'
import { getRun } from '../../store/runs.ts'
import { startRun } from '../../store/start-run.ts'
import { until } from '../../testing/daemon.ts'
import { createWorld, type World } from '../../testing/scheduler-world.ts'

const times = (rows: readonly Occurrence[]) =>
  rows.map(({ dueAt, status, reason }) => `${dueAt.slice(11, 19)} ${reason ?? status}`)

/** A process of this host that stands still. */
async function stoppedProcess(): Promise<ProcessIdentity> {
  const child = spawn('sleep', ['600'])
  onTestFinished(() => void child.kill('SIGKILL'))
  child.kill('SIGSTOP')
  const identity = identityOf(child.pid ?? 0)
  await until(() => isStopped(identity))
  return identity
}

const startByHand = ({ db, clock }: World, process: ProcessIdentity) =>
  startRun(db, {
    job: 'job',
    trigger: 'manual',
    options: {},
    now: clock.now(),
    leaseMs: 60_000,
    process,
  })

/** An hourly job, whose run of one o'clock goes on. */
async function worldAtWork(): Promise<World> {
  const world = await createWorld({ jobs: [{ schedule: '0 * * * *' }] })
  world.behave('job', { is: 'going on' })
  await world.tick()
  await world.sleep(3_600_000)
  await world.tick()
  return world
}

it('a run by hand whose process was killed keeps its job off no longer', async () => {
  const world = await createWorld({ jobs: [{}] })
  await world.tick()
  const { id } = await startByHand(world, { host: identityOf(1).host, pid: 1, startedAt: 'gone' })

  await world.seconds(60)

  expect(times(await world.ledger())).toEqual(['00:01:00 success'])
  expect(await getRun(world.db, id)).toMatchObject({ status: 'interrupted' })
})

it('a run by hand that stands still keeps its job off until its lease is over', async () => {
  const world = await createWorld({ jobs: [{}] })
  await world.tick()
  await world.seconds(10)
  const { id } = await startByHand(world, await stoppedProcess())

  await world.seconds(110)

  expect(times(await world.ledger())).toEqual(['00:01:00 overlap', '00:02:00 success'])
  expect(await getRun(world.db, id)).toMatchObject({ status: 'interrupted' })
})

it('what a process that stands still was running is continued once its lease is over', async () => {
  const world = await worldAtWork()
  const { pid, startedAt } = await stoppedProcess()
  const still = { pid, process_started_at: startedAt }
  await world.db.updateTable('runs').set(still).execute()
  await world.db.updateTable('occurrences').set(still).execute()
  world.behave('job', { is: 'ended', status: 'success' })

  world.restart()
  await world.seconds(50)
  const early = times(await world.ledger())
  await world.seconds(20)

  expect(early).toEqual(['01:00:00 running'])
  expect(await world.ledger()).toMatchObject([{ status: 'success', runs: 2 }])
  expect(world.begun.map(({ trigger }) => trigger)).toEqual(['schedule', 'resume'])
})

it('what a job left when it was taken from the file is closed, also when it ended later', async () => {
  const world = await createWorld({ jobs: [{}] })
  world.behave('job', { is: 'going on' })
  await world.tick()
  await world.seconds(60)
  world.reload([])
  await world.seconds(1)
  await world.kill()

  world.restart()
  await world.seconds(10)

  expect(await world.ledger()).toMatchObject([
    { status: 'interrupted', finishedAt: expect.any(String) as string },
  ])
  expect((await world.ledger())[0]?.note).toContain('not continued: the job is no longer scheduled')
  expect(await hasWork(world.db, world.clock.now())).toBe(false)
})

it('the pause of an operator is not replaced by a shorter one of our own', async () => {
  const world = await worldAtWork()
  for (let count = 0; count < 3; count++) {
    const now = world.clock.now()
    if (count === 2) await setPause(world.db, { job: 'job', reason: 'broken', setBy: 'anna', now })
    await world.kill()
    world.restart()
    await world.tick()
  }

  const pauses = await listPauses(world.db, world.clock.now())
  expect(pauses.get('job')).toMatchObject({ setBy: 'anna', reason: 'broken', until: null })
})

it.each(['run_once', 'skip'] as const)(
  'what was to begin while nothing ran, missed: %s',
  async (missed) => {
    const jobs = [{ schedule: '0 * * * *', jitterMs: 600_000, missed }]
    const world = await createWorld({ jobs, random: () => 0.5 })
    await world.tick()
    await world.sleep(3_600_000)
    await world.tick()
    const before = times(await world.ledger())
    await world.kill()
    await world.sleep(1_800_000)

    world.restart()
    await world.tick()

    expect(before).toEqual(['01:00:00 waiting'])
    const { count } = await countMissed(world.db, 'job', new Date(world.clock.now().getTime() - 1))
    expect(count).toBe(missed === 'skip' ? 1 : 0)
    const why = 'no daemon was running before this one'
    expect(await world.ledger()).toMatchObject([
      missed === 'skip'
        ? { status: 'skipped', reason: 'missed', note: why }
        : { status: 'success', note: `run late: ${why}` },
    ])
  },
)

it('a stop does not wait until all that was missed is counted', async () => {
  const jobs = Array.from({ length: 20 }, (_, index) => ({ id: `job-${index}` }))
  const world = await createWorld({ jobs: [...jobs, { id: 'runs', schedule: '0 0 1 1 *' }] })
  await world.tick()
  await world.kill()
  await world.sleep(300 * 86_400_000)
  world.restart()

  const ticked = world.scheduler.tick()
  await world.scheduler.stop(1000)
  await ticked

  const counted = new Set((await world.ledger()).map(({ job }) => job))
  expect(counted.size).toBeLessThan(jobs.length)
})

it('a stop writes down how runs ended, also while the scheduler waits after a fault', async () => {
  const world = await worldAtWork()
  await sql`alter table schedules rename to elsewhere`.execute(world.db)
  await world.seconds(5)
  const { trouble } = world.scheduler.state()
  await sql`alter table elsewhere rename to schedules`.execute(world.db)

  await world.scheduler.stop(1000)

  expect(trouble).toContain('no such table')
  expect(await world.ledger()).toMatchObject([{ status: 'interrupted', note: null }])
})
