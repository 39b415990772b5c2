/** How gateways write a number. All of them take what `readPhone` gives: E.164. */

/** Mainland China. Hong Kong, Macao and Taiwan have codes of their own and count as abroad. */
export const isMainland = (e164: string): boolean => e164.startsWith('+86')

/** Country code and number without the plus: `79161234567`. */
export const digitsOf = (e164: string): string => e164.replace(/^\+/, '')

/** The mainland without its code, other countries with theirs, never a plus: `18501234444`, `79161234567`. */
export const nationalInChina = (e164: string): string =>
  isMainland(e164) ? e164.slice('+86'.length) : digitsOf(e164)

/**
 * The other way round, for receipts, where nobody says which country is meant: eleven digits that could be a mobile
 * number of the mainland are taken for one.
 */
export const readNationalInChina = (digits: string): string =>
  /^1[3-9]\d{9}$/.test(digits) ? `+86${digits}` : `+${digitsOf(digits)}`
