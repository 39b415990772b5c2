import { expect, it } from 'vitest'
import { isSameText } from './same-text.ts'

it.each([
  ['abc', 'abc', true],
  ['abd', 'abc', false],
  ['', 'abc', false],
  ['abcd', 'abc', false],
  ['äb', 'abc', false], // as many bytes, fewer characters
  ['подпись', 'abc', false],
])('%j is %j: %s', (given, right, isSame) => {
  expect(isSameText(given, right)).toBe(isSame)
})
