/**
 * CSV after RFC 4180: commas, double quotes, CRLF. https://www.rfc-editor.org/rfc/rfc4180
 *
 * Spreadsheets run a cell that begins with `=`, `+`, `-` or `@` as a formula, whoever wrote it. Such texts get an
 * apostrophe in front, which spreadsheets hide; numbers stay as they are. https://owasp.org/www-community/attacks/CSV_Injection
 */
import { CaravanError } from '../core/errors.ts'

/** Null and undefined give an empty field, and so does an empty text: CSV cannot tell them apart. */
export type CsvCell = string | number | bigint | boolean | null | undefined

export type CsvWriteOptions = {
  /** A byte order mark in front, by which Excel knows UTF-8. Default false. */
  bom?: boolean
}

/** Yields the text in pieces of some 64 K characters. */
export async function* writeCsv(
  header: readonly string[],
  rows: AsyncIterable<readonly CsvCell[]> | Iterable<readonly CsvCell[]>,
  { bom = false }: CsvWriteOptions = {},
): AsyncGenerator<string, void, undefined> {
  let buffer = (bom ? '\ufeff' : '') + csvRow(header)
  for await (const row of rows) {
    buffer += csvRow(row)
    if (buffer.length >= 1 << 16) {
      yield buffer
      buffer = ''
    }
  }
  if (buffer !== '') yield buffer
}

/** The objects as one text: a column for each key that any of them has. What is neither text nor number becomes JSON. */
export function csvLines(objects: readonly object[]): string {
  const header = [...new Set(objects.flatMap((object) => Object.keys(object)))]
  const rows = objects.map((object) => {
    const values = new Map<string, unknown>(Object.entries(object))
    return header.map((key) => plainCell(values.get(key)))
  })
  return [header, ...rows].map(csvRow).join('')
}

function plainCell(value: unknown): CsvCell {
  if (value === null || value === undefined) return ''
  return typeof value === 'string' || typeof value === 'number' ? value : JSON.stringify(value)
}

/** One line with its line end. */
export function csvRow(cells: readonly CsvCell[]): string {
  const [only] = cells
  // A line with nothing on it would be no row at all.
  if (cells.length === 1 && (only ?? '') === '') return '""\r\n'
  return `${cells.map(csvField).join(',')}\r\n`
}

function csvField(cell: CsvCell): string {
  if (cell === null || cell === undefined) return ''
  const text = typeof cell === 'string' ? guardFormula(cell) : String(cell)
  const needsQuotes = /[",\r\n]|^[\s\ufeff]|\s$/u.test(text)
  return needsQuotes ? `"${text.replaceAll('"', '""')}"` : text
}

/** Also the wide forms, which East Asian versions of Excel take for the same, and blanks that are skipped before them. */
const formula = /^'*\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^'*[\t\r\n]/u
const number = /^[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?$/

export const guardFormula = (text: string): string =>
  formula.test(text) && !number.test(text) ? `'${text}` : text

/** Takes off what `guardFormula` put in front; every other text stays. */
const unguardFormula = (text: string): string =>
  text.startsWith("'") && formula.test(text) && !number.test(text.slice(1)) ? text.slice(1) : text

export type CsvReadOptions = {
  /** Takes off the apostrophes that `writeCsv` puts before texts that look like formulas. Default true. */
  unguard?: boolean
  /** Longest row in characters. Default 10 million. */
  maxRowLength?: number
}

/**
 * Yields the rows as texts, the header among them. Accepts CRLF, LF and CR, and a byte order mark; skips empty lines.
 * Throws `input_invalid` with the line number for a quote that is out of place, is never closed, or a row too long.
 */
export async function* readCsv(
  pieces: AsyncIterable<string> | Iterable<string>,
  { unguard = true, maxRowLength = 10_000_000 }: CsvReadOptions = {},
): AsyncGenerator<string[], void, undefined> {
  const reader = createReader(unguard, maxRowLength)
  for await (const piece of pieces) yield* reader.feed(piece)
  yield* reader.end()
}

type Place = 'start' | 'plain' | 'quoted' | 'afterQuote'

function createReader(unguard: boolean, maxRowLength: number) {
  let place: Place = 'start'
  let field = ''
  let row: string[] = []
  let rowLength = 0
  let line = 1
  let wasReturn = false
  let isFirst = true

  function endField(): void {
    rowLength += field.length + 1
    row.push(unguard ? unguardFormula(field) : field)
    field = ''
  }

  function* endRow(): Generator<string[]> {
    const isEmptyLine = row.length === 0 && place === 'start'
    if (!isEmptyLine) {
      endField()
      yield row
    }
    row = []
    rowLength = 0
    place = 'start'
  }

  function fail(what: string): never {
    const message = `line ${line} of the CSV: ${what}`
    const hint =
      'Fields with quotes, commas or line ends stand in quotes, their own quotes doubled.'
    throw new CaravanError({ code: 'input_invalid', message, hint })
  }

  function quote(): void {
    if (place === 'start') place = 'quoted'
    else if (place === 'quoted') place = 'afterQuote'
    else if (place === 'afterQuote') {
      field += '"'
      place = 'quoted'
    } else fail('a quote stands inside a field that does not begin with one')
  }

  function* feed(piece: string): Generator<string[]> {
    let at = isFirst && piece.startsWith('\ufeff') ? 1 : 0
    if (piece !== '') isFirst = false
    while (at < piece.length) {
      const mark = piece.charAt(at)
      if (wasReturn && mark === '\n') {
        wasReturn = false
        if (place === 'quoted') field += mark
        at += 1
        continue
      }
      wasReturn = mark === '\r'
      if (mark === '\n' || mark === '\r') line += 1
      if (mark === '"') quote()
      else if (place === 'quoted') {
        const until = wasReturn ? at + 1 : runEnd(piece, at + 1, /["\r\n]/g)
        field += piece.slice(at, until)
        at = until - 1
      } else if (mark === '\n' || mark === '\r') yield* endRow()
      else if (mark === ',') {
        endField()
        place = 'start'
      } else if (place === 'afterQuote') fail('text stands behind a closing quote')
      else {
        const until = runEnd(piece, at + 1, /[",\r\n]/g)
        field += piece.slice(at, until)
        place = 'plain'
        at = until - 1
      }
      at += 1
      if (rowLength + field.length > maxRowLength) fail(`a row is over ${maxRowLength} characters`)
    }
  }

  function* end(): Generator<string[]> {
    if (place === 'quoted') fail('a quote is never closed')
    yield* endRow()
  }

  return { feed, end }
}

function runEnd(text: string, from: number, stop: RegExp): number {
  stop.lastIndex = from
  return stop.exec(text)?.index ?? text.length
}
