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
  /** How narrow it may become before other columns are left out; 10 when it is not said. */
  least?: number
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
  const whole = columns
    .map((column) => measured(rows, column, column.text))
    .filter(({ column, cells }) => !column.isOptional || cells.some((cell) => cell !== ''))
  const shown = fit(rows, whole, width)
  return headOf(shown, paint) + bodyOf(rows, shown, paint)
}

/**
 * A table that grows at its end: what is rendered first has the head, what follows stands in the same columns. They only
 * become wider, as far as the page allows.
 */
export function growTable<Row>(
  columns: readonly Column<Row>[],
  { width, paint }: Page,
): (rows: readonly Row[]) => string {
  let former: Fitted<Row>[] | undefined
  return (rows) => {
    if (!former) {
      former = fit(
        rows,
        columns.map((column) => measured(rows, column, column.text)),
        width,
      )
      return headOf(former, paint) + bodyOf(rows, former, paint)
    }
    const wished = former.map(({ column, text, width: least }) => {
      const now = measured(rows, column, text)
      return { ...now, width: Math.max(least, now.width) }
    })
    former = squeeze(shrink(wished, width), width)
    return bodyOf(rows, former, paint)
  }
}

type Fitted<Row> = {
  column: Column<Row>
  /** Of the two texts of the column, the one that is shown. */
  text(row: Row): string
  cells: string[]
  width: number
}

const headOf = <Row>(shown: readonly Fitted<Row>[], paint: Paint): string =>
  lineOf(
    shown,
    ({ column }) => column.title,
    () => 'dim',
    paint,
  )

const bodyOf = <Row>(rows: readonly Row[], shown: readonly Fitted<Row>[], paint: Paint): string =>
  rows
    .map((row, index) =>
      lineOf(
        shown,
        ({ cells }) => cells[index] ?? '',
        ({ column }) => column.tone?.(row),
        paint,
      ),
    )
    .join('')

function lineOf<Row>(
  shown: readonly Fitted<Row>[],
  textOf: (each: Fitted<Row>) => string,
  toneOf: (each: Fitted<Row>) => Tone | undefined,
  paint: Paint,
): string {
  const cells = shown.map((each, at) => {
    const text = shorten(textOf(each), each.width)
    const blank = ' '.repeat(Math.max(0, each.width - stringWidth(text)))
    const tone = text === '' ? undefined : toneOf(each)
    const painted = tone ? paint(tone, text) : text
    if (each.column.isNumber) return blank + painted
    return at === shown.length - 1 ? painted : painted + blank
  })
  return `${cells.join(gap).trimEnd()}\n`
}

/**
 * Which columns are shown, with which texts and how wide: whole if they fit, else shorter texts, else the least important
 * ones cut, else fewer. What is left on a very narrow terminal is cut wherever it is widest.
 */
function fit<Row>(
  rows: readonly Row[],
  whole: readonly Fitted<Row>[],
  width: number,
): Fitted<Row>[] {
  if (total(whole) <= width) return [...whole]
  let shown = whole.map(({ column }) => measured(rows, column, column.narrow ?? column.text))
  for (;;) {
    const cut = shrink(shown, width)
    const [first] = shown
      .filter(({ column }) => column.drop)
      .toSorted((a, b) => (b.column.drop ?? 0) - (a.column.drop ?? 0))
    if (total(cut) <= width) return cut
    if (!first) return squeeze(cut, width)
    shown = shown.filter((each) => each !== first)
  }
}

function measured<Row>(
  rows: readonly Row[],
  column: Column<Row>,
  text: (row: Row) => string,
): Fitted<Row> {
  const cells = rows.map((row) => oneLine(text(row)))
  const width = [column.title, ...cells].reduce(
    (most, each) => Math.max(most, stringWidth(each)),
    0,
  )
  return { column, text, cells, width }
}

function shrink<Row>(shown: readonly Fitted<Row>[], width: number): Fitted<Row>[] {
  const result = shown.map((each) => ({ ...each }))
  const order = result
    .filter(({ column }) => column.shrink)
    .toSorted((a, b) => (b.column.shrink ?? 0) - (a.column.shrink ?? 0))
  for (const each of order) {
    const excess = total(result) - width
    if (excess > 0)
      each.width = Math.min(
        each.width,
        Math.max(each.column.least ?? narrowest, each.width - excess),
      )
  }
  return result
}

/** A line that is too long would be broken by the terminal, and all columns with it. */
function squeeze<Row>(shown: readonly Fitted<Row>[], width: number): Fitted<Row>[] {
  let result = shown.map((each) => ({ ...each }))
  while (total(result) > width && result.length > 0) {
    const widest = result.reduce((most, each) => (each.width > most.width ? each : most))
    if (widest.width > 1) widest.width--
    else if (result.length > 1) result = result.slice(0, -1)
    else break
  }
  return result
}

const total = (shown: readonly { width: number }[]): number =>
  shown.reduce((sum, { width }) => sum + width, gap.length * (shown.length - 1))

/** Cuts at a width in columns, with an ellipsis. A letter and the marks on it stay together. */
export function shorten(text: string, width: number): string {
  if (stringWidth(text) <= width) return text
  if (width < 1) return ''
  const { index } = measure(text, { limit: width, ellipsis: '…' })
  // The index is a letter too far where wide and narrow ones stand side by side.
  const letters = text.slice(0, index).match(letterPattern) ?? []
  while (letters.length > 0 && stringWidth(`${letters.join('')}…`) > width) letters.pop()
  return `${letters.join('').trimEnd()}…`
}

/** What a reader takes for one: with its accents, its skin colour, or as a flag of two. Intl would cost at every start. */
const letterPattern =
  /\p{Regional_Indicator}{2}|\P{M}(?:[\p{M}\p{Emoji_Modifier}\u{fe0f}]|\u{200d}\P{M})*|\p{M}+/gu

/** Columns a text takes on a terminal: two for a Chinese letter. */
export const stringWidth = (text: string): number => measure(text).width

/** Line breaks and other control characters would tear the table, or drive the terminal. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
