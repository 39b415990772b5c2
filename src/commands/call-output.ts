/** What an operation answered, for people: named lines, and a table where there are rows. */
import { formatMinor, type Money } from '../core/money.ts'
import type { Tone } from './output/colour.ts'
import { formatInstant } from './output/time.ts'
import { formatValue } from './output/value.ts'
import type { Column } from './output/table.ts'

export type Row = Readonly<Record<string, unknown>>

export type OutputView = {
  lines: (readonly [name: string, value: string])[]
  /** The list in the answer that tells most; undefined when it has none. */
  rows?: { name: string; rows: readonly Row[] }
}

/** Parts an answer into what stands once and what stands in rows. */
export function viewOf(output: unknown, isUtc = false): OutputView {
  if (!isRow(output)) return { lines: output === null ? [] : [['answer', cellText(output, isUtc)]] }
  const entries = Object.entries(output)
  const list = entries.find((entry): entry is [string, Row[]] => isRows(entry[1]))
  const lines = entries
    .filter(([name]) => name !== list?.[0])
    .map(([name, value]) => [wordsOf(name), cellText(value, isUtc)] as const)
  return { lines, ...(list && { rows: { name: wordsOf(list[0]), rows: list[1] } }) }
}

/** The rows of an answer for programs: what was listed, else the list in it, else the answer itself. */
export function rowsOf(items: readonly unknown[] | undefined, output: unknown): object[] {
  if (items) return items.map((item) => (isRow(item) ? item : { item }))
  const { rows } = viewOf(output)
  if (rows) return [...rows.rows]
  return isRow(output) ? [output] : output === null ? [] : [{ output }]
}

/** A column for each key that any row has. The first ones stay on a narrow terminal. */
export function columnsOf(rows: readonly Row[], isUtc = false): Column<Row>[] {
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row)))].toSorted(
    (a, b) => placeOf(a) - placeOf(b),
  )
  return keys.map((key, at) => ({
    title: wordsOf(key).toUpperCase(),
    text: (row) => cellText(row[key], isUtc),
    isOptional: true,
    isNumber: rows.every((row) => isNumber(row[key])),
    tone: key === 'status' ? (row) => toneOf(row[key]) : undefined,
    ...(at > 0 && spaceOf(key, at)),
  }))
}

/** The same order whoever answered; what stands in neither list keeps its own, between the two. */
const placeOf = (key: string): number => {
  const first = ['to', 'status'].indexOf(key)
  return first >= 0 ? first : ['messageId', 'parts', 'error'].indexOf(key) + 3
}

/** What went wrong is read before an id is. */
function spaceOf(key: string, at: number): Pick<Column<Row>, 'shrink' | 'drop' | 'least'> {
  if (key === 'error') return { shrink: 1, least: 30 }
  return { shrink: key.endsWith('Id') ? 1000 : at + 1, drop: Math.max(0, at - 1) }
}

const toneOf = (status: unknown): Tone | undefined =>
  status === 'delivered' || status === 'accepted'
    ? 'good'
    : status === 'failed'
      ? 'bad'
      : status === 'unknown'
        ? 'warn'
        : undefined

/** `messageId` → `message id`. */
const wordsOf = (name: string): string =>
  name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .toLowerCase()

function cellText(value: unknown, isUtc: boolean): string {
  if (typeof value === 'string' && isInstant(value)) return formatInstant(value, isUtc)
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (isMoney(value)) return `${formatMinor(value.minor, value.currency)} ${value.currency}`
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) {
    return value.join(', ')
  }
  if (isRow(value) && typeof value.message === 'string') {
    const why = [value.kind, value.code].filter((each) => typeof each === 'string').join(', ')
    return why ? `${value.message} (${why})` : value.message
  }
  return formatValue(value, '')
}

const isInstant = (text: string): boolean =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(text)

const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isRows = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every((item) => isRow(item))

const isMoney = (value: unknown): value is Money =>
  isRow(value) && typeof value.minor === 'number' && typeof value.currency === 'string'

const isNumber = (value: unknown): boolean =>
  value === null || value === undefined || typeof value === 'number' || isMoney(value)
