/** What became of the numbers of one message, joined to what became of the message. */
import { type FailureKind, IntegrationError } from '../errors.ts'
import type { MessageStatus, SmsRecipient, SmsResult } from '../kinds/sms.ts'

/** One number. `failure` says why where it was not taken, or why nobody knows. */
export type SmsRow = {
  to: string
  status: MessageStatus
  messageId?: string
  parts?: number
  failure?: IntegrationError
}

/** What the vendor says of the request as a whole. */
export type SmsWhole = { messageId?: string; requestId?: string; parts?: number }

/**
 * Equal outcomes give that outcome; of mixed ones anybody who was reached counts first, then anybody who may have been.
 * When the vendor took it for nobody, throws one `IntegrationError` with a row for each number in `details`.
 */
export function smsResult(rows: readonly SmsRow[], whole: SmsWhole = {}): SmsResult {
  const statuses = new Set(rows.map(({ status }) => status))
  if (!statuses.has('accepted') && !statuses.has('delivered')) throw joined(rows, whole)
  const [only] = statuses
  const ids = new Set(rows.map(({ messageId }) => messageId))
  return {
    status: statuses.size === 1 && only ? only : 'accepted',
    partial: statuses.size > 1,
    messageId: whole.messageId ?? (ids.size === 1 ? rows[0]?.messageId : undefined),
    requestId: whole.requestId,
    parts: whole.parts ?? partsOf(rows),
    recipients: rows.map(recipientOf),
  }
}

function recipientOf({ failure, ...row }: SmsRow): SmsRecipient {
  if (!failure) return row
  const { kind, code, message, hint, scope, retryAfterMs } = failure
  return { ...row, error: { kind, code, message, hint, scope, retryAfterMs } }
}

/** Undefined unless the vendor counted for everybody it took the message for. */
function partsOf(rows: readonly SmsRow[]): number | undefined {
  const taken = rows.filter(({ status }) => status === 'accepted' || status === 'delivered')
  if (taken.some(({ parts }) => parts === undefined)) return undefined
  return taken.reduce((sum, { parts = 0 }) => sum + parts, 0)
}

/** From what forbids the most: a request that was refused is not repeated, a busy service is asked again. */
const strictest: readonly FailureKind[] = [
  'rejected',
  'config',
  'auth',
  'bad_response',
  'unavailable',
  'timeout',
  'rate_limited',
  'cancelled',
]

function joined(rows: readonly SmsRow[], { requestId }: SmsWhole): IntegrationError {
  const failures = rows.map((row) => row.failure ?? withoutReason(row))
  const inDoubt = failures.filter(({ outcome }) => outcome === 'unknown')
  const [worst = withoutReason()] = (inDoubt.length > 0 ? inDoubt : failures).toSorted(
    (a, b) => strictest.indexOf(a.kind) - strictest.indexOf(b.kind),
  )
  const limits = failures.filter(({ kind }) => kind === 'rate_limited')
  const waits = limits.flatMap(({ retryAfterMs }) => retryAfterMs ?? [])
  return new IntegrationError({
    kind: worst.kind,
    outcome: inDoubt.length > 0 ? 'unknown' : 'not_done',
    scope: scopeOf(limits),
    failover: failures.every(allowsAnother),
    retryAfterMs: waits.length > 0 ? Math.max(...waits) : undefined,
    code: worst.code,
    status: worst.status,
    hint: worst.hint,
    message: rows.length > 1 ? `none of ${rows.length} numbers: ${worst.message}` : worst.message,
    details: rows.map((row, at) => detailOf(row, failures[at] ?? worst, requestId)),
    cause: worst.cause,
  })
}

/** A limit of the account is one of the service, whoever else is limited beside. */
function scopeOf(limits: readonly IntegrationError[]): IntegrationError['scope'] {
  if (limits.length === 0) return undefined
  return limits.every(({ scope }) => scope === 'recipient') ? 'recipient' : 'account'
}

/** As the call path decides where the vendor's spec says nothing. */
const allowsAnother = ({ outcome, failover, kind, scope }: IntegrationError): boolean =>
  outcome === 'not_done' && (failover ?? (kind !== 'rejected' && scope !== 'recipient'))

function detailOf(
  { to, status, messageId }: SmsRow,
  { kind, code, message, scope, retryAfterMs }: IntegrationError,
  requestId: string | undefined,
): Record<string, unknown> {
  return { to, status, messageId, kind, code, message, scope, retryAfterMs, requestId }
}

const withoutReason = (row?: SmsRow): IntegrationError =>
  row?.status === 'failed'
    ? new IntegrationError({ kind: 'rejected', message: 'the vendor refused it without a reason' })
    : new IntegrationError({
        kind: 'bad_response',
        message: 'the vendor does not say what became of it',
      })
