/** Parts of queries and bodies that several routes take. */
import { z } from 'zod'
import { durationRule, parseDuration } from '../../../config/durations.ts'

/** How many rows; a query is text. */
export const limit = (standard: number) =>
  z.coerce
    .number()
    .int('must be a whole number')
    .min(1)
    .max(500)
    .default(standard)
    .describe('How many at most')

/** As it was written, such as `2h`: the use case reads it. */
export const durationText = z
  .string()
  .refine((text) => (parseDuration(text) ?? 0) > 0, durationRule)

export const reasonText = z.string().max(500)
