/** Tencent's words into ours. */
import { failureOf } from '../../core/failure-table.ts'
import type { SmsResult, SmsStatus } from '../../core/kinds/sms.ts'
import { smsResult, type SmsRow } from '../../core/sms/result.ts'
import { atUnixSeconds } from '../../core/vendor-values.ts'
import { meanings } from './failures.ts'
import type { TheirReport, TheirSendAnswer, TheirSendStatus } from './schema.ts'

/** A row for each number that was asked for: one the answer does not name may or may not have been sent. */
export function toResult(
  { SendStatusSet, RequestId }: TheirSendAnswer,
  to: readonly string[],
  now: Date,
): SmsResult {
  const theirs = new Map(SendStatusSet.map((row) => [row.PhoneNumber, row]))
  const rows = to.map((number) => toRow(number, theirs.get(number), now))
  return smsResult(rows, { requestId: RequestId })
}

function toRow(to: string, theirs: TheirSendStatus | undefined, now: Date): SmsRow {
  if (!theirs) return { to, status: 'unknown' }
  const { Code, Message, SerialNo, Fee } = theirs
  if (Code.toLowerCase() === 'ok') {
    return { to, status: 'accepted', messageId: SerialNo || undefined, parts: Fee ?? undefined }
  }
  const message = Message && Message !== Code ? Message : undefined
  const failure = failureOf(meanings, { code: Code, message, now })
  return { to, status: failure.outcome === 'unknown' ? 'unknown' : 'failed', failure }
}

/** Nothing is known of a message that nobody has reported: it may be young. */
export function toStatus(report: TheirReport | undefined): SmsStatus {
  if (!report) return { status: 'unknown' }
  const { UserReceiveTime, Description } = report
  return {
    status: statusOf(report.ReportStatus),
    at: UserReceiveTime ? atUnixSeconds(UserReceiveTime)?.toISOString() : undefined,
    code: Description ?? undefined,
  }
}

export function statusOf(reported: string): 'delivered' | 'failed' | 'unknown' {
  if (reported === 'SUCCESS') return 'delivered'
  return reported === 'FAIL' ? 'failed' : 'unknown'
}
