import { expect, it } from 'vitest'
import { inBytes, inCharacters } from './cut.ts'
import { html, markdown, plainText, wordsOf } from './words.ts'

const alert = { title: 'sms-main\nis down', text: 'first\nsecond', level: 'critical' } as const

it('puts level and title on one line, the text below', () => {
  const words = wordsOf(alert, { max: 100, sizeOf: inBytes })

  expect(words.cut).toBe(false)
  expect(plainText(words)).toBe('[critical] sms-main is down\nfirst\nsecond')
})

it('leaves the escaping to the vendor', () => {
  const words = wordsOf(alert, { max: 100, sizeOf: inBytes })
  const loud = (text: string) => text.toUpperCase()

  expect(markdown(words, loud)).toBe('**[CRITICAL] SMS-MAIN IS DOWN**\n\nFIRST\nSECOND')
  expect(html(words, loud)).toBe('<b>[CRITICAL] SMS-MAIN IS DOWN</b>\nFIRST\nSECOND')
})

it.each([
  [34, '[critical] sms-main is down\nfirst…'],
  [28, '[critical] sms-main is down'],
  [12, '[critical]…'],
])('in %i characters the text gives way first', (max, expected) => {
  const words = wordsOf(alert, { max, sizeOf: inCharacters })

  expect(plainText(words)).toBe(expected)
  expect(words.cut).toBe(true)
})

it.each([
  ['second', 100, '[critical] sms-main is down\nfirst\nsecond'],
  ['third', 100, 'third [critical] sms-main is down\nfirst\nsecond'],
  ['second', 34, 'second [critical] sms-main is down'],
])('the key word %s is in what fits %i', (keyword, max, expected) => {
  const words = wordsOf(alert, { max, sizeOf: inCharacters, keyword })

  expect(plainText(words)).toBe(expected)
})
