/** Values as vendors write them. */
import { z } from 'zod'

/** Codes, ids and sums come as texts or as numbers; as text they are compared and kept. */
export const TextOrNumber = z.union([z.string(), z.number()]).transform(String)

/** Undefined for what no calendar has: a vendor's slip must not be our crash. */
export function atUnixSeconds(seconds: number): Date | undefined {
  const at = new Date(seconds * 1000)
  return Number.isNaN(at.getTime()) ? undefined : at
}
