import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { csvLines, csvRow, guardFormula, readCsv, writeCsv } from './csv.ts'

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

const text = async (...parameters: Parameters<typeof writeCsv>): Promise<string> =>
  (await collect(writeCsv(...parameters))).join('')

it.each`
  cell                    | field
  ${'plain'}              | ${'plain'}
  ${'a,b'}                | ${'"a,b"'}
  ${'5" pipe'}            | ${'"5"" pipe"'}
  ${'two\nlines'}         | ${'"two\nlines"'}
  ${' blank'}             | ${'" blank"'}
  ${null}                 | ${''}
  ${-5}                   | ${'-5'}
  ${'-5'}                 | ${'-5'}
  ${'-0,5'}               | ${'"-0,5"'}
  ${'+79001234567'}       | ${'+79001234567'}
  ${'=1+1'}               | ${"'=1+1"}
  ${'@SUM(A1)'}           | ${"'@SUM(A1)"}
  ${"-1+cmd|' /C calc'!"} | ${"'-1+cmd|' /C calc'!"}
  ${'＝1+1'}              | ${"'＝1+1"}
  ${'\t=1'}               | ${"'\t=1"}
  ${"'=1"}                | ${"''=1"}
  ${"it's"}               | ${"it's"}
`('$cell is written as $field', ({ cell, field }) => {
  expect(csvRow([cell, 'x'])).toBe(`${field},x\r\n`)
})

it('reads back what it wrote, however it is cut', async () => {
  const cell = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('"', ',', '\r', '\n', '=', "'", '-', '5', ' ', '\ufeff') }),
  )
  const table = fc
    .integer({ min: 1, max: 4 })
    .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width })))
  await fc.assert(
    fc.asyncProperty(table, fc.integer({ min: 1, max: 5 }), async (rows, step) => {
      const whole = await text(['a'], rows, { bom: true })
      const pieces = whole.match(new RegExp(`[^]{1,${step}}`, 'g')) ?? []

      const read = await collect(readCsv(pieces))

      expect(read).toEqual([['a'], ...rows])
    }),
  )
})

it('never writes a text that a spreadsheet would run', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('=', '+', '-', '@', "'", ' ', 'A', '1') }),
      (cell) => {
        const guarded = guardFormula(cell)

        expect(guarded).not.toMatch(/^\s*[=@]|^\s*[+-](?![\d.,]*$)/)
      },
    ),
  )
})

it.each`
  csv                | message
  ${'a,b\r\n"open'}  | ${'line 2 of the CSV: a quote is never closed'}
  ${'a\nb"c"\n'}     | ${'line 2 of the CSV: a quote stands inside a field that does not begin with one'}
  ${'"a"b\n'}        | ${'line 1 of the CSV: text stands behind a closing quote'}
  ${'x'.repeat(101)} | ${'line 1 of the CSV: a row is over 100 characters'}
`('refuses $csv', async ({ csv, message }) => {
  const reading = collect(readCsv([csv], { maxRowLength: 100 }))

  await expect(reading).rejects.toMatchObject({ code: 'input_invalid', message })
})

it('counts all fields of a row against the limit', async () => {
  const reading = collect(readCsv(['a,'.repeat(100)], { maxRowLength: 100 }))

  await expect(reading).rejects.toMatchObject({ code: 'input_invalid' })
})

it('reads other line ends and skips empty lines', async () => {
  const rows = await collect(readCsv(['a,b\n\n1,\r', '\n"2","x\r\ny"\r3,4']))

  expect(rows).toEqual([
    ['a', 'b'],
    ['1', ''],
    ['2', 'x\r\ny'],
    ['3', '4'],
  ])
})

it('makes a table of objects with different keys', () => {
  expect(
    csvLines([
      { a: 1, b: ['x'] },
      { c: null, a: '=1' },
    ]),
  ).toBe('a,b,c\r\n1,"[""x""]",\r\n\'=1,,\r\n')
})
