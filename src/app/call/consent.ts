import { parseDecimal } from '../../core/decimal.ts'
import { CaravanError } from '../../core/errors.ts'
import { formatMinor, minorDigits, type Money, parseMoney } from '../../core/money.ts'
import { counted } from '../../core/words.ts'
import type { NamedOperation } from './operation.ts'

/** `about`: the words of a message, for the eyes of whoever is asked and no log. */
type ConsentOfYes = { needs: 'yes'; question: string; about?: string }

/** What a call may do only when somebody agrees: nothing for reads, a yes, or the amount for what moves money. */
export type Consent = { needs: 'nothing' } | ConsentOfYes | { needs: 'amount'; amount: Money }

/** `input` is the checked one. */
export function consentFor({ name, shape }: NamedOperation, input: unknown): Consent {
  if (shape.effect === 'read') return { needs: 'nothing' }
  if (shape.effect === 'money') {
    const amount = shape.amount?.(input as never)
    if (amount) return { needs: 'amount', amount }
    throw new Error(`${name} moves money and does not say how much`)
  }
  const to = shape.recipients?.(input as never) ?? []
  const reach = to.length > 0 ? ` to ${counted(to.length, 'recipient')}` : ''
  const what = shape.effect === 'message' ? `sends a message${reach}` : 'changes something'
  const about = shape.describe?.(input as never)
  return { needs: 'yes', question: `Call ${name}, which ${what}?`, about }
}

/** `1299.00 CNY`. */
export const amountText = ({ minor, currency }: Money): string =>
  `${formatMinor(minor, currency)} ${currency}`

/**
 * Whether a person wrote this very amount: `1299`, `1299.00`, `1 299,00` or `1299.00 CNY`. Nothing is rounded, and a mark
 * that could be one of thousands is refused.
 */
export function isAmount(text: string, { minor, currency }: Money): boolean {
  const [, before, number = '', after] =
    /^([A-Z]{3})? ?(.*?) ?([A-Z]{3})?$/i.exec(text.trim()) ?? []
  const named = [before, after].filter((each) => each !== undefined)
  if (named.some((each) => each.toUpperCase() !== currency)) return false
  const decimal = parseDecimal(number)
  if (decimal === undefined || /[.,]\d{3}(?!\d)/.test(number) !== hasThree(currency, number))
    return false
  const [, fraction = ''] = decimal.split('.')
  if (fraction.length > minorDigits(currency)) return false
  return parseMoney(number, currency)?.minor === minor
}

/** Three decimals are what a dinar has, and thousands anywhere else. */
const hasThree = (currency: string, number: string): boolean =>
  minorDigits(currency) === 3 && /[.,]\d{3}$/.test(number)

/** Of a program that calls: throws `consent_missing` unless the very amount that would move was confirmed. */
export function requireConfirmed(
  operation: NamedOperation,
  input: unknown,
  confirm: Money | undefined,
): void {
  const consent = consentFor(operation, input)
  if (consent.needs !== 'amount') return
  const { minor, currency } = consent.amount
  if (confirm?.minor === minor && confirm.currency === currency) return
  throw new CaravanError({
    code: 'consent_missing',
    message: `${operation.name} moves ${amountText(consent.amount)}, and this amount was not confirmed; nothing was sent`,
    hint: `Give it as an option: confirm: { minor: ${minor}, currency: '${currency}' }`,
  })
}

export const notConfirmed = (name: string, amount: Money): CaravanError =>
  new CaravanError({
    code: 'consent_missing',
    message: `${name} moves ${amountText(amount)}, and another amount was confirmed; nothing was sent`,
    hint: `Look at the amount again. If it is meant: --confirm ${formatMinor(amount.minor, amount.currency)}`,
  })
