/** What Twilio's codes mean, those of answers and those of receipts. https://www.twilio.com/docs/api/errors */
import type { IntegrationError } from '../../core/errors.ts'
import { failureOf, type Meaning } from '../../core/failure-table.ts'
import type { HttpReply } from '../../core/http.ts'
import { TheirError } from './schema.ts'

const sender = 'Check from or messaging_service_sid: the sender must belong to the account.'

const meanings: Meaning[] = [
  {
    codes: [20003],
    kind: 'auth',
    hint: 'Check account_sid with auth_token, or api_key_sid with api_key_secret.',
  },
  { codes: [20404], kind: 'config', hint: 'Check account_sid, and region and edge.' },
  { codes: [20429], kind: 'rate_limited' },
  { codes: [21211, 21614], kind: 'rejected' },
  {
    codes: [21610],
    kind: 'rejected',
    hint: 'The person has answered STOP. Do not send through another service either.',
  },
  { codes: [21612], kind: 'rejected', failover: true },
  {
    codes: [21408],
    kind: 'config',
    hint: 'Allow the country in the console: Messaging, Settings, Geo permissions.',
  },
  { codes: [21212, 21606, 21659], kind: 'config', hint: sender },
  {
    codes: [21608],
    kind: 'config',
    hint: 'A trial account sends to verified numbers alone. Upgrade it, or verify the number.',
  },
  { codes: [21602, 21617], kind: 'rejected', hint: 'A text has 1 to 1600 characters.' },
  // Of receipts and of messages that are looked up.
  { codes: [30001], kind: 'rate_limited' },
  { codes: [30002], kind: 'config', hint: 'The account is suspended. See its console.' },
  { codes: [30003], kind: 'unavailable', outcome: 'not_done', failover: false },
  { codes: [30004, 30005, 30006], kind: 'rejected' },
  {
    codes: [30007],
    kind: 'rejected',
    hint: 'A carrier or Twilio took the text for unwanted advertising.',
  },
  { codes: [30008], kind: 'unavailable', outcome: 'unknown', failover: false },
]

/** The failure a code stands for; `status` is that of the answer it came in. */
export function failureOfCode(
  code: string | number,
  message?: string | null,
  status = 200,
): IntegrationError {
  return failureOf(meanings, { code, message: message ?? undefined, status })
}

/** An answer without Twilio's own code is read by its status alone. */
export function readFailure({ status, json }: HttpReply): IntegrationError | undefined {
  if (status < 400) return undefined
  const said = TheirError.safeParse(json)
  return said.success ? failureOfCode(said.data.code, said.data.message, status) : undefined
}
