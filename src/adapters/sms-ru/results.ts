/** SMS.ru's words about a message as ours. */
import { IntegrationError } from '../../core/errors.ts'
import type { SmsStatus } from '../../core/kinds/sms.ts'
import type { SmsRow } from '../../core/sms/result.ts'
import { failureOfCode, meaningOfStatus } from './failures.ts'
import type { TheirOutcome, TheirSent } from './schema.ts'

/** `79161234567` */
export const digitsOf = (number: string): string => number.replace(/\D/g, '')

/** A row for each number that was asked; one that the answer leaves out is unknown. */
export const toRows = ({ sms }: TheirSent, to: readonly string[]): SmsRow[] =>
  to.map((number) => {
    const told = sms[digitsOf(number)]
    if (!told) return { to: number, status: 'unknown' }
    const { status, status_code: code, status_text } = told
    if (status !== 'OK') {
      return { to: number, status: 'failed', failure: failureOfCode(code, status_text) }
    }
    const meaning = meaningOfStatus(code)
    const failure =
      meaning.kind && new IntegrationError({ kind: meaning.kind, code, message: meaning.says })
    return { to: number, status: meaning.status, messageId: told.sms_id ?? undefined, failure }
  })

/** `told` undefined: the answer does not speak of the message. */
export function toStatus(told: TheirOutcome | undefined): SmsStatus {
  const code = told?.status_code ?? '-1'
  const { status, says } = meaningOfStatus(code)
  return { status, code, description: told?.status_text ?? says }
}
