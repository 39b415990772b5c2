import { type Paint, paintFor } from './colour.ts'
import type { Io } from './io.ts'
import type { Column } from './table.ts'
import { wrap } from './wrap.ts'

export type OutputFormat = 'table' | 'json' | 'jsonl' | 'csv'

/** What every command that prints a list takes: `--json`, or `--output` with one of the four. */
export type OutputFlags = { json?: boolean; output?: OutputFormat }

export const formatOf = (flags: OutputFlags): OutputFormat =>
  flags.json ? 'json' : (flags.output ?? 'table')

/** Prints rows: a table for people; one JSON object, JSON lines or CSV for programs, with every field. */
export async function printList<Row extends object>(
  io: Io,
  list: {
    name: string
    rows: readonly Row[]
    columns: readonly Column<Row>[]
    empty: string
    /** For rows of sentences: where they do not fit into a table, they stand one below the other, each with a head. */
    tall?(row: Row, paint: Paint): { head: string; texts: readonly string[] }
  },
  flags: OutputFlags,
): Promise<void> {
  const format = formatOf(flags)
  if (format === 'json') return printJson(io, { [list.name]: list.rows })
  if (format === 'jsonl') return io.out(jsonLines(list.rows))
  if (format === 'csv') {
    const { csvLines } = await import('../../formats/csv.ts')
    return io.out(csvLines(list.rows))
  }
  if (list.rows.length === 0) return say(io, list.empty)
  const { renderTable, stringWidth } = await import('./table.ts')
  const paint = await paintFor(io)
  const { rows, columns, tall } = list
  if (tall) {
    const plain = renderTable(rows, columns, { width: Infinity, paint: (_, text) => text })
    if (plain.split('\n').some((line) => stringWidth(line) > io.columns)) {
      return io.page(rows.map((row) => tallText(tall(row, paint), io.columns)).join('\n'))
    }
  }
  await io.page(renderTable(rows, columns, { width: io.columns, paint }))
}

function tallText(
  { head, texts }: { head: string; texts: readonly string[] },
  width: number,
): string {
  const lines = texts.filter(Boolean).flatMap((text) => wrap(`  ${printable(text)}`, width))
  return [head, ...lines].map((line) => `${line}\n`).join('')
}

/** The same for a list that goes on: each part is printed at once, under one head. JSON becomes JSON lines. */
export async function openList<Row extends object>(
  io: Io,
  columns: readonly Column<Row>[],
  flags: OutputFlags,
): Promise<(rows: readonly Row[]) => void> {
  const format = formatOf(flags)
  if (format === 'json' || format === 'jsonl') return (rows) => io.out(jsonLines(rows))
  if (format === 'csv') {
    const { csvLines } = await import('../../formats/csv.ts')
    let isBegun = false
    return (rows) => {
      const lines = csvLines(rows)
      io.out(isBegun ? lines.slice(lines.indexOf('\n') + 1) : lines)
      isBegun = true
    }
  }
  const { growTable } = await import('./table.ts')
  const add = growTable(columns, { width: io.columns, paint: await paintFor(io) })
  return (rows) => io.out(add(rows))
}

const jsonLines = (rows: readonly object[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('')

/** Prints one thing: named lines for people, or one JSON object. */
export async function printRecord(
  io: Io,
  record: { data: object; lines: readonly (readonly [name: string, value: string])[] },
  flags: OutputFlags,
): Promise<void> {
  if (formatOf(flags) !== 'table') return printJson(io, record.data)
  const paint = await paintFor(io)
  const shown = record.lines.filter(([, value]) => value !== '')
  const { stringWidth } = await import('./table.ts')
  const width = Math.max(0, ...shown.map(([name]) => stringWidth(name)))
  const lines = shown.flatMap(([name, value]) => {
    const [first = '', ...rest] = wrap(printable(value), io.columns - width - 2)
    const blank = ' '.repeat(width - stringWidth(name))
    const indent = ' '.repeat(width + 2)
    return [`${paint('dim', name)}${blank}  ${first}`, ...rest.map((line) => indent + line)]
  })
  await io.page(lines.map((line) => `${line}\n`).join(''))
}

/** What a vendor or a file says must not drive the terminal. Line breaks stay. */
export const printable = (text: string): string =>
  text.replaceAll(/\r\n?/g, '\n').replaceAll(/[^\P{Cc}\n\t]/gu, ' ')

export const printJson = (io: Io, value: unknown): void =>
  io.out(`${JSON.stringify(value, null, 2)}\n`)

/** A word to the operator, on stderr, wrapped to the terminal; silent with `--quiet`. */
export function say(io: Io, text: string): void {
  if (!io.isQuiet) io.err(`${wrap(text, io.errColumns).join('\n')}\n`)
}
