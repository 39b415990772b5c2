import type { Clock } from '../../core/clock.ts'

export type Rate = {
  perSecond: number
  /** How many may come at once after a pause. */
  burst: number
}

export type Buckets = {
  /** Takes one from the bucket of the key. Returns 0, or the milliseconds until there is one again. */
  take(key: string): number
}

/**
 * Token buckets by key, such as the address of a client. At most `most` are kept: the one that was used least recently
 * is forgotten, so that a flood of addresses costs no memory.
 */
export function createBuckets(
  { perSecond, burst }: Rate,
  clock: Pick<Clock, 'monotonicMs'>,
  most = 10_000,
): Buckets {
  const buckets = new Map<string, { left: number; atMs: number }>()
  return {
    take(key) {
      const nowMs = clock.monotonicMs()
      const held = buckets.get(key) ?? { left: burst, atMs: nowMs }
      const refilled = ((nowMs - held.atMs) * perSecond) / 1000
      const left = Math.min(burst, held.left + refilled)
      const isTaken = left >= 1
      buckets.delete(key)
      buckets.set(key, { left: isTaken ? left - 1 : left, atMs: nowMs })
      if (buckets.size > most) buckets.delete(buckets.keys().next().value ?? '')
      return isTaken ? 0 : Math.ceil(((1 - left) * 1000) / perSecond)
    },
  }
}
