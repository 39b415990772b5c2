import { CaravanError } from '../../core/errors.ts'

/** What a file may demand of us. Beyond any of these the reading stops with `xml_limit`. */
export type CommerceLimits = {
  /** Elements inside each other, the root included. Groups were seen 5 deep. */
  depth: number
  /** Characters of one text, tag or comment: how much is held without an event. Two bytes each. */
  tokenChars: number
  /** Attributes of one element. */
  attributes: number
  /** Different names of elements and attributes in one file. */
  names: number
  /** Elements of one record: a document with all its lines, a group with all below it. */
  recordElements: number
  /** Characters of all texts of one record. */
  recordChars: number
  /** Records handed out, findings included. */
  records: number
  /** Bytes of the file. */
  totalBytes: number
}

export const defaultLimits: CommerceLimits = {
  depth: 256,
  tokenChars: 8 * 1024 * 1024,
  attributes: 1000,
  names: 10_000,
  recordElements: 300_000,
  recordChars: 16 * 1024 * 1024,
  records: 50_000_000,
  totalBytes: 4 * 1024 ** 3,
}

/** Where in a file something was met: its name, a byte offset into the raw file, and the path of the open element. */
export type Place = { file: string; offset: number; element: string }

const at = ({ file, offset, element }: Place): string =>
  `${file}: byte ${offset}${element && `, in ${element}`}`

/** The file is not well-formed XML, or not as CommerceML is. */
export function malformed(
  place: Place,
  what: string,
  hint?: string,
  cause?: unknown,
): CaravanError {
  return new CaravanError({
    code: 'xml_malformed',
    message: `${at(place)}: ${what}`,
    hint: hint ?? 'Export the file from 1C again, or have the program that wrote it corrected.',
    cause,
  })
}

/** The file demands more than the limits allow. */
export function beyondLimit(place: Place, what: string): CaravanError {
  return new CaravanError({
    code: 'xml_limit',
    message: `${at(place)}: ${what}`,
    hint: 'No real exchange file is like this. Check where the file comes from.',
  })
}

/** The file is XML, but not CommerceML. The code is its own, so that a folder's other files can be told apart. */
export function notCommerceml(file: string, offset: number, name: string): CaravanError {
  return new CaravanError({
    code: 'input_invalid',
    message: `${file}: byte ${offset}: the root element is <${name.slice(0, 80)}>, not <КоммерческаяИнформация>`,
    hint: 'This is not an exchange file of 1C in the CommerceML format.',
  })
}
