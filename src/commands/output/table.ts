import measure from 'fast-string-truncated-width'
import type { Paint, Tone } from './colour.ts'

export type Column<Row> = {
  title: string
  text(row: Row): string
  tone?(row: Row): Tone | undefined
  isNumber?: boolean
  /** On a narrow terminal the column with the highest number is shortened first; 0, the default, never. */
  shrink?: number
}

const gap = '  '
const narrowest = 6

/**
 * Lines of a table, aligned also where letters are two columns wide. Nothing is shortened when `width` is Infinity,
 * as it is in a pipe.
 */
export function renderTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { width, paint }: { width: number; paint: Paint },
): string {
  const cells = rows.map((row) => columns.map((column) => oneLine(column.text(row))))
  const natural = columns.map((column, at) =>
    Math.max(stringWidth(column.title), ...cells.map((line) => stringWidth(line[at] ?? ''))),
  )
  const widths = fit(natural, columns, width)
  const line = (texts: readonly string[], tone: (at: number) => Tone | undefined) =>
    texts
      .map((text, at) => {
        const column = columns[at]
        const isLast = at === columns.length - 1
        const cell = align(
          shorten(text, widths[at] ?? 0),
          widths[at] ?? 0,
          column?.isNumber,
          isLast,
        )
        const shade = tone(at)
        return shade ? paint(shade, cell) : cell
      })
      .join(gap)
      .trimEnd()
  const head = line(
    columns.map((column) => column.title),
    () => 'dim',
  )
  const body = rows.map((row, index) => line(cells[index] ?? [], (at) => columns[at]?.tone?.(row)))
  return `${[head, ...body].join('\n')}\n`
}

function fit<Row>(natural: number[], columns: readonly Column<Row>[], width: number): number[] {
  const widths = [...natural]
  const total = () => widths.reduce((sum, each) => sum + each, gap.length * (widths.length - 1))
  const order = columns
    .map((column, at) => ({ at, shrink: column.shrink ?? 0 }))
    .filter(({ shrink }) => shrink > 0)
    .toSorted((a, b) => b.shrink - a.shrink)
  for (const { at } of order) {
    const excess = total() - width
    if (excess <= 0) break
    widths[at] = Math.max(narrowest, (widths[at] ?? 0) - excess)
  }
  return widths
}

function align(text: string, width: number, isNumber = false, isLast = false): string {
  const blank = ' '.repeat(Math.max(0, width - stringWidth(text)))
  if (isNumber) return blank + text
  return isLast ? text : text + blank
}

/** Cuts at a width in columns, with an ellipsis. */
export function shorten(text: string, width: number): string {
  const { index, ellipsed } = measure(text, { limit: width, ellipsis: '…' })
  return ellipsed ? `${text.slice(0, index)}…` : text
}

/** Columns a text takes on a terminal: two for a Chinese letter. */
const stringWidth = (text: string): number => measure(text).width

/** Line breaks and other control characters would tear the table, or drive the terminal. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
