import { expect, it } from 'vitest'
import { createTestClock } from '../testing/clock.ts'
import { createTimetable } from './timetable.ts'

const everyMs = 300_000
const none = { everyMs, latest: new Map() }
const idle = () => false
const services = (count: number) =>
  Array.from({ length: count }, (_, n) => ({
    name: `s${String(n).padStart(3, '0')}`,
    version: '1',
  }))

/** Who was due in each second. */
async function seconds(
  clock: ReturnType<typeof createTestClock>,
  table: ReturnType<typeof createTimetable>,
  count: number,
): Promise<string[][]> {
  const due: string[][] = []
  for (let second = 0; second < count; second++) {
    due.push(table.takeDue(idle).map(({ name }) => name))
    await clock.advance(1000)
  }
  return due
}

const most = (due: readonly string[][]): number => Math.max(...due.map(({ length }) => length))

it('200 services begin within 40 s, and then lie evenly over the interval, each once', async () => {
  const clock = createTestClock()
  const table = createTimetable(clock)
  table.plan(services(200), none)

  const beginning = await seconds(clock, table, 41)
  await seconds(clock, table, everyMs / 1000) // the first full turn is up to half an interval late
  const regular = await seconds(clock, table, everyMs / 1000)

  expect(new Set(beginning.flat()).size).toBe(200)
  expect(most(beginning)).toBeLessThanOrEqual(6)
  expect(regular.flat().toSorted()).toEqual(services(200).map(({ name }) => name))
  expect(most(regular)).toBeLessThanOrEqual(1)
})

it('what was checked lately by the process before waits for its turn', async () => {
  const clock = createTestClock()
  const table = createTimetable(clock)
  const at = new Date(clock.now().getTime() - 100_000).toISOString()
  table.plan(services(1), { everyMs, latest: new Map([['s000', { at, isOk: true }]]) })

  const due = await seconds(clock, table, everyMs / 1000 + 1)

  const first = due.findIndex(({ length }) => length > 0)
  expect(first).toBeGreaterThanOrEqual(50) // half an interval after the last one, at the earliest
  expect(due.flat()).toHaveLength(1)
})

it('a wall clock that is set back or forward neither stops the turns nor doubles them', async () => {
  const clock = createTestClock()
  let stepMs = 0
  const stepping = { ...clock, now: () => new Date(clock.now().getTime() + stepMs) }
  const table = createTimetable(stepping)
  table.plan(services(1), none)
  await seconds(clock, table, 10)

  const due: number[] = []
  for (const step of [-3_600_000, 3_600_000, 30 * 86_400_000]) {
    stepMs += step
    due.push((await seconds(clock, table, (2 * everyMs) / 1000)).flat().length)
  }

  for (const turns of due) expect([1, 2, 3]).toContain(turns)
})

it('one that is still busy has missed its turn', async () => {
  const clock = createTestClock()
  const table = createTimetable(clock)
  table.plan(services(2), none)
  await clock.advance(1000)

  const due = table.takeDue((name) => name === 's000').map(({ name }) => name)

  expect(due).toEqual(['s001'])
  expect(table.takeDue(idle)).toEqual([])
})
