/** Fault tests 6 and 7: the clock is set, and the clocks are changed. */
import { expect, it } from 'vitest'
import { nextOccurrence } from '../../core/schedule/next.ts'
import type { Occurrence } from '../../store/occurrences.ts'
import { createWorld, type World } from '../../testing/scheduler-world.ts'

const hour = 3_600_000
const day = 24 * hour

const times = (rows: readonly Occurrence[]) =>
  rows.map(({ dueAt, status, reason }) => `${dueAt.slice(11, 19)} ${reason ?? status}`)

/** Every slot after `from` and up to `until`, by the calendar alone. */
function slots(cron: string, zone: string, from: string, until: string): string[] {
  const found: string[] = []
  for (let at = new Date(from); ;) {
    const next = nextOccurrence(cron, zone, at)?.at
    if (!next || next.toISOString() > until) return found
    found.push(next.toISOString())
    at = next
  }
}

/** How many rows account for an instant. */
const accountsOf = (rows: readonly Occurrence[], at: string): number =>
  rows.filter(({ dueAt, lastDueAt }) => dueAt <= at && at <= (lastDueAt ?? dueAt)).length

async function everyMinute(): Promise<World> {
  const world = await createWorld({ jobs: [{}], start: '2026-03-01T12:00:00.500Z' })
  await world.tick()
  await world.seconds(90)
  return world
}

it.each([
  ['an hour', hour],
  ['30 days', 30 * day],
  ['365 days', 365 * day],
])(
  'the clock is set forward by %s: each slot has its row, and the latest is run',
  async (_, ms) => {
    const world = await everyMinute()
    world.clock.step(ms)
    await world.seconds(1)

    const rows = await world.ledger()
    const now = world.clock.now().toISOString()
    const all = slots('* * * * *', 'UTC', '2026-03-01T12:00:00.500Z', now)
    const last = rows.at(-1)
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(all.length)
    expect(last).toMatchObject({ dueAt: all.at(-1), status: 'success' })
    expect(rows.at(-2)?.note).toMatch(/^the clock went forward by .* set or asleep/)
    expect(world.begun).toHaveLength(2)
  },
)

it('the clock is set back by an hour: what ran is not run again, and the next runs at once', async () => {
  const world = await everyMinute()
  world.clock.step(-hour)

  await world.seconds(60)
  const soon = times(await world.ledger())
  await world.seconds(3600)

  expect(soon).toEqual(['11:02:00 success', '12:01:00 success'])
  const rows = await world.ledger()
  expect(rows).toHaveLength(61)
  expect(rows.every(({ runs, status }) => runs === 1 && status === 'success')).toBe(true)
})

it('a clock that was a year ahead by mistake loses nothing', async () => {
  const world = await everyMinute()
  world.clock.step(365 * day)
  await world.seconds(3)
  world.clock.step(-365 * day)
  await world.seconds(120)

  const rows = await world.ledger()
  expect(times(rows)).toEqual([
    '12:01:00 success',
    '12:02:00 success',
    '12:03:00 success',
    '12:01:00 success', // of the year to come
  ])
  expect(world.log.lines.some((line) => line.includes('were taken back'))).toBe(true)
})

it('a row for many is cut where the clock comes back to', async () => {
  const world = await everyMinute()
  world.clock.step(2 * day)
  await world.seconds(1)
  world.clock.step(-day)
  await world.seconds(60)

  const rows = await world.ledger()
  const now = world.clock.now().toISOString()
  const range = rows.find(({ lastDueAt }) => lastDueAt !== null)
  expect(range).toMatchObject({ lastDueAt: '2026-03-02T12:01:00.000Z' })
  expect(range?.note).toContain('until the clock was set back')
  const past = rows.filter(({ dueAt }) => dueAt <= now)
  const all = slots('* * * * *', 'UTC', '2026-03-01T12:00:00.500Z', now)
  expect(past.reduce((sum, { count }) => sum + count, 0)).toBe(all.length)
  expect(all.filter((at) => accountsOf(rows, at) !== 1)).toEqual([])
})

it('between what ran in an hour that came twice each gap has its own rows', async () => {
  const world = await everyMinute()
  world.clock.step(-5 * hour)
  await world.seconds(90)
  world.clock.step(2 * hour)
  await world.seconds(90)
  world.clock.step(3 * hour)
  await world.seconds(90)

  const rows = await world.ledger()
  const now = world.clock.now().toISOString()
  const all = slots('* * * * *', 'UTC', '2026-03-01T07:01:30.500Z', now)
  expect(rows.filter(({ lastDueAt }) => lastDueAt !== null).length).toBeGreaterThan(1)
  expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(all.length)
  expect(all.filter((at) => accountsOf(rows, at) !== 1)).toEqual([])
})

