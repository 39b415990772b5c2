/** The fields of Twilio's answers that we use. */
import { z } from 'zod'
import { TextOrNumber } from '../../core/vendor-values.ts'

/** https://www.twilio.com/docs/messaging/api/message-resource */
export const TheirMessage = z.object({
  sid: z.string().min(1),
  status: z.string(),
  to: z.string().nullish(),
  num_segments: TextOrNumber.nullish(),
  error_code: TextOrNumber.nullish(),
  error_message: z.string().nullish(),
  /** RFC 2822. */
  date_updated: z.string().nullish(),
})
export type TheirMessage = z.infer<typeof TheirMessage>

/** https://www.twilio.com/docs/iam/api/account */
export const TheirAccount = z.object({ status: z.string() })
export type TheirAccount = z.infer<typeof TheirAccount>

/** https://www.twilio.com/docs/usage/twilios-response#response-formats-exceptions */
export const TheirError = z.object({ code: TextOrNumber, message: z.string().nullish() })
