/** The fields we use of what Alibaba Cloud answers. */
import { z } from 'zod'
import { TextOrNumber } from '../../core/vendor-values.ts'

export const TheirAnswer = z.object({
  Code: z.string(),
  Message: z.string().nullish(),
  RequestId: z.string().optional(),
})

/** One `BizId` for all numbers of a request. */
export const TheirSendAnswer = TheirAnswer.extend({ BizId: z.string().nullish() })
export type TheirSendAnswer = z.output<typeof TheirSendAnswer>

export const TheirDetail = z.object({
  PhoneNum: z.string(),
  /** 1 waiting, 2 failed, 3 delivered. */
  SendStatus: z.coerce.number(),
  ErrCode: z.string().nullish(),
  /** Beijing time, as is the next. */
  SendDate: z.string().nullish(),
  ReceiveDate: z.string().nullish(),
  OutId: z.string().nullish(),
})
export type TheirDetail = z.output<typeof TheirDetail>

export const TheirDetails = TheirAnswer.extend({
  SmsSendDetailDTOs: z.object({ SmsSendDetailDTO: z.array(TheirDetail).nullish() }).nullish(),
})

export const TheirSigns = TheirAnswer.extend({ TotalCount: z.coerce.number().optional() })

export const TheirReceipt = z.object({
  phone_number: TextOrNumber,
  report_time: z.string().nullish(),
  success: z.boolean().or(z.stringbool()),
  err_code: z.string().nullish(),
  err_msg: z.string().nullish(),
  sms_size: TextOrNumber.nullish(),
  biz_id: TextOrNumber,
  out_id: TextOrNumber.nullish(),
})
export type TheirReceipt = z.output<typeof TheirReceipt>
