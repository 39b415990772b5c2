import { expect, it } from 'vitest'
import { columnsOf, viewOf } from './call-output.ts'
import { renderTable } from './output/table.ts'

const error = { kind: 'rejected', code: '21610', message: 'the number does not take messages' }
const paint = (_: unknown, text: string) => text

it('the columns stand in one order, whoever answered', () => {
  const titles = (row: object) => columnsOf([row as never]).map(({ title }) => title)

  const order = ['TO', 'STATUS', 'MESSAGE ID', 'PARTS', 'ERROR']
  expect(titles({ to: '+1', messageId: 'a', parts: 1, error, status: 'failed' })).toEqual(order)
  expect(titles({ error, status: 'failed', parts: 1, messageId: 'a', to: '+1' })).toEqual(order)
  expect(titles({ b: 1, a: 2 })).toEqual(['B', 'A'])
})

it('on a narrow terminal an id is cut before an error is', () => {
  const to = { to: '+79991234567', status: 'failed', messageId: 'SM'.padEnd(34, '0'), error }

  const text = renderTable([to], columnsOf([to]), { width: 80, paint })

  expect(text).toContain('the number does not take messa')
  expect(text).toMatch(/ SM0+… /)
})

it('instants are written as everywhere', () => {
  const view = viewOf({ status: 'delivered', at: '2026-11-21T08:00:00.000Z', code: '2026' }, true)

  expect(view.lines).toEqual([
    ['status', 'delivered'],
    ['at', '2026-11-21 08:00:00 UTC'],
    ['code', '2026'],
  ])
})
