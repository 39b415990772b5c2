/** Random kills, steps of the clock, pauses and reloads against the calendar: each slot that passed has one account. */
import { expect, it } from 'vitest'
import { drawsOf } from '../../core/draws.ts'
import { countBetween } from '../../core/schedule/count.ts'
import type { Occurrence } from '../../store/occurrences.ts'
import { liftPause, setPause } from '../../store/pauses.ts'
import { createWorld, type World } from '../../testing/scheduler-world.ts'
import type { ScheduledJob } from '../scheduled-job.ts'

const firstSeed = Number(process.env.CARAVAN_SEED ?? Math.floor(Math.random() * 1_000_000))
const isLong = process.env.CARAVAN_FAULTS === 'long'
const seeds = Array.from({ length: isLong ? 200 : 8 }, (_, index) => firstSeed + index)
const minute = 60_000
const hour = 60 * minute

const watched: Partial<ScheduledJob>[] = [
  { id: 'often', schedule: '* * * * *', timezone: 'UTC', overlap: 'skip' },
  { id: 'queued', schedule: '*/2 * * * *', timezone: 'Asia/Kathmandu', overlap: 'queue' },
  { id: 'berlin', schedule: '*/20 1-3 * * *', timezone: 'Europe/Berlin', jitterMs: 90_000 },
  { id: 'hourly', schedule: '7 * * * *', timezone: 'Australia/Lord_Howe', missed: 'skip' },
]

it.each(seeds)('each slot has one account (CARAVAN_SEED=%i)', async (seed) => {
  const random = drawsOf(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  // The night in which the clocks of Berlin go forward.
  const start = '2026-03-28T23:30:00.500Z'
  const world = await createWorld({ start, jobs: watched, random, maxRunning: 3 })
  let lowest = world.clock.now()
  let done: string[] = []
  const look = async (): Promise<void> => {
    if (world.clock.now() < lowest) lowest = world.clock.now()
    await world.tick()
  }
  const acts: (() => Promise<unknown>)[] = [
    ...Array.from({ length: 8 }, () => async () => {
      for (let left = 1 + below(12); left > 0; left--) {
        await world.sleep(1000 * (1 + below(40)))
        await look()
      }
    }),
    async () => {
      const span = [10 * 1000, minute, hour, 30 * hour][below(4)] ?? minute
      world.clock.step((below(2) === 0 ? -1 : 1) * (10_000 + below(span)))
      await look()
    },
    async () => {
      await world.kill()
      await world.sleep(below(3) * below(40) * minute)
      if (below(3) === 0) world.clock.step(below(2 * hour) - hour)
      world.restart()
      await look()
    },
    async () => {
      await world.sleep(below(3 * hour))
      await look()
    },
    async () => {
      const job = watched[below(4)]?.id ?? ''
      world.behave(
        job,
        [
          { is: 'going on' } as const,
          { is: 'stuck' } as const,
          { is: 'ended', status: 'success' } as const,
          { is: 'ended', status: 'failed', error: 'it failed' } as const,
        ][below(4)] ?? { is: 'going on' },
      )
    },
    async () => world.end(watched[below(4)]?.id ?? ''),
    async () => {
      const now = world.clock.now()
      const until = new Date(now.getTime() + below(hour))
      const job = watched[below(4)]?.id ?? ''
      await setPause(world.db, { job, reason: 'r', setBy: 'anna', until, now })
    },
    async () => liftPause(world.db, watched[below(4)]?.id ?? '', world.clock.now()),
    async () => world.reload([...watched, { id: 'other', schedule: `${below(60)} * * * *` }]),
    async () => world.reload(watched),
  ]
  await look()
  for (let step = 0; step < 60; step++) {
    await acts[below(acts.length)]?.()
    done = [...done, world.clock.now().toISOString()]
  }
  await comeToRest(world, look)

  for (const { id = '', schedule = '', timezone = '' } of watched) {
    const rows = await world.ledger(id)
    const now = world.clock.now()
    await expectOneAccountEach(rows, { schedule, timezone, lowest, now })
  }
  const begun = world.begun.filter(({ trigger }) => trigger === 'schedule')
  const keys = begun.map(({ job, dueAt }) => `${job} ${dueAt}`)
  expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([])
  expect(done).toHaveLength(60)
})

/** Everything that is open gets its chance: nothing is paused, hangs or is limited any more. */
async function comeToRest(world: World, look: () => Promise<void>): Promise<void> {
  await world.kill() // whatever hangs
  for (const { id = '' } of watched) {
    world.behave(id, { is: 'ended', status: 'success' })
    await liftPause(world.db, id, world.clock.now())
  }
  world.restart(watched)
  await look()
  // A job that lost three processes in a row was paused at this start.
  for (const { id = '' } of watched) await liftPause(world.db, id, world.clock.now())
  for (let count = 0; count < 200; count++) {
    await world.sleep(1000)
    await look()
  }
}

async function expectOneAccountEach(
  rows: readonly Occurrence[],
  {
    schedule,
    timezone,
    lowest,
    now,
  }: Record<'schedule' | 'timezone', string> & Record<'lowest' | 'now', Date>,
): Promise<void> {
  const count = async (after: Date, until: Date) =>
    (await countBetween(schedule, timezone, after, until)).count
  const before = (at: string) => new Date(Date.parse(at) - 1)
  const past = rows.filter(({ dueAt }) => dueAt <= now.toISOString())
  const sorted = past.toSorted((a, b) => (a.dueAt < b.dueAt ? -1 : 1))

  const overlapping = sorted.filter(
    ({ dueAt }, index) => index > 0 && dueAt <= (sorted[index - 1]?.lastDueAt ?? ''),
  )
  expect(overlapping).toEqual([])
  for (const { dueAt, lastDueAt, count: told } of sorted) {
    expect(told).toBe(await count(before(dueAt), new Date(lastDueAt ?? dueAt)))
  }
  const total = sorted.reduce((sum, one) => sum + one.count, 0)
  expect(total).toBe(await count(lowest, now))
  expect(sorted.filter(({ status, note }) => status === 'skipped' && !note)).toEqual([])
  // Of instants to come nothing is written off: there is what ran when the clock was ahead, or waits for its time.
  const future = rows.filter(({ dueAt }) => dueAt > now.toISOString())
  expect(future.filter(({ status }) => status === 'skipped')).toEqual([])
  const open = rows.filter(
    ({ finishedAt, dueAt }) =>
      !finishedAt && dueAt < new Date(now.getTime() - 150_000).toISOString(),
  )
  expect(open).toEqual([])
}
