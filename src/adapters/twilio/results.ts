/** Twilio's words about a message as ours. */
import { IntegrationError } from '../../core/errors.ts'
import type { MessageStatus, SmsStatus } from '../../core/kinds/sms.ts'
import type { SmsRow } from '../../core/sms/result.ts'
import { failureOfCode } from './failures.ts'
import type { TheirMessage } from './schema.ts'

/** https://www.twilio.com/docs/messaging/api/message-resource#message-status-values */
const statuses: Record<string, MessageStatus> = {
  accepted: 'accepted',
  scheduled: 'accepted',
  queued: 'accepted',
  sending: 'accepted',
  sent: 'accepted',
  delivered: 'delivered',
  read: 'delivered',
  undelivered: 'failed',
  failed: 'failed',
  canceled: 'failed',
}

/** Everything else is unknown: `partially_delivered`, words of incoming messages, and words to come. */
export const statusOf = (theirs: string): MessageStatus =>
  Object.hasOwn(statuses, theirs) ? statuses[theirs]! : 'unknown'

/** One number and what became of it. */
export function toRow(message: TheirMessage, to = message.to ?? ''): SmsRow {
  const status = statusOf(message.status)
  const row = { to, status, messageId: message.sid, parts: partsOf(message) }
  return status === 'failed' ? { ...row, failure: failureIn(message) } : row
}

export function toStatus(message: TheirMessage): SmsStatus {
  const status = statusOf(message.status)
  const isFinal = status === 'delivered' || status === 'failed'
  return {
    status,
    at: isFinal ? instantOf(message.date_updated) : undefined,
    code: message.error_code ?? message.status,
    description: message.error_message ?? undefined,
    parts: partsOf(message),
  }
}

function failureIn({ status, error_code, error_message }: TheirMessage): IntegrationError {
  if (error_code !== null && error_code !== undefined) {
    return failureOfCode(error_code, error_message)
  }
  return new IntegrationError({ kind: 'rejected', code: status, message: `it is ${status}` })
}

function partsOf({ num_segments }: TheirMessage): number | undefined {
  const parts = Number(num_segments)
  return Number.isInteger(parts) && parts > 0 ? parts : undefined
}

function instantOf(text: string | null | undefined): string | undefined {
  const ms = Date.parse(text ?? '')
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString()
}
