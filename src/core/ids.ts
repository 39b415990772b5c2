import { randomFillSync } from 'node:crypto'
import { encodeTime } from 'ulid'
import { systemClock } from './clock.ts'

const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const counted = 6
const drawn = 10

/** Random bytes are drawn many at a time: one by one they would take longer than the rest of the id. */
const pool = new Uint8Array(4096)
let used = pool.length

let lastMs = 0
let count = 0

/**
 * A new id that sorts by time, also within a millisecond: 26 capital letters and digits (ULID). Those of one process
 * differ within their first 16, which is what lists show of them on a narrow terminal: ten for the time, six that begin
 * anywhere in the lower half and count up within the millisecond; the other ten are random.
 */
export function newId(): string {
  if (used + drawn + 4 > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const nowMs = systemClock.now().getTime()
  if (nowMs > lastMs) {
    lastMs = nowMs
    count = 0
    for (let index = 0; index < 4; index++) count = count * 256 + (pool[used++] ?? 0)
    count = count % 2 ** 29
  } else {
    count++
  }
  let text = encodeTime(lastMs, 10)
  for (let place = counted - 1; place >= 0; place--) text += letters[(count >>> (5 * place)) & 31]
  for (let index = 0; index < drawn; index++) text += letters[(pool[used++] ?? 0) & 31]
  return text
}
