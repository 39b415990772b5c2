import { expect, it } from 'vitest'
import { type Column, renderTable, shorten, stringWidth } from './table.ts'
import { wrap } from './wrap.ts'

const paint = (_: string, text: string): string => text
const columns: Column<{ name: string; why: string; at: string }>[] = [
  { title: 'NAME', text: (row) => row.name },
  { title: 'AT', text: (row) => row.at, narrow: (row) => row.at.slice(5), drop: 1 },
  { title: 'WHY', text: (row) => row.why, isOptional: true, shrink: 1 },
]
const rows = [
  { name: 'haier', at: '2026-11-21 08:00', why: 'цены неверны, 价格有误，等待供应商确认' },
  { name: '海尔-测试', at: '2026-11-20 07:00', why: '' },
]

it('aligns Chinese and Russian letters', () => {
  expect(renderTable(rows, columns, { width: Infinity, paint })).toBe(
    [
      'NAME       AT                WHY',
      'haier      2026-11-21 08:00  цены неверны, 价格有误，等待供应商确认',
      '海尔-测试  2026-11-20 07:00',
      '',
    ].join('\n'),
  )
})

it.each([80, 60, 50, 40, 30, 24])('is never wider than %i columns', (width) => {
  const lines = renderTable(rows, columns, { width, paint }).split('\n')

  expect(Math.max(...lines.map(stringWidth))).toBeLessThanOrEqual(width)
  expect(lines[1]).toContain('haier')
})

it('leaves out a column that is empty in every row', () => {
  const quiet = rows.map((row) => ({ ...row, why: '' }))

  expect(renderTable(quiet, columns, { width: 80, paint })).not.toContain('WHY')
})

it('keeps control characters of a vendor from the terminal', () => {
  const hostile = [{ name: 'a\u001b[31m\nb', at: '', why: '' }]

  expect(renderTable(hostile, columns, { width: 80, paint })).toBe('NAME      AT\na [31m b\n')
})

it.each([1, 2, 5, 9, 20, 29, 30, 31, 32, 33])('cuts at %i columns', (width) => {
  expect(stringWidth(shorten('by root: цены неверны, 价格有误，等待', width))).toBeLessThanOrEqual(
    width,
  )
})

it('breaks between words, keeps long words whole and indents what was indented', () => {
  expect(wrap('one two three four five six\n  a list with more words than fit', 20)).toEqual([
    'one two three four',
    'five six',
    '  a list with more',
    '  words than fit',
  ])
  expect(wrap('see http://127.0.0.1:41745/oauth2/auth', 20)).toEqual([
    'see',
    'http://127.0.0.1:41745/oauth2/auth',
  ])
})
