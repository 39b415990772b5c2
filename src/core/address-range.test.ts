import { expect, it } from 'vitest'
import { isAddressRange, makeRangeCheck } from './address-range.ts'

it.each`
  text                | is
  ${'203.0.113.7'}    | ${true}
  ${'203.0.113.0/24'} | ${true}
  ${'2001:db8::/32'}  | ${true}
  ${'::1'}            | ${true}
  ${'203.0.113.0/33'} | ${false}
  ${'203.0.113.0/'}   | ${false}
  ${'203.0.113/24'}   | ${false}
  ${'fe80::1%eth0'}   | ${false}
  ${'example.com'}    | ${false}
  ${'1.2.3.4/8/8'}    | ${false}
`('$text: $is', ({ text, is }) => {
  expect(isAddressRange(text)).toBe(is)
})

it('knows what lies in them', () => {
  const isIn = makeRangeCheck(['203.0.113.0/24', '2001:db8::/32'])

  expect(isIn('203.0.113.255')).toBe(true)
  expect(isIn('::ffff:203.0.113.1')).toBe(true)
  expect(isIn('203.0.114.1')).toBe(false)
  expect(isIn('2001:db8::5')).toBe(true)
  expect(isIn('2001:db9::5')).toBe(false)
  expect(isIn('nonsense')).toBe(false)
})

it('an empty list holds nobody', () => {
  expect(makeRangeCheck([])('127.0.0.1')).toBe(false)
})
