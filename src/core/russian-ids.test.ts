import { expect, it } from 'vitest'
import { isAccount, isBik, isInn, isKpp, isOgrn, isOkpo, suggestInn } from './russian-ids.ts'

it.each`
  check     | text                 | expected
  ${isInn}  | ${'7707083893'}      | ${true}
  ${isInn}  | ${'500100732259'}    | ${true}
  ${isInn}  | ${'7707083894'}      | ${false}
  ${isInn}  | ${'500100732258'}    | ${false}
  ${isInn}  | ${'500100732249'}    | ${false}
  ${isInn}  | ${'2500000000'}      | ${false}
  ${isInn}  | ${'0000000000'}      | ${false}
  ${isInn}  | ${'770708389'}       | ${false}
  ${isInn}  | ${' 7707083893'}     | ${false}
  ${isKpp}  | ${'770701001'}       | ${true}
  ${isKpp}  | ${'7707AZ001'}       | ${true}
  ${isKpp}  | ${'7707az001'}       | ${false}
  ${isKpp}  | ${'7707010012'}      | ${false}
  ${isOkpo} | ${'00032537'}        | ${true}
  ${isOkpo} | ${'0643302425'}      | ${true}
  ${isOkpo} | ${'00032538'}        | ${false}
  ${isOkpo} | ${'0003253'}         | ${false}
  ${isOgrn} | ${'1027700132195'}   | ${true}
  ${isOgrn} | ${'1027700132196'}   | ${false}
  ${isOgrn} | ${'304500116000157'} | ${true}
  ${isOgrn} | ${'304500116000158'} | ${false}
  ${isBik}  | ${'044525225'}       | ${true}
  ${isBik}  | ${'04452522'}        | ${false}
`('$check.name of $text is $expected', ({ check, text, expected }) => {
  expect(check(text)).toBe(expected)
})

it('suggests the leading zero that a spreadsheet took', () => {
  expect(suggestInn('274062111')).toBe('0274062111')
  expect(suggestInn('274062112')).toBeUndefined()
  expect(suggestInn('7707083893')).toBeUndefined()
})

it('checks an account against its bank', () => {
  expect(isAccount('30101810400000000225', '044525225', 'correspondent')).toBe(true)
  expect(isAccount('30101810400000000226', '044525225', 'correspondent')).toBe(false)
  expect(isAccount('40702810200000000001', '044525225')).toBe(true)
  expect(isAccount('40702810300000000001', '044525225')).toBe(false)
  expect(isAccount('4070281020000000001', '044525225')).toBe(false)
})
