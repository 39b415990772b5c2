/** SMSC.ru's words about a message as ours. */
import { createHash } from 'node:crypto'
import { IntegrationError } from '../../core/errors.ts'
import type { MessageStatus, SmsStatus } from '../../core/kinds/sms.ts'
import type { SmsRow } from '../../core/sms/result.ts'
import { atUnixSeconds } from '../../core/vendor-values.ts'
import { failureOfCode, meaningOfStatus } from './failures.ts'
import type { TheirSent, TheirStatus } from './schema.ts'

const largestId = 2_147_483_647

/** The id that names a message at the vendor: always the same for one key, 1 to 2147483647. */
export function clientIdOf(idempotencyKey: string): number {
  const hash = createHash('sha256').update(idempotencyKey).digest().readUInt32BE(0)
  return (hash % largestId) + 1
}

/**
 * A row for each number that was asked; the vendor tells of each because of `op=1`. A number that its rows leave out is
 * unknown; an answer without rows was taken as a whole.
 */
export function toRows({ id, phones, cnt }: TheirSent, to: readonly string[]): SmsRow[] {
  const parts = to.length === 1 ? cnt : undefined
  return to.map((number) => {
    const told = phones?.find(({ phone }) => e164Of(phone) === number)
    const row = { to: number, messageId: id, parts }
    if (phones && !told) return { ...row, status: 'unknown' }
    const code = told?.error && told.error !== '0' ? told.error : undefined
    if (code) return { ...row, status: 'failed', failure: failureOfCode(code) }
    return told?.status ? { ...row, ...judged(told.status) } : { ...row, status: 'accepted' }
  })
}

/** A row for each number that was asked about. */
export function toRowsByStatus(
  rows: readonly TheirStatus[],
  to: readonly string[],
  id: string,
): SmsRow[] {
  return to.map((number) => {
    const row = rows.find(({ phone }) => phone !== undefined && e164Of(phone) === number)
    return { to: number, messageId: id, ...judged(row?.status ?? '-3') }
  })
}

/** What a query says of one number. */
export type StatusRecord = {
  messageId?: string
  to?: string
  status: MessageStatus
  code: string
  at?: string
}

export function toRecord({ id, phone, status, last_timestamp }: TheirStatus): StatusRecord {
  const meaning = meaningOfStatus(status)
  const isFinal = meaning.status === 'delivered' || meaning.status === 'failed'
  return {
    messageId: id,
    to: phone === undefined ? undefined : e164Of(phone),
    status: meaning.status,
    code: status,
    at: isFinal && last_timestamp ? atUnixSeconds(last_timestamp)?.toISOString() : undefined,
  }
}

export function toStatus(theirs: TheirStatus | undefined): SmsStatus {
  const { status, code, at } = toRecord(theirs ?? { status: '-3' })
  const detail = details[theirs?.err ?? '0']
  const { says } = meaningOfStatus(code)
  return { status, at, code, description: detail ? `${says}: ${detail}` : says }
}

/** Why an operator gave a message up. https://smsc.ru/api/http/status_messages/statuses/#errors */
const details: Record<string, string> = {
  '1': 'the subscriber does not exist',
  '6': 'the phone is off',
  '11': 'the number takes no text messages',
  '12': 'the phone reported a fault',
  '13': 'the subscriber is blocked',
  '21': 'text messages are not supported',
  '200': 'virtual sending: nothing was sent',
  '219': 'the SIM was replaced less than a day ago',
  '220': 'the queue of the operator is full',
}

export const e164Of = (phone: string): string => `+${phone.replace(/\D/g, '')}`

function judged(code: string): Pick<SmsRow, 'status' | 'failure'> {
  const { status, kind, says, hint } = meaningOfStatus(code)
  if (!kind) return { status }
  const outcome = status === 'unknown' ? 'unknown' : 'not_done'
  return { status, failure: new IntegrationError({ kind, outcome, code, message: says, hint }) }
}
