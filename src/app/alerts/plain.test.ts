import { expect, it } from 'vitest'
import { plainText } from './plain.ts'

it.each([
  ['the order of +86 185 0123 4444 was refused', 'the order of … was refused'],
  ['sent to ivan@example.com and <olga@example.com>', 'sent to … and <…>'],
  ['row 12 of 300: HTTP 503', 'row 12 of 300: HTTP 503'],
  ['first line\nsecond line', 'first line'],
  ['tab\tand\u2028break\u0007', 'tab and break '],
  ['слово '.repeat(100), `${'слово '.repeat(50).trim()}…`],
])('%j', (text, shown) => {
  expect(plainText(text)).toBe(shown)
})