it('one that waits for a later instant keeps nothing off until then', async () => {
  const world = await everyMinute()
  world.behave('job', { is: 'stuck' })
  world.clock.step(365 * day)
  await world.seconds(1)
  world.clock.step(-365 * day)
  await world.kill()
  world.behave('job', { is: 'ended', status: 'success' })

  world.restart()
  await world.seconds(120)

  const rows = await world.ledger()
  expect(times(rows)).toEqual([
    '12:01:00 success',
    '12:02:00 success',
    '12:03:00 success',
    '12:01:00 waiting', // of the year to come
  ])
})

it('a clock that was set back while nothing ran is noticed at the start', async () => {
  const world = await everyMinute()
  world.clock.step(30 * day)
  await world.seconds(1)
  await world.kill()
  world.clock.step(-30 * day)

  world.restart()
  await world.seconds(60)

  expect(times(await world.ledger()).slice(0, 2)).toEqual(['12:01:00 success', '12:02:00 success'])
})

it('jitter and a queued run live through a step', async () => {
  const world = await createWorld({
    jobs: [
      { id: 'jitter', schedule: '0 * * * *', jitterMs: hour },
      { id: 'queue', overlap: 'queue' },
    ],
    start: '2026-03-01T11:59:59.500Z',
    random: () => 0.5,
  })
  world.behave('queue', { is: 'going on' })
  await world.tick()
  await world.seconds(61)
  world.clock.step(hour)
  await world.seconds(1)
  await world.end('queue')
  await world.seconds(1)

  const jitter = await world.ledger('jitter')
  expect(times(jitter)).toEqual(['12:00:00 success', '13:00:00 overlap'])
  expect(jitter[1]?.note).toBe('the occurrence of 2026-03-01 12:00:00 UTC had not begun yet')
  expect(times(await world.ledger('queue')).slice(0, 2)).toEqual([
    '12:00:00 success',
    '12:01:00 running',
  ])
})

it('a process that stood still says so', async () => {
  const world = await everyMinute()
  await world.sleep(10 * 60_000)
  await world.tick()

  const rows = await world.ledger()
  expect(rows).toHaveLength(11)
  expect(rows.at(-2)?.note).toBe(
    'the process stood still (2026-03-01 12:01:30 UTC to 2026-03-01 12:11:30 UTC)',
  )
  expect(rows.at(-1)?.note).toBe(`run late: ${rows.at(-2)?.note}`)
})

it.each`
  zone                     | cron               | from                  | hours | told
  ${'Europe/Berlin'}       | ${'30 2 * * *'}    | ${'2026-03-28T12:00'} | ${48} | ${'02:30 does not exist on 2026-03-29 in Europe/Berlin'}
  ${'Europe/Berlin'}       | ${'30 2,14 * * *'} | ${'2026-03-28T12:00'} | ${48} | ${'02:30 does not exist on 2026-03-29 in Europe/Berlin'}
  ${'Europe/Berlin'}       | ${'*/30 * * * *'}  | ${'2026-03-28T22:00'} | ${8}  | ${'2026-03-29'}
  ${'Europe/Berlin'}       | ${'30 2 * * *'}    | ${'2026-10-24T12:00'} | ${48} | ${'02:30 comes twice on 2026-10-25 in Europe/Berlin'}
  ${'Europe/Berlin'}       | ${'*/30 * * * *'}  | ${'2026-10-24T22:00'} | ${8}  | ${'comes twice'}
  ${'Australia/Lord_Howe'} | ${'15 2 * * *'}    | ${'2026-10-03T00:00'} | ${48} | ${'02:15 does not exist on 2026-10-04'}
  ${'Australia/Lord_Howe'} | ${'45 1 * * *'}    | ${'2026-04-04T00:00'} | ${48} | ${'01:45 comes twice on 2026-04-05'}
  ${'America/Santiago'}    | ${'0 0 * * *'}     | ${'2026-09-05T12:00'} | ${48} | ${'00:00 does not exist on 2026-09-06'}
  ${'America/Santiago'}    | ${'30 23 * * *'}   | ${'2026-04-03T12:00'} | ${72} | ${'23:30 comes twice on 2026-04-04'}
  ${'UTC'}                 | ${'0 0 29 2 *'}    | ${'2028-02-28T00:00'} | ${48} | ${''}
`(
  '$cron in $zone from $from: each slot is in the ledger',
  async ({ zone, cron, from, hours, told }) => {
    const start = `${from}:00.500Z`
    const world = await createWorld({ jobs: [{ schedule: cron, timezone: zone }], start })
    await world.tick()
    for (let passed = 0; passed < hours * 60; passed += 5) {
      await world.sleep(300_000 - 1000)
      await world.seconds(1)
    }

    const rows = await world.ledger()
    const all = slots(cron, zone, start, world.clock.now().toISOString())
    expect(rows.map(({ dueAt }) => dueAt)).toEqual(all)
    expect(rows.every(({ status, runs }) => status === 'success' && runs === 1)).toBe(true)
    const notes = rows.flatMap(({ note }) => note ?? [])
    expect(notes.some((note) => note.includes(told))).toBe(told !== '')
    expect(rows.length).toBeGreaterThan(0)
  },
)
