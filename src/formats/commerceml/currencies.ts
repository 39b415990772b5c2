/**
 * What 1C writes for a currency: the first three characters of its code or of its name. Keys are lower-cased and without
 * a full stop at the end. 643 is the present rouble, 810 the one before 1998, whose code many bases still carry.
 */
const codes = new Map([
  ['руб', 'RUB'],
  ['rur', 'RUB'],
  ['643', 'RUB'],
  ['810', 'RUB'],
  ['₽', 'RUB'],
  ['грн', 'UAH'],
  ['980', 'UAH'],
  ['тнг', 'KZT'],
  ['тен', 'KZT'],
  ['398', 'KZT'],
  ['840', 'USD'],
  ['$', 'USD'],
  ['978', 'EUR'],
  ['€', 'EUR'],
  ['933', 'BYN'],
  ['156', 'CNY'],
])

/** The ISO 4217 code a text means: from the table, or the text itself when it is three Latin letters. */
export function currencyCode(raw: string): string | undefined {
  const key = raw.trim().toLowerCase().replace(/\.$/, '')
  return codes.get(key) ?? (/^[a-z]{3}$/.test(key) ? key.toUpperCase() : undefined)
}
