import { describe, expect, it } from 'vitest'
import { checkAgainst } from '../../config/issues.ts'
import { alert } from './alert.ts'
import { sms } from './sms.ts'

const faultsOf = (schema: Parameters<typeof checkAgainst>[0], input: unknown): string[] => {
  const checked = checkAgainst(schema, input)
  return checked.ok
    ? []
    : checked.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
}
const { input: send } = sms.operations.send
const { input: status } = sms.operations.status
const { input: notify } = alert.operations.notify

describe('a number says what is wrong with it', () => {
  it.each([
    ['+8618501234444', undefined, undefined],
    ['185 0123 4444', 'CN', undefined],
    ['abc', undefined, 'to: abc is not a telephone number'],
    ['12', undefined, 'to: 12 is not a telephone number'],
    ['18501234444', undefined, 'to: 18501234444 has no country: write it with a plus, or give country'], // prettier-ignore
    ['+861', undefined, 'to: +861 is not a telephone number'],
    ['18501234444', 'XX', 'country: is no country with telephone numbers of its own; such as CN or RU'], // prettier-ignore
    ['18501234444', 'china', 'country: must be two capital letters, such as CN'],
    ['+8618501234444,+8618501235555', undefined, 'to: several numbers are a list: to=… once for each, or a JSON list of them'], // prettier-ignore
    ['+8618501234444; +8618501235555', undefined, 'to: several numbers are a list: to=… once for each, or a JSON list of them'], // prettier-ignore
    [`+${'1'.repeat(60)}`, undefined, `to: +${'1'.repeat(39)}… is not a telephone number`],
  ])('%s with %s: %s', (to, country, fault) => {
    expect(faultsOf(send, { to, country, text: 'x' })).toEqual(fault === undefined ? [] : [fault])
  })

  it('also within a list', () => {
    expect(faultsOf(send, { to: ['+8618501234444', 'abc'], text: 'x' })).toEqual([
      'to: abc is not a telephone number',
    ])
  })
})

it.each(['', ' ', '\n\t', '\u3000', '\u00a0'])('a text of blanks is refused: %j', (text) => {
  expect(faultsOf(send, { to: '+8618501234444', text })).toContainEqual(
    expect.stringMatching(/^text: must not be (?:blank|empty)$/),
  )
})

it('the blanks around a text stay', () => {
  const checked = send.parse({ to: '+8618501234444', text: ' a ' })

  expect(checked.text).toBe(' a ')
})

it.each(['a\nb', 'a\r\nb', 'a\u2028b', 'a\u0085b'])('a title is one line: %j', (title) => {
  expect(faultsOf(notify, { title, text: 'x' })).toEqual(['title: must be one line'])
})

it.each([
  ['2026-11-21', true],
  ['2026-11-21T08:00:00+08:00', true],
  ['21.11.2026', false],
])('sentAt %s', (sentAt, isGood) => {
  const found = faultsOf(status, { messageId: '1', to: '+8618501234444', sentAt })

  expect(found.length === 0).toBe(isGood)
})
