/** What SMSC.ru's codes mean. They come with HTTP 200, and an id beside one does not make it a success. */
import type { IntegrationError } from '../../core/errors.ts'
import { failureOf, type Meaning } from '../../core/failure-table.ts'
import type { HttpReply } from '../../core/http.ts'
import type { MessageStatus } from '../../core/kinds/sms.ts'
import { TheirError } from './schema.ts'

/** https://smsc.ru/api/http/send/sms/#errors */
const meanings: Meaning[] = [
  { codes: [1], kind: 'rejected', says: 'the parameters were refused' },
  {
    codes: [2],
    kind: 'auth',
    says: 'the credentials were refused',
    hint: 'Check login and password, or api_key, and the list of allowed addresses of the account.',
  },
  { codes: [3], kind: 'config', says: 'there is no money on the account', hint: 'Top it up.' },
  {
    codes: [4],
    kind: 'rate_limited',
    says: 'this address is blocked for a while after many faulty requests',
  },
  { codes: [5], kind: 'rejected', says: 'a date was refused' },
  {
    codes: [6],
    kind: 'rejected',
    says: 'the text or the sender name is forbidden',
    hint: 'Check sender, and the text against the rules of the vendor.',
  },
  { codes: [7], kind: 'rejected', says: 'the number is not valid' },
  { codes: [8], kind: 'rejected', failover: true, says: 'the number cannot be reached from here' },
  {
    codes: [9],
    kind: 'rate_limited',
    scope: 'recipient',
    retryAfterMs: 60_000,
    says: 'the same was asked again within a minute',
    hint: 'The message before it may have gone out: look at its status before it is sent again.',
  },
]

export function failureOfCode(code: string | number, message?: string | null): IntegrationError {
  return failureOf(meanings, { code, message: message ?? undefined, status: 200 })
}

export function readFailure({ status, json }: HttpReply): IntegrationError | undefined {
  if (status >= 300) return undefined
  const said = TheirError.safeParse(json)
  return said.success ? failureOfCode(said.data.error_code, said.data.error) : undefined
}

type StatusMeaning = { status: MessageStatus; says: string } & Partial<
  Pick<Meaning, 'kind' | 'hint'>
>

/** https://smsc.ru/api/http/status_messages/statuses/ */
const statuses: Record<string, StatusMeaning> = {
  '-3': { status: 'unknown', says: 'the message was not found' },
  '-2': { status: 'failed', kind: 'rejected', says: 'it was stopped' },
  '-1': { status: 'accepted', says: 'it waits' },
  '0': { status: 'accepted', says: 'it was handed to the operator' },
  '1': { status: 'delivered', says: 'it was delivered' },
  '2': { status: 'delivered', says: 'it was read' },
  '3': { status: 'failed', kind: 'unavailable', says: 'it expired' },
  '4': { status: 'delivered', says: 'a link in it was opened' },
  '6': { status: 'failed', kind: 'rejected', says: 'a filter took it for spam' },
  '20': { status: 'failed', kind: 'rejected', says: 'it cannot be delivered' },
  '22': { status: 'failed', kind: 'rejected', says: 'the number is wrong' },
  '23': { status: 'failed', kind: 'rejected', says: 'it is forbidden' },
  // Whether it goes out after the account was topped up is not documented.
  '24': { status: 'unknown', kind: 'config', says: 'there is no money', hint: 'Top it up.' },
  '25': { status: 'failed', kind: 'rejected', says: 'the number is out of reach' },
}

/** What a status means; one that is not listed says nothing. */
export const meaningOfStatus = (code: string): StatusMeaning =>
  Object.hasOwn(statuses, code)
    ? statuses[code]!
    : { status: 'unknown', says: `the vendor answered with status ${code}` }
