/** What SMS.ru's codes mean: those of requests and of single numbers, and those of messages on their way. */
import type { FailureKind, IntegrationError } from '../../core/errors.ts'
import { failureOf, type Meaning } from '../../core/failure-table.ts'
import type { HttpReply } from '../../core/http.ts'
import type { MessageStatus } from '../../core/kinds/sms.ts'
import { TheirAnswer } from './schema.ts'

/** https://sms.ru/api/status_code */
const meanings: Meaning[] = [
  { codes: [200], kind: 'auth', says: 'the api_id was refused', hint: 'Check api_id.' },
  { codes: [201], kind: 'config', says: 'there is no money on the account', hint: 'Top it up.' },
  { codes: [202], kind: 'rejected', says: 'the number is not valid' },
  { codes: [203], kind: 'rejected', says: 'there is no text' },
  {
    codes: [204],
    kind: 'config',
    says: 'the sender name is not approved',
    hint: 'Check from; the vendor has to approve it first.',
  },
  { codes: [205], kind: 'rejected', says: 'the text is longer than 8 parts' },
  {
    codes: [206],
    kind: 'rate_limited',
    says: 'the daily limit of the account is reached',
    hint: 'It is set on the account page.',
  },
  {
    codes: [207],
    kind: 'rejected',
    failover: true,
    says: 'there is no way to the number, or there are more than 100',
  },
  { codes: [208], kind: 'rejected', says: 'the time is not valid' },
  {
    codes: [209],
    kind: 'rejected',
    says: 'the number is on the stop list of the account',
    hint: 'Do not send through another service either.',
  },
  { codes: [210], kind: 'rejected', says: 'GET was used where POST is needed' },
  { codes: [211], kind: 'rejected', says: 'there is no such method' },
  { codes: [212], kind: 'rejected', says: 'the text is not UTF-8' },
  { codes: [220], kind: 'unavailable', outcome: 'not_done', says: 'the vendor is busy' },
  {
    codes: [230],
    kind: 'rate_limited',
    scope: 'recipient',
    says: 'the number got its 60 messages of the day',
  },
  { codes: [300], kind: 'auth', says: 'the token was refused', hint: 'Check api_id.' },
  { codes: [301], kind: 'auth', says: 'the password was refused', hint: 'Check api_id.' },
  {
    codes: [302],
    kind: 'auth',
    says: 'the account is not confirmed',
    hint: 'Enter the code that the vendor sent by SMS on the account page.',
  },
]

export const failureOfCode = (code: string | number, message?: string | null): IntegrationError =>
  failureOf(meanings, { code, message: message ?? undefined, status: 200 })

/** The top level of an answer; `OK` there says nothing about single numbers. */
export function readFailure({ status, json }: HttpReply): IntegrationError | undefined {
  if (status >= 300) return undefined
  const said = TheirAnswer.safeParse(json)
  if (!said.success || said.data.status === 'OK') return undefined
  return failureOfCode(said.data.status_code, said.data.status_text)
}

type StatusMeaning = { status: MessageStatus; says: string; kind?: FailureKind }

/** https://sms.ru/api/status */
const statuses: Record<string, StatusMeaning> = {
  '-1': { status: 'unknown', says: 'the message was not found' },
  '100': { status: 'accepted', says: 'it waits' },
  '101': { status: 'accepted', says: 'it is being handed to the operator' },
  '102': { status: 'accepted', says: 'it is on its way' },
  '103': { status: 'delivered', says: 'it was delivered' },
  '104': { status: 'failed', kind: 'unavailable', says: 'it expired' },
  '105': { status: 'failed', kind: 'rejected', says: 'the operator deleted it' },
  '106': { status: 'failed', kind: 'rejected', says: 'the phone reported a fault' },
  '107': { status: 'failed', kind: 'rejected', says: 'it failed for a reason nobody gives' },
  '108': { status: 'failed', kind: 'rejected', says: 'it was refused' },
  '110': { status: 'delivered', says: 'it was read' },
  '150': { status: 'failed', kind: 'rejected', says: 'there is no way to the number' },
}

/** What a status means; one that is not listed says nothing. */
export const meaningOfStatus = (code: string): StatusMeaning =>
  Object.hasOwn(statuses, code)
    ? statuses[code]!
    : { status: 'unknown', says: `the vendor answered with status ${code}` }
