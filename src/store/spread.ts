/**
 * How many of many durations were how long, in a few numbers that can be added up: 16 steps for each doubling, so that
 * what is read from it is exact to 3 percent, and to the millisecond up to 32 ms.
 */
export type Spread = Record<string, number>

const steps = 16
const stepBits = 4
const longestMs = 2 ** 30

export function addTo(spread: Spread, ms: number, count = 1): void {
  const key = keyOf(ms)
  spread[key] = (spread[key] ?? 0) + count
}

export function addAll(into: Spread, other: Spread): void {
  for (const [key, count] of Object.entries(other)) into[key] = (into[key] ?? 0) + count
}

/** The duration that `share` (0 to 1) of them did not exceed; undefined when there are none. */
export function quantile(spread: Spread, share: number): number | undefined {
  const keys = keysOf(spread)
  const total = keys.reduce((sum, key) => sum + (spread[key] ?? 0), 0)
  let left = Math.max(1, Math.ceil(total * share))
  for (const key of keys) {
    left -= spread[key] ?? 0
    if (left <= 0) return middleOf(key)
  }
  return undefined
}

const keysOf = (spread: Spread): number[] =>
  Object.keys(spread)
    .map(Number)
    .toSorted((a, b) => a - b)

/** A step ends with its longest duration, so that powers of two are ends of steps. */
function keyOf(ms: number): number {
  const value = Math.min(longestMs, Math.max(0, Math.round(ms) - 1))
  if (value < steps) return value
  const shift = 31 - Math.clz32(value) - stepBits
  return steps * (shift + 1) + ((value >> shift) & (steps - 1))
}

function leastOf(key: number): number {
  if (key < steps) return key + 1
  const shift = Math.floor(key / steps) - 1
  return (steps + (key % steps)) * 2 ** shift + 1
}

const mostOf = (key: number): number => leastOf(key + 1) - 1

const middleOf = (key: number): number => Math.round((leastOf(key) + mostOf(key)) / 2)
