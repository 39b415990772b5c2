/** The fields of SMSC.ru's answers that we use. https://smsc.ru/api/http/ */
import { z } from 'zod'
import { TextOrNumber } from '../../core/vendor-values.ts'

const Count = z.coerce.number()

export const TheirSent = z.object({
  id: TextOrNumber,
  /** Text messages it was billed as, all numbers together. */
  cnt: Count.optional(),
  cost: TextOrNumber.optional(),
  balance: TextOrNumber.optional(),
  /** One row for each number, because we ask for it with `op=1`. */
  phones: z
    .array(
      z.object({
        phone: TextOrNumber,
        status: TextOrNumber.nullish(),
        error: TextOrNumber.nullish(),
      }),
    )
    .optional(),
})
export type TheirSent = z.infer<typeof TheirSent>

export const TheirStatus = z.object({
  status: TextOrNumber,
  /** Unix seconds. */
  last_timestamp: Count.optional(),
  err: TextOrNumber.nullish(),
  id: TextOrNumber.optional(),
  phone: TextOrNumber.optional(),
})
export type TheirStatus = z.infer<typeof TheirStatus>

export const TheirBalance = z.object({ balance: TextOrNumber, currency: z.string().optional() })

export const TheirError = z.object({ error: z.string().nullish(), error_code: TextOrNumber })
