/** Alibaba Cloud's words into ours. */
import type { MessageStatus, SmsResult, SmsStatus } from '../../core/kinds/sms.ts'
import { readBeijingTime } from '../../core/sms/beijing.ts'
import { smsResult } from '../../core/sms/result.ts'
import type { TheirDetail, TheirSendAnswer } from './schema.ts'

/** The vendor takes a request for all of its numbers or for none; what became of each comes by receipt or query. */
export function toResult({ BizId, RequestId }: TheirSendAnswer, to: readonly string[]): SmsResult {
  const messageId = BizId || undefined
  const rows = to.map((number) => ({ to: number, status: 'accepted' as const, messageId }))
  return smsResult(rows, { messageId, requestId: RequestId })
}

const statuses: Record<number, MessageStatus> = { 1: 'accepted', 2: 'failed', 3: 'delivered' }

/** Nothing is known of a message that is not found: it may be young. */
export function toStatus(detail: TheirDetail | undefined): SmsStatus {
  if (!detail) return { status: 'unknown' }
  return {
    status: statuses[detail.SendStatus] ?? 'unknown',
    at: readBeijingTime(detail.ReceiveDate ?? undefined)?.toISOString(),
    code: detail.ErrCode || undefined,
  }
}
