import { expect, it } from 'vitest'
import { clockHint } from './clock-hint.ts'

const now = new Date('2026-01-02T12:00:00Z')

it.each([
  ['Fri, 02 Jan 2026 11:59:00 GMT', '1 minute ahead of'],
  ['Fri, 02 Jan 2026 12:20:00 GMT', '20 minutes behind'],
  ['Fri, 02 Jan 2026 04:00:00 GMT', '8 h ahead of'],
  ['Mon, 05 Jan 2026 12:00:00 GMT', '3 days behind'],
])('the vendor says %s: %s', (date, words) => {
  expect(clockHint(date, now)).toBe(`The clock of this machine is ${words} the vendor’s.`)
})

it.each([undefined, '', 'yesterday', 'Fri, 02 Jan 2026 11:59:30 GMT'])(
  'says nothing of %s',
  (date) => {
    expect(clockHint(date, now)).toBeUndefined()
  },
)

it('says nothing of a difference that does not matter to the vendor', () => {
  expect(clockHint('Fri, 02 Jan 2026 11:56:00 GMT', now, 300_000)).toBeUndefined()
})
