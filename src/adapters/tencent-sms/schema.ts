/** The fields we use of what Tencent answers. */
import { z } from 'zod'
import { TextOrNumber } from '../../core/vendor-values.ts'

/** Ids are texts of digits and colons; a number would have lost its end. */
const Id = z.string()

export const TheirSendStatus = z.object({
  SerialNo: Id.nullish(),
  PhoneNumber: z.string(),
  Fee: z.int().nullish(),
  /** `Ok`, or why this number was refused. */
  Code: z.string(),
  Message: z.string().nullish(),
})
export type TheirSendStatus = z.output<typeof TheirSendStatus>

export const TheirSendAnswer = z.object({
  SendStatusSet: z.array(TheirSendStatus),
  RequestId: z.string().optional(),
})
export type TheirSendAnswer = z.output<typeof TheirSendAnswer>

export const TheirReport = z.object({
  SerialNo: Id,
  PhoneNumber: z.string(),
  ReportStatus: z.string(),
  Description: z.string().nullish(),
  /** Unix seconds. */
  UserReceiveTime: z.number().nullish(),
  /** Empty unless the vendor has enabled it for the account. */
  SessionContext: z.string().nullish(),
})
export type TheirReport = z.output<typeof TheirReport>

export const TheirReports = z.object({ PullSmsSendStatusSet: z.array(TheirReport) })

/** An entry of the callback, whose names differ from those of the API. */
export const TheirReceipt = z.object({
  user_receive_time: z.string().nullish(),
  nationcode: TextOrNumber,
  mobile: TextOrNumber,
  report_status: z.string(),
  errmsg: z.string().nullish(),
  description: z.string().nullish(),
  sid: TextOrNumber,
})
export type TheirReceipt = z.output<typeof TheirReceipt>
