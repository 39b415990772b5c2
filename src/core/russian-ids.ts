/** Numbers of Russian law and banking, checked by form and check digit. A wrong one is a warning: foreign ones turn up. */

const organisationWeights = [2, 4, 10, 3, 5, 9, 4, 6, 8]
const personWeights = [7, ...organisationWeights]

/** ИНН: 10 digits of an organisation or 12 of a person, with right check digits. */
export function isInn(text: string): boolean {
  if (!/^(\d{10}|\d{12})$/.test(text) || /^0+$/.test(text)) return false
  const digits = [...text].map(Number)
  if (digits.length === 10) return checkDigit(digits, organisationWeights) === digits[9]
  return (
    checkDigit(digits, personWeights) === digits[10] &&
    checkDigit(digits, [3, ...personWeights]) === digits[11]
  )
}

/** The ИНН a spreadsheet may have taken the leading zero from; undefined when that does not explain it. */
export function suggestInn(text: string): string | undefined {
  const padded = `0${text}`
  return /^(\d{9}|\d{11})$/.test(text) && isInn(padded) ? padded : undefined
}

/** КПП: four digits of the office, two of the reason (digits or capitals), three more. It has no check digit. */
export const isKpp = (text: string): boolean => /^\d{4}[\dA-Z]{2}\d{3}$/.test(text)

/** ОКПО: 8 digits of an organisation, 10 of a proprietor, 14 of a branch, with the right check digit. */
export function isOkpo(text: string): boolean {
  if (!/^(\d{8}|\d{10}|\d{14})$/.test(text)) return false
  const digits = [...text].map(Number)
  const body = digits.slice(0, -1)
  let rest = weighted(body, (index) => (index % 10) + 1) % 11
  if (rest === 10) rest = weighted(body, (index) => ((index + 2) % 10) + 1) % 11
  return (rest === 10 ? 0 : rest) === digits.at(-1)
}

/** ОГРН of 13 digits or ОГРНИП of 15, with the right check digit. */
export function isOgrn(text: string): boolean {
  if (!/^(\d{13}|\d{15})$/.test(text)) return false
  const modulus = text.length === 13 ? 11n : 13n
  return (BigInt(text.slice(0, -1)) % modulus) % 10n === BigInt(text.slice(-1))
}

/** БИК of a bank: nine digits. */
export const isBik = (text: string): boolean => /^\d{9}$/.test(text)

/** Letters that stand for a digit in an account of a foreign currency: each counts as its place in this row. */
const accountLetters = '0123456789ABCEHKMPTX'

/** Account of 20 characters that fits the bank; `correspondent` for the bank's own account at the central bank. */
export function isAccount(
  account: string,
  bik: string,
  whose: 'client' | 'correspondent' = 'client',
): boolean {
  if (!/^\d{5}[\dABCEHKMPTX]\d{14}$/.test(account) || !isBik(bik)) return false
  const head = whose === 'client' ? bik.slice(-3) : `0${bik.slice(4, 6)}`
  const digits = [...head, ...account].map((char) => accountLetters.indexOf(char) % 10)
  const weights = [7, 1, 3]
  const sum = digits.reduce((total, digit, i) => total + ((digit * (weights[i % 3] ?? 0)) % 10), 0)
  return sum % 10 === 0
}

const checkDigit = (digits: readonly number[], weights: readonly number[]): number =>
  (weights.reduce((sum, weight, index) => sum + weight * (digits[index] ?? 0), 0) % 11) % 10

const weighted = (digits: readonly number[], weight: (index: number) => number): number =>
  digits.reduce((sum, digit, index) => sum + digit * weight(index), 0)
