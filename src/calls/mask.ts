import { Secret } from '../core/secret.ts'

const secretNames =
  /^((proxy-)?authorization|(set-)?cookie|.*token|.*secret|.*pass[_-]?(word|phrase)|passwd|pwd|sign|signature|credentials?|(x-)?.*(api|secret|private|access|sign|signing)[_-]?key|cvv|cvc|card_?(number|no))$/i

const personalNames =
  /^(.*(phone|mobile|e?mail|address)(es|s|_?(number|no|line)?_?\d?)?|tel|to|receiver|recipients?|contact_?person|consignee_?name)$/i

/** A replacer for `JSON.stringify`: hides what stands under the name of a secret and masks personal data. */
export function maskByName(this: unknown, name: string, value: unknown): unknown {
  if (value === null || value === undefined || value === '' || typeof value === 'boolean') {
    return value
  }
  if (value instanceof Secret || secretNames.test(name)) return '***'
  const original = (this as Record<string, unknown> | undefined)?.[name]
  if (original instanceof Uint8Array) return `${original.byteLength} bytes`
  if (typeof value === 'bigint') return String(value)
  if (name === 'params') return hideDeep(value)
  // Rows of what became of a message: their ids and errors are what the log is read for.
  if (name === 'recipients' && isRows(value)) return value
  return personalNames.test(name) ? maskDeep(value) : value
}

const isRows = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.every((row) => typeof row === 'object' && row !== null && 'to' in row)

/** Values of a message's template: one of them is the code that opens an account. */
function hideDeep(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hideDeep)
  if (typeof value !== 'object' || value === null) return '***'
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, hideDeep(each)]))
}

/** Masks a text, a number, and everything in a list or an object. */
function maskDeep(value: unknown): unknown {
  if (typeof value === 'string') return maskPersonal(value)
  if (typeof value === 'number') return maskPersonal(String(value))
  if (Array.isArray(value)) return value.map(maskDeep)
  if (typeof value !== 'object' || value === null || value instanceof Secret) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, maskDeep(each)]))
}

/** Leaves enough to recognise a record by, not enough to reach a person: `+79…67`, `iv…@mail.ru`. */
export function maskPersonal(value: string): string {
  if (value === '') return ''
  const at = value.lastIndexOf('@')
  if (at > 0) return `${value.slice(0, 2)}…${value.slice(at)}`
  return value.length <= 5 ? '…' : `${value.slice(0, 3)}…${value.slice(-2)}`
}
