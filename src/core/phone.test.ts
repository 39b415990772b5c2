import { expect, it } from 'vitest'
import { normaliseEmail, normalisePhone, splitPhones } from './phone.ts'

it.each`
  text                              | expected
  ${' +7928 506-66-96'}             | ${'+79285066696'}
  ${'8 960 786 50 46'}              | ${'+79607865046'}
  ${'(831) 228-0-239'}              | ${'+78312280239'}
  ${'89887085850'}                  | ${'+79887085850'}
  ${'79887085850'}                  | ${'+79887085850'}
  ${'8-800-555-35-35'}              | ${'+78005553535'}
  ${'+7 701 123 45 67'}             | ${'+77011234567'}
  ${'+86 185 0123 4444'}            | ${'+8618501234444'}
  ${'+810 1234567'}                 | ${'+8101234567'}
  ${'8 (831) 228-02-39 доб. 12'}    | ${'+78312280239'}
  ${'8 831 2280239, 105'}           | ${'+78312280239'}
  ${'88312280239#5'}                | ${'+78312280239'}
  ${'89887085850, 8 960 786 50 46'} | ${'+79887085850'}
  ${'89887085850; 8 960 786 50 46'} | ${'+79887085850'}
  ${'228-02-39'}                    | ${undefined}
  ${'нет'}                          | ${undefined}
  ${''}                             | ${undefined}
  ${'123456789012'}                 | ${undefined}
`('reads the phone $text as $expected', ({ text, expected }) => {
  expect(normalisePhone(text)).toBe(expected)
})

it('splits a list and leaves an extension with its number', () => {
  expect(splitPhones('89887085850, 105; 8 960 786 50 46,89001112233')).toEqual([
    '89887085850, 105',
    '8 960 786 50 46',
    '89001112233',
  ])
})

it.each`
  text                       | expected
  ${' Ivan.Petrov@Mail.RU '} | ${'Ivan.Petrov@mail.ru'}
  ${'a@b.ru, c@d.ru'}        | ${undefined}
  ${'a b@c.ru'}              | ${undefined}
  ${'1@1.ru'}                | ${undefined}
  ${'NO@mail.ru'}            | ${undefined}
  ${'-'}                     | ${undefined}
  ${'Нет'}                   | ${undefined}
  ${'mail@localhost'}        | ${undefined}
`('reads the address $text as $expected', ({ text, expected }) => {
  expect(normaliseEmail(text)).toBe(expected)
})
