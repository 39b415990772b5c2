import { randomFillSync } from 'node:crypto'
import { monotonicFactory } from 'ulid'

/** Random bytes are drawn many at a time: one by one they would take longer than the rest of the id. */
const pool = new Uint32Array(1024)
let used = pool.length

function random(): number {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  return (pool[used++] ?? 0) / 2 ** 32
}

/** A new id that sorts by time, also within a millisecond: 26 capital letters and digits (ULID). */
export const newId: () => string = monotonicFactory(random)
