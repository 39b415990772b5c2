import { expect, it } from 'vitest'
import { addAll, addTo, quantile, type Spread } from './spread.ts'

it.each([0.5, 0.95, 1])('the %d of many durations is exact to 3 percent', (share) => {
  const durations = Array.from({ length: 5000 }, (_, n) => Math.round(((n * 7919) % 5000) ** 1.6))
  const [one, other]: [Spread, Spread] = [{}, {}]
  for (const [n, ms] of durations.entries()) addTo(n % 2 ? one : other, ms)
  addAll(one, other)

  const exact = durations.toSorted((a, b) => a - b)[Math.ceil(5000 * share) - 1] ?? 0

  expect(Math.abs((quantile(one, share) ?? 0) - exact)).toBeLessThanOrEqual(
    Math.max(1, exact * 0.032),
  )
})

it.each([1, 2, 17, 31, 32])('a single duration of %d ms is exact', (ms) => {
  const spread: Spread = {}
  addTo(spread, ms)

  expect(quantile(spread, 0.95)).toBe(ms)
})

it('none have no quantile', () => {
  expect(quantile({}, 0.95)).toBeUndefined()
})

it('the longest durations do not overflow', () => {
  const spread: Spread = {}
  addTo(spread, 2 ** 40)

  expect(quantile(spread, 1)).toBeGreaterThanOrEqual(2 ** 30)
})
