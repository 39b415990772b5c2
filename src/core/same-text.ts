import { timingSafeEqual } from 'node:crypto'

/** Compares signatures in constant time; of any length, and of anything that was sent in place of one. */
export function isSameText(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)]
  return a.byteLength === b.byteLength && timingSafeEqual(a, b)
}
