import { parseDecimal, scaleDecimal, unscaleDecimal } from '../../core/decimal.ts'
import { countCharacters, cutText } from '../cut-text.ts'
import { stableId } from '../stable-id.ts'
import { cleanXmlText, type XmlAttributes, type XmlWriter } from '../xml-writer.ts'
import type { ExportOptions, ExportVersion, WriteFindingCode } from './write-model.ts'

/**
 * Writes the fields of CommerceML one by one: cleans and trims texts, keeps to the lengths and digits of the schema and
 * reports whatever it could not write as given. Functions that write answer whether they wrote.
 */
export type Scribe = {
  xml: XmlWriter
  version: ExportVersion
  /** The version has a published schema: its limits hold. */
  isStrict: boolean
  /** Names the record whose fields come next, for the findings. */
  about(record: string, id: string | undefined): void
  report(code: WriteFindingCode, element: string, message: string): void
  /** An element with what the body writes; nothing when it writes nothing. */
  within(name: string, body: () => void, attributes?: XmlAttributes): void
  /** Free text, cut to `max` characters where the schema says so. */
  text(name: string, value: string | undefined, max: number): boolean
  /** The text as `text` would write it; undefined when there is none. */
  fit(name: string, value: string | undefined, max: number): string | undefined
  /** A name that 1C keeps in 250 characters, whatever the schema. Where it must be, `instead` stands in, with a finding. */
  title(name: string, value: string | undefined, instead: string): void
  /** Text that is useless when cut: left out unless it fits. */
  exact(name: string, value: string | undefined, fits: Fits, expected: string): boolean
  /** The text as `exact` would write it. */
  fitExact(
    name: string,
    value: string | undefined,
    fits: Fits,
    expected: string,
  ): string | undefined
  id(name: string, value: string | undefined): boolean
  /** The id as `id` would write it. */
  fitId(name: string, value: string | undefined, max?: number): string | undefined
  /** The number as it may be written; undefined, with a finding, when it is none or too long. */
  fitNumber(name: string, value: string | undefined, digits: number): string | undefined
  flag(name: string, value: boolean | undefined): void
}

/** Canonical decimals that fit every number of the schema, which most are. */
const plainNumber = /^(?:0|[1-9]\d{0,12})(?:\.\d?[1-9])?$/

/** A regular expression, or anything else that judges a text. */
type Fits = { test(text: string): boolean }

/** ИдентификаторГлобальныйТип. */
const idMax = 40
/** 1C keeps names of goods and groups in 250 characters, though the schema allows more. */
const titleMax = 250
/** СуммаТип has 18 digits in all; quantities are held to the same. */
const digitsMax = 18

export function createScribe(xml: XmlWriter, options: ExportOptions): Scribe {
  const isStrict = options.version === '2.07'
  let record = 'file'
  let recordId: string | undefined

  function report(code: WriteFindingCode, element: string, message: string): void {
    const who = recordId === undefined ? record : `${record} ${recordId}`
    options.onFinding?.({ code, message: `${who}: ${message}`, element, record, id: recordId })
  }

  function clean(name: string, value: string | undefined): string {
    if (value === undefined || value === '') return ''
    const plain = cleanXmlText(value)
    if (plain.length < value.length) {
      report(
        'characters_removed',
        name,
        `${name} holds characters that XML cannot; they are left out`,
      )
    }
    return plain.trim()
  }

  function cut(name: string, text: string, max: number): string {
    if (text.length <= max) return text
    const length = countCharacters(text)
    if (length <= max) return text
    report(
      'text_cut',
      name,
      `${name} has ${length} characters; it is cut to the ${max} that may be`,
    )
    return cutText(text, max)
  }

  function fit(name: string, value: string | undefined, max: number): string | undefined {
    const text = clean(name, value)
    return (isStrict ? cut(name, text, max) : text) || undefined
  }

  function fitExact(name: string, value: string | undefined, fits: Fits, expected: string) {
    const text = clean(name, value)
    if (text === '' || !isStrict || fits.test(text)) return text || undefined
    report('value_left_out', name, `${name} "${shorten(text)}" is left out: it must be ${expected}`)
    return undefined
  }

  function fitId(name: string, value: string | undefined, max = idMax): string | undefined {
    const id = clean(name, value)
    if (id === '' || !isStrict || id.length <= max || countCharacters(id) <= max) {
      return id || undefined
    }
    const short = stableId('id', id).slice(0, max)
    report(
      'id_replaced',
      name,
      `${name} "${shorten(id)}" is over ${max} characters: ${short} stands for it`,
    )
    return short
  }

  function fitNumber(name: string, value: string | undefined, digits: number): string | undefined {
    const text = value?.trim() ?? ''
    if (text === '') return undefined
    if (plainNumber.test(text)) return text
    const exactly = parseDecimal(text)
    const rounded = exactly && unscaleDecimal(scaleDecimal(exactly, digits), digits)
    if (rounded === undefined || rounded.replace(/[-.]/g, '').length > digitsMax) {
      report(
        'value_left_out',
        name,
        `${name} "${shorten(text)}" is left out: not a number of at most 18 digits`,
      )
      return undefined
    }
    if (rounded !== exactly) {
      report('number_rounded', name, `${name} ${shorten(text)} is rounded to ${rounded}`)
    }
    return rounded
  }

  function leaf(name: string, text: string | undefined): boolean {
    if (text === undefined) return false
    xml.leaf(name, text)
    return true
  }

  return {
    xml,
    version: options.version,
    isStrict,
    about(kind, id) {
      record = kind
      recordId = id
    },
    report,
    within(name, body, attributes) {
      xml.begin(name, attributes)
      body()
      xml.end()
    },
    text: (name, value, max) => leaf(name, fit(name, value, max)),
    fit,
    title(name, value, instead) {
      const text = cut(name, clean(name, value), titleMax)
      if (text !== '') return xml.leaf(name, text)
      // In 3.1 a record may be silent about its name, which then stays what it was.
      if (!isStrict) return
      report('name_missing', name, `${name} is empty; "${shorten(instead)}" stands for it`)
      xml.leaf(name, cutText(cleanXmlText(instead).trim(), titleMax))
    },
    exact: (name, value, fits, expected) => leaf(name, fitExact(name, value, fits, expected)),
    fitExact,
    id: (name, value) => leaf(name, fitId(name, value)),
    fitId,
    fitNumber,
    flag(name, value) {
      if (value !== undefined) xml.leaf(name, String(value))
    },
  }
}

const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}...` : text)
