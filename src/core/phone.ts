/** Phones as people in Russia type them, and addresses of e-mail as 1C users type them. */

/** Where an extension begins; what follows is not part of the number. */
const extension = /(?:доб(?:авочный)?\.?|вн(?:утр)?\.|ext\.?|#|,\s*\d{1,5}\s*$)/iu

/**
 * The number as `+7XXXXXXXXXX`, or with another country's code when it begins with a plus. Of a list the first one is
 * taken. Undefined when it cannot be told, as with local numbers of seven digits: keep the raw text.
 */
export function normalisePhone(text: string): string | undefined {
  const first = splitPhones(text)[0]?.split(extension)[0] ?? ''
  const hasPlus = first.trim().startsWith('+')
  const digits = first.replace(/\D/g, '')
  if (digits.length === 11 && digits.startsWith('8') && !hasPlus) return `+7${digits.slice(1)}`
  if (digits.length === 11 && digits.startsWith('7')) return `+${digits}`
  if (hasPlus) return digits.length >= 8 && digits.length <= 15 ? `+${digits}` : undefined
  return digits.length === 10 ? `+7${digits}` : undefined
}

/** The numbers of a list `a, b; c`. A short number after a comma is an extension and stays with its number. */
export const splitPhones = (text: string): string[] =>
  text
    .split(/;|,(?!\s*\d{1,5}\s*(?:$|[,;]))/u)
    .map((part) => part.trim())
    .filter(Boolean)

const placeholders = new Set(['1@1.ru', 'no@mail.ru', '-', 'нет'])

/** The address with its domain in lower case; undefined for blanks, lists, and what people type to please a form. */
export function normaliseEmail(text: string): string | undefined {
  const trimmed = text.trim()
  if (placeholders.has(trimmed.toLowerCase())) return undefined
  const parts = /^([^\s,;@]+)@([^\s,;@]+\.[^\s,;@.]+)$/.exec(trimmed)
  return parts ? `${parts[1]}@${parts[2]?.toLowerCase()}` : undefined
}
