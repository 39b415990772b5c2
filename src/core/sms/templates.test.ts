import { expect, it } from 'vitest'
import { fillText, orderedParams, Templates, TextTemplates } from './templates.ts'

const templates = Templates.parse({
  code: { id: '1110', params: ['code', 'minutes'] },
  plain: { id: '1111' },
})
const byPosition = { isVendorId: /^\d+$/ }
const byName = { isVendorId: /^SMS_/, named: true }

it('takes the order of the config, not that of the object', () => {
  const filled = orderedParams(
    templates,
    { template: 'code', params: { minutes: '5', code: '4370' } },
    byPosition,
  )

  expect(filled).toEqual({
    id: '1110',
    params: [
      { name: 'code', value: '4370' },
      { name: 'minutes', value: '5' },
    ],
  })
})

it('leaves a list in its order and gives it the names of the config', () => {
  const filled = orderedParams(templates, { template: 'code', params: ['4370', '5'] }, byPosition)

  expect(filled.params).toEqual([
    { name: 'code', value: '4370' },
    { name: 'minutes', value: '5' },
  ])
})

it.each([
  [{ code: '1' }, 'the template code lacks minutes'],
  [{ code: '1', minutes: '5', name: 'x' }, 'the template code does not take name'],
  [{ kode: '1', minutes: '5' }, 'the template code lacks code and does not take kode'],
  [['1'], 'the template code takes 2 values, and 1 were given'],
  [undefined, 'the template code lacks code, minutes'],
])('%j: %s', (params, message) => {
  const fill = () => orderedParams(templates, { template: 'code', params }, byPosition)

  expect(fill).toThrow(expect.objectContaining({ kind: 'rejected', outcome: 'not_done', message }))
})

it.each([
  ['2220', ['a', 'b'], byPosition, { id: '2220', params: [{ value: 'a' }, { value: 'b' }] }],
  ['2220', undefined, byPosition, { id: '2220', params: [] }],
  ['SMS_1', { a: '1' }, byName, { id: 'SMS_1', params: [{ name: 'a', value: '1' }] }],
])('%s with %j is the vendor’s own', (template, params, rules, filled) => {
  expect(orderedParams(templates, { template, params }, rules)).toEqual(filled)
})

it.each([
  ['2220', { a: '1' }, byPosition],
  ['SMS_1', ['1'], byName],
  ['order_shipped', undefined, byPosition],
  ['toString', undefined, byPosition],
])('%s with %j may be known to another service', (template, params, rules) => {
  const fill = () => orderedParams(templates, { template, params }, rules)

  expect(fill).toThrow(expect.objectContaining({ kind: 'config', code: 'template_unknown' }))
})

it('fills the holes of a text, and leaves braces in values alone', () => {
  const texts = TextTemplates.parse({ code: 'Code {code}, again {code}, {minutes} min' })

  const text = fillText(texts, { template: 'code', params: { minutes: '5', code: '{minutes}$&' } })

  expect(text).toBe('Code {minutes}$&, again {minutes}$&, 5 min')
  expect(() => fillText(texts, { template: 'code', params: { code: '1' } })).toThrow(
    'lacks minutes',
  )
  expect(() => fillText(texts, { template: 'other' })).toThrow('no template named other')
})
