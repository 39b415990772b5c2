import { expect, it } from 'vitest'
import { jsonOf, parseExact } from './exact-json.ts'

it('keeps every digit of a whole number that no number holds, and leaves the rest as it is', () => {
  const text =
    '{"id":9007199254740993,"below":-9007199254740993,"small":42,"price":0.5,"huge":1e300,"said":"id 9007199254740993"}'

  expect(parseExact(text)).toEqual({
    id: '9007199254740993',
    below: '-9007199254740993',
    small: 42,
    price: 0.5,
    huge: 1e300,
    said: 'id 9007199254740993',
  })
})

it.each(['', '{', 'null,', '<html>', '\u0000'])('what is not JSON is undefined: %j', (text) => {
  expect(jsonOf(Buffer.from(text))).toBeUndefined()
})
