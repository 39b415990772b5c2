/** Vendors that allow less than one request a second: a chat robot takes 20 messages a minute. */
import { expect, it } from 'vitest'
import type { Clock } from '../core/clock.ts'
import { connect } from '../testing/vendor.ts'
import { memoryState } from '../testing/state.ts'
import { trialAdapter } from '../testing/trial-adapter.ts'
import { createGate, type Gate } from './gate.ts'

const start = Date.UTC(2026, 2, 1)

/** A clock that nobody waits for: a sleep moves its hands, and wakes as late as it is told. */
function quickClock(lateMs = 0): Clock & { passed(): number } {
  let elapsedMs = 0
  return {
    now: () => new Date(start + elapsedMs),
    monotonicMs: () => elapsedMs,
    async sleep(ms) {
      elapsedMs += Math.max(0, ms) + lateMs
    },
    passed: () => elapsedMs,
  }
}

async function gates(clock: Clock, perSecond: number, count = 1): Promise<Gate[]> {
  const db = await memoryState()
  const { service } = await connect(
    trialAdapter,
    { base_url: 'http://127.0.0.1:9', key: 'key' },
    { perSecond, clock },
  )
  return Array.from({ length: count }, () => createGate(db, service, clock))
}

const never = new AbortController().signal

const mostInAMinute = (timesMs: readonly number[]): number =>
  Math.max(
    ...timesMs.map((from) => timesMs.filter((at) => at >= from && at < from + 60_000).length),
  )

it.each([
  ['in step', 0],
  ['that is always a little late', 14],
])('18 a minute are never 19, with a clock %s', async (_, lateMs) => {
  const clock = quickClock(lateMs)
  const [left, right] = await gates(clock, 18 / 60, 2)
  const leftAtMs: number[] = []

  for (let n = 0; n < 120; n++) {
    await (n % 3 === 0 ? left : right)?.take(never)
    leftAtMs.push(clock.passed())
  }

  expect(leftAtMs[0]).toBe(0)
  expect(mostInAMinute(leftAtMs)).toBeLessThanOrEqual(18)
  expect(clock.passed()).toBeLessThan((119 / 18 / 0.9) * 60_000) // 90 % of what is allowed
})

it('the first message after a pause leaves at once, and the pause is not made up for', async () => {
  const clock = quickClock()
  const [gate] = await gates(clock, 18 / 60)
  await gate?.take(never)
  await clock.sleep(3_600_000)
  const before = clock.passed()

  await gate?.take(never)
  expect(clock.passed()).toBe(before)
  await gate?.take(never)

  expect(clock.passed() - before).toBeGreaterThan(3333)
})

it('what would have to wait more than a minute is refused, and takes nothing from the others', async () => {
  const clock = quickClock()
  const [gate] = await gates(clock, 1 / 120)
  await gate?.take(never)

  await expect(gate?.take(never)).rejects.toMatchObject({ kind: 'rate_limited' })
  await clock.sleep(125_000)

  await expect(gate?.take(never)).resolves.toBeUndefined()
})
