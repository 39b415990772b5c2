import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Column, growTable, renderTable, stringWidth } from './table.ts'

const seed = Number(process.env.CARAVAN_SEED ?? Date.now() % 1_000_000)
const numRuns = process.env.CARAVAN_FAULTS === 'long' ? 20_000 : 400

/** Letters of every width: one column, two, none, and several code points for one. */
const seen =
  'a Z 0 - ж Й ё 海 尔 ， （ ｱ 한 ば ก็ 👍 👍🏽 ❤️ 🇨🇳 1️⃣ 👨‍👩‍👧 … │ ™ e\u0301 и\u0306 a\u0300\u0323'
const unseen = ' \n\t\u001b\u200b\u202e\u2028\u0301'
const letter = fc.constantFrom(...seen.split(' '), ...unseen, '\u001b[31m')
const text = fc.oneof(
  { weight: 4, arbitrary: fc.array(letter, { maxLength: 30 }).map((each) => each.join('')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
)

type Row = string[]

const column = (at: number): fc.Arbitrary<Column<Row>> =>
  fc.record({
    title: fc.constantFrom('NAME', 'WHY', 'ОШИБКА', '名称', 'X'),
    text: fc.constant((row: Row) => row[at] ?? ''),
    isNumber: fc.boolean(),
    isOptional: fc.boolean(),
    shrink: fc.nat(3),
    drop: fc.nat(3),
  })

const table = fc.integer({ min: 1, max: 7 }).chain((size) =>
  fc.record({
    columns: fc.tuple(...Array.from({ length: size }, (_, at) => column(at))),
    rows: fc.array(fc.array(text, { minLength: size, maxLength: size }), { maxLength: 6 }),
  }),
)

const marked = (_: string, part: string): string => part
const whole = { width: Infinity, paint: marked }

const check = (property: fc.IProperty<unknown>) => fc.assert(property, { seed, numRuns })

it.each([1, 2, 5, 10, 24, 40, 80, 120])(
  `no line is wider than %i columns (seed ${seed})`,
  (width) => {
    check(
      fc.property(table, ({ columns, rows }) => {
        const lines = renderTable(rows, columns, { width, paint: marked }).split('\n')

        expect(lines.map(stringWidth).filter((each) => each > width)).toEqual([])
        expect(lines).toHaveLength(rows.length + 2)
      }),
    )
  },
)

it(`nothing is lost in a pipe (seed ${seed})`, () => {
  check(
    fc.property(table, ({ columns, rows }) => {
      const out = renderTable(rows, columns, whole)

      for (const row of rows) {
        for (const [at] of columns.entries()) {
          expect(blanks(out)).toContain(blanks(row[at] ?? ''))
        }
      }
    }),
  )
})

it.each([Infinity, 120, 80, 40])(
  `every column begins where its title does, %i columns wide (seed ${seed})`,
  (width) => {
    check(
      fc.property(table, ({ columns, rows }) => {
        // The tone tells where a cell begins: it is painted alone, without what pads it.
        const toned = columns.map((each) => ({
          ...each,
          isNumber: false,
          tone: () => 'good' as const,
        }))
        const paint = (_: string, part: string) => mark + part
        const [head = '', ...body] = renderTable(rows, toned, { width, paint })
          .split('\n')
          .slice(0, -1)

        const titles = startsOf(head)
        for (const line of body) {
          expect(startsOf(line).filter((start) => !titles.includes(start))).toEqual([])
        }
      }),
    )
  },
)

it.each([Infinity, 120, 40])(
  `a table that grows has one head and keeps to %i columns (seed ${seed})`,
  (width) => {
    check(
      fc.property(table, fc.nat(6), ({ columns, rows }, cut) => {
        const add = growTable(columns, { width, paint: marked })

        const lines = (add(rows.slice(0, cut)) + add(rows.slice(cut))).split('\n')

        expect(lines).toHaveLength(rows.length + 2)
        expect(lines.map(stringWidth).filter((each) => each > width)).toEqual([])
      }),
    )
  },
)

/** Where a painted cell begins. */
const mark = '\u0001'

/** Display columns at which the painted cells of a line begin. */
const startsOf = (line: string): number[] =>
  line
    .split(mark)
    .slice(0, -1)
    .map((_, at, parts) => stringWidth(parts.slice(0, at + 1).join('')))

/** Control characters become blanks, and blanks at an end may go. */
const blanks = (part: string): string =>
  part.replaceAll(/[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim()
