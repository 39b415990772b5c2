import { z } from 'zod'
import { parseDecimal, scaleDecimal } from './decimal.ts'

/** An amount in the currency's minor unit (kopecks, fen): `{ minor: 129900, currency: 'CNY' }` is 1299.00 yuan. */
export const Money = z.object({
  minor: z.int(),
  currency: z.string().regex(/^[A-Z]{3}$/, 'must be a three-letter ISO 4217 code'),
})
export type Money = z.infer<typeof Money>

/** Currencies of ISO 4217 whose minor unit is not a hundredth. */
const unusualDigits: Readonly<Record<string, number>> = {
  BHD: 3,
  CLP: 0,
  ISK: 0,
  JOD: 3,
  JPY: 0,
  KRW: 0,
  KWD: 3,
  OMR: 3,
  PYG: 0,
  TND: 3,
  UGX: 0,
  VND: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
}

/** Decimals of the currency's minor unit. */
export const minorDigits = (currency: string): number => unusualDigits[currency] ?? 2

/**
 * Reads an amount such as `1299`, `1299.5` or `1 719,00`; undefined when it is not a number or too large for an
 * integer that JavaScript keeps exactly. Further decimals are rounded half away from zero.
 */
export function parseMoney(text: string | number, currency: string): Money | undefined {
  const decimal = parseDecimal(String(text))
  if (decimal === undefined) return undefined
  const minor = Number(scaleDecimal(decimal, minorDigits(currency)))
  return Number.isSafeInteger(minor) ? { minor: minor === 0 ? 0 : minor, currency } : undefined
}

/** The amount with the currency's decimals and a point: `1299.00`. */
export function formatMinor(minor: number, currency: string): string {
  const digits = minorDigits(currency)
  const text = String(Math.abs(minor)).padStart(digits + 1, '0')
  const sign = minor < 0 ? '-' : ''
  return digits === 0 ? sign + text : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`
}
