import measure from 'fast-string-truncated-width'
import type { Paint, Tone } from './colour.ts'

export type Column<Row> = {
  title: string
  text(row: Row): string
  tone?(row: Row): Tone | undefined
  isNumber?: boolean
  /** Left out when no row has anything in it. */
  isOptional?: boolean
  /** A shorter text for a terminal on which the table does not fit. */
  narrow?(row: Row): string
  /** On a narrow terminal the column with the highest number is shortened first; 0, the default, never. */
  shrink?: number
  /** Left out when shortening was not enough, the highest number first; 0, the default, never. */
  drop?: number
}

type Page = { width: number; paint: Paint }

const gap = '  '
const narrowest = 10

/**
 * Lines of a table, aligned also where letters are two columns wide. Nothing is shortened when `width` is Infinity,
 * as it is in a pipe.
 */
export function renderTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { width, paint }: Page,
): string {
  const shown = fit(rows, columns, width)
  const line = (texts: readonly string[], tone: (column: Column<Row>) => Tone | undefined) =>
    texts
      .map((text, at) => {
        const { column, width: limit } = shown[at] as Fitted<Row>
        const isLast = at === shown.length - 1
        const cell = align(shorten(text, limit), limit, column.isNumber, isLast)
        const shade = tone(column)
        return shade && text !== '' ? paint(shade, cell) : cell
      })
      .join(gap)
      .trimEnd()
  const head = line(
    shown.map(({ column }) => column.title),
    () => 'dim',
  )
  const body = rows.map((row, index) =>
    line(
      shown.map(({ cells }) => cells[index] ?? ''),
      (column) => column.tone?.(row),
    ),
  )
  return `${[head, ...body].join('\n')}\n`
}

type Fitted<Row> = { column: Column<Row>; cells: string[]; width: number }

/** Which columns are shown, with which texts and how wide: whole if they fit, else shorter texts, else cut, else fewer. */
function fit<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  width: number,
): Fitted<Row>[] {
  const whole = columns
    .map((column) => measured(rows, column, column.text))
    .filter(({ column, cells }) => !column.isOptional || cells.some((cell) => cell !== ''))
  if (total(whole) <= width) return whole
  let shown = whole.map(({ column }) => measured(rows, column, column.narrow ?? column.text))
  for (;;) {
    const cut = shrink(shown, width)
    const [first] = shown
      .filter(({ column }) => column.drop)
      .toSorted((a, b) => (b.column.drop ?? 0) - (a.column.drop ?? 0))
    if (total(cut) <= width || !first) return cut
    shown = shown.filter((each) => each !== first)
  }
}

function measured<Row>(
  rows: readonly Row[],
  column: Column<Row>,
  text: (row: Row) => string,
): Fitted<Row> {
  const cells = rows.map((row) => oneLine(text(row)))
  return { column, cells, width: Math.max(...[column.title, ...cells].map(stringWidth)) }
}

function shrink<Row>(shown: readonly Fitted<Row>[], width: number): Fitted<Row>[] {
  const result = shown.map((each) => ({ ...each }))
  const order = result
    .filter(({ column }) => column.shrink)
    .toSorted((a, b) => (b.column.shrink ?? 0) - (a.column.shrink ?? 0))
  for (const each of order) {
    const excess = total(result) - width
    if (excess > 0) each.width = Math.min(each.width, Math.max(narrowest, each.width - excess))
  }
  return result
}

const total = (shown: readonly { width: number }[]): number =>
  shown.reduce((sum, { width }) => sum + width, gap.length * (shown.length - 1))

function align(text: string, width: number, isNumber = false, isLast = false): string {
  const blank = ' '.repeat(Math.max(0, width - stringWidth(text)))
  if (isNumber) return blank + text
  return isLast ? text : text + blank
}

/** Cuts at a width in columns, with an ellipsis. */
export function shorten(text: string, width: number): string {
  if (stringWidth(text) <= width) return text
  const { index } = measure(text, { limit: width, ellipsis: '…' })
  // The index is a letter too far where wide and narrow ones stand side by side.
  const letters = Array.from(text.slice(0, index))
  while (letters.length > 0 && stringWidth(letters.join('')) > width - 1) letters.pop()
  return `${letters.join('')}…`
}

/** Columns a text takes on a terminal: two for a Chinese letter. */
export const stringWidth = (text: string): number => measure(text).width

/** Line breaks and other control characters would tear the table, or drive the terminal. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
