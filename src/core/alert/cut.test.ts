import { expect, it } from 'vitest'
import { cutTo, inBytes, inCharacters, inJsonBytes, inUnits, sizeOfText } from './cut.ts'

it.each`
  text              | max   | sizeOf          | expected
  ${'short'}        | ${5}  | ${inBytes}      | ${'short'}
  ${'too long'}     | ${7}  | ${inBytes}      | ${'too…'}
  ${'订单已取消'}   | ${10} | ${inBytes}      | ${'订单…'}
  ${'订单已取消'}   | ${4}  | ${inCharacters} | ${'订单已…'}
  ${'Ёлка'}         | ${6}  | ${inBytes}      | ${'Ё…'}
  ${'🔥🔥🔥'}       | ${4}  | ${inUnits}      | ${'🔥…'}
  ${'🔥🔥🔥'}       | ${2}  | ${inCharacters} | ${'🔥…'}
  ${'a👨‍👩‍👧'}          | ${4}  | ${inCharacters} | ${'a…'}
  ${'ae\u0301x'}    | ${3}  | ${inCharacters} | ${'a…'}
  ${'"""""'}        | ${8}  | ${inJsonBytes}  | ${'""…'}
  ${'a\ud83d'}      | ${9}  | ${inBytes}      | ${'a\ufffd'}
  ${'no room'}      | ${2}  | ${inBytes}      | ${''}
  ${'just the one'} | ${3}  | ${inBytes}      | ${'…'}
`('$text in $max is $expected', ({ text, max, sizeOf, expected }) => {
  const cut = cutTo(text, max, sizeOf)

  expect(cut).toEqual({ text: expected, cut: expected !== text.toWellFormed() })
  expect(sizeOfText(cut.text, sizeOf)).toBeLessThanOrEqual(max)
})

it('is as long in JSON as was counted', () => {
  const text = 'a"\\\n\u0001\u2028ж订🔥'

  expect(sizeOfText(text, inJsonBytes)).toBe(Buffer.byteLength(JSON.stringify(text)) - 2)
})
