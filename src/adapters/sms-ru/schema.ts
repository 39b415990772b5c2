/** The fields of SMS.ru's answers that we use. https://sms.ru/api */
import { z } from 'zod'
import { TextOrNumber } from '../../core/vendor-values.ts'

/** The outcome of a request, and of each number or message in it. */
const TheirOutcome = z.object({
  status: z.string(),
  status_code: TextOrNumber,
  status_text: z.string().nullish(),
})

export const TheirSent = z.object({
  /** By number, without a plus. */
  sms: z.record(z.string(), TheirOutcome.extend({ sms_id: TextOrNumber.nullish() })),
  balance: TextOrNumber.optional(),
})
export type TheirSent = z.infer<typeof TheirSent>

export const TheirStatuses = z.object({
  /** By message id. */
  sms: z.record(z.string(), TheirOutcome),
})
export type TheirStatuses = z.infer<typeof TheirStatuses>
export type TheirOutcome = z.infer<typeof TheirOutcome>

export const TheirBalance = z.object({ balance: TextOrNumber })

export const TheirAnswer = TheirOutcome
