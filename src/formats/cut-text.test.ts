import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { countCharacters, cutText } from './cut-text.ts'

it.each`
  text                                     | max   | cut
  ${'short'}                               | ${5}  | ${'short'}
  ${'one two three'}                       | ${9}  | ${'one two'}
  ${'one two three'}                       | ${8}  | ${'one two'}
  ${'unbreakable'}                         | ${5}  | ${'unbre'}
  ${'😀😀😀'}                              | ${2}  | ${'😀😀'}
  ${'кафе\u0301'}                          | ${4}  | ${'каф'}
  ${'👩\u200d🚀x'}                         | ${2}  | ${''}
  ${'ab 👍🏽'}                               | ${4}  | ${'ab'}
  ${'A sentence<br class="wide">and more'} | ${20} | ${'A sentence'}
  ${'5 < 6 and so on for ever'}            | ${12} | ${'5 < 6 and so'}
  ${'A room&nbsp;with a view'}             | ${9}  | ${'A room'}
`('$text cut to $max is $cut', ({ text, max, cut }) => {
  expect(cutText(text, max)).toBe(cut)
})

it('is a beginning of the text that is never too long', () => {
  const words = fc.string({
    unit: fc.oneof(
      fc.constantFrom(' ', '<', '&', 'a'),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    ),
  })
  fc.assert(
    fc.property(words, fc.nat(20), (text, max) => {
      const cut = cutText(text, max)

      expect(text.startsWith(cut)).toBe(true)
      expect(countCharacters(cut)).toBeLessThanOrEqual(max)
      expect(cut.isWellFormed()).toBe(true)
    }),
  )
})

it('counts as the schema does', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(countCharacters(text)).toBe(Array.from(text).length)
    }),
  )
})
