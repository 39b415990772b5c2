import { parseDecimal } from '../../core/decimal.ts'
import { currencyCode } from './currencies.ts'
import { isoOf } from './dates.ts'
import type { FindingCode } from './records.ts'
import { child } from './xml-node.ts'
import type { XmlNode } from './xml-node.ts'

/** What the conversion of a record may use besides its nodes. */
export type Reading = {
  unescapeTwice: boolean
  /** Ids that come again and again, as they stand in the file and as we give them out. */
  ids: Map<string, string>
  /** Currencies and statuses that have been complained about. */
  told: Set<string>
  /** Records something odd about a node of the record at hand. */
  note(code: FindingCode, message: string, node: XmlNode): void
}

/** The text of a node; undefined when there is none but blanks. */
export function textOf(node: XmlNode | undefined, reading: Reading): string | undefined {
  if (!node || node.text === '') return undefined
  const text = node.text.trim()
  if (text === '') return undefined
  return reading.unescapeTwice && text.includes('&') ? unescapeOnce(text) : text
}

export const textIn = (node: XmlNode, name: string, reading: Reading): string | undefined =>
  textOf(child(node, name), reading)

const once: Record<string, string> = {
  '&lt;': '<',
  '&gt;': '>',
  '&amp;': '&',
  '&quot;': '"',
  '&apos;': "'",
  '&#39;': "'",
  '&#34;': '"',
}

const unescapeOnce = (text: string): string =>
  text.replace(/&(?:lt|gt|amp|quot|apos|#39|#34);/g, (whole) => once[whole] ?? whole)

const lowGuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/
const guid = new RegExp(lowGuid, 'i')
export const zeroGuid = '00000000-0000-0000-0000-000000000000'

/** An identifier of few values: the ids already met are kept, since most of them come again. */
export function idOf(node: XmlNode | undefined, reading: Reading): string | undefined {
  const text = node?.text
  if (!text) return undefined
  const known = reading.ids.get(text)
  if (known !== undefined) return known
  const id = ownIdOf(node)
  if (id === undefined) return undefined
  if (reading.ids.size >= 8192) reading.ids.clear()
  reading.ids.set(ownText(text), id)
  return id
}

/** An identifier that comes once in a file. */
export function ownIdOf(node: XmlNode | undefined): string | undefined {
  const text = node?.text.trim()
  return text ? normaliseId(text) : undefined
}

export const idIn = (node: XmlNode, name: string, reading: Reading): string | undefined =>
  idOf(child(node, name), reading)

/**
 * Lower-cases what is wholly a GUID, on either side of a `#`; leaves the rest alone. The result does not hold on to the
 * stretch of the file it was cut from, so ids may be kept.
 */
export function normaliseId(text: string): string {
  const id = ownText(text)
  if (id.length === 36) return lowGuid.test(id) || !guid.test(id) ? id : id.toLowerCase()
  if (!id.includes('#')) return id
  return id
    .split('#')
    .map((part) => (guid.test(part) ? part.toLowerCase() : part))
    .join('#')
}

/** A copy: V8 cuts strings out of longer ones by pointing into them, but has to copy one that it glued together first. */
const ownText = (text: string): string => ` ${text}`.slice(1)

const plainNumber = /^(?:0|[1-9]\d*)(?:\.\d*[1-9])?$/

/** A number as a canonical decimal. One that cannot be read leaves a finding, and is no value. */
export function decimalOf(node: XmlNode | undefined, reading: Reading): string | undefined {
  return node && decimalFrom(node.text.trim(), node, reading)
}

export function decimalFrom(text: string, node: XmlNode, reading: Reading): string | undefined {
  if (text === '') return undefined
  if (plainNumber.test(text)) return text
  const number = parseDecimal(text)
  if (number === undefined) {
    reading.note('number_unreadable', `"${shown(text)}" is not a number; it is left out.`, node)
  }
  return number
}

export const decimalIn = (node: XmlNode, name: string, reading: Reading): string | undefined =>
  decimalOf(child(node, name), reading)

const yes = new Set(['true', '1', 'да', 'истина'])
const no = new Set(['false', '0', 'нет', 'ложь'])

/** True or false in the words of XML and of 1C; undefined for anything else. */
export function readBoolean(text: string): boolean | undefined {
  const word = text.trim().toLowerCase()
  return yes.has(word) ? true : no.has(word) ? false : undefined
}

export function booleanOf(node: XmlNode | undefined, reading: Reading): boolean | undefined {
  const text = node?.text.trim()
  if (!node || !text) return undefined
  const value = readBoolean(text)
  if (value === undefined) {
    reading.note('boolean_unreadable', `"${shown(text)}" is neither true nor false.`, node)
  }
  return value
}

export const booleanIn = (node: XmlNode, name: string, reading: Reading): boolean | undefined =>
  booleanOf(child(node, name), reading)

/** A currency as it stands and as its ISO code. An unknown one leaves one finding in a file. */
export function currencyOf(
  node: XmlNode | undefined,
  reading: Reading,
): { currencyRaw: string | undefined; currency: string | undefined } {
  const currencyRaw = textOf(node, reading)
  const currency = currencyRaw === undefined ? undefined : currencyCode(currencyRaw)
  if (node && currencyRaw !== undefined && currency === undefined) {
    const message = `"${shown(currencyRaw)}" is not a currency that is known here.`
    noteOnce('currency_unknown', message, node, reading)
  }
  return { currencyRaw, currency }
}

/** The ISO form of a date; one that cannot be read leaves a finding. */
export function isoOfNode(node: XmlNode | undefined, reading: Reading): string | undefined {
  const text = node?.text.trim()
  if (!node || !text) return undefined
  const iso = isoOf(text)
  if (iso === undefined) reading.note('date_unreadable', `"${shown(text)}" is not a date.`, node)
  return iso ?? undefined
}

/** Says a thing once in a file, however often it comes. */
export function noteOnce(
  code: FindingCode,
  message: string,
  node: XmlNode,
  reading: Reading,
): void {
  if (reading.told.has(message) || reading.told.size >= 1000) return
  reading.told.add(message)
  reading.note(code, message, node)
}

export const shown = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text)

/** Names of requisites are compared without blanks, in lower case, with ё as е. */
export const nameKey = (name: string): string =>
  name.replace(/\s/g, '').toLowerCase().replaceAll('ё', 'е')
