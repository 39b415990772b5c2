import { expect, it } from 'vitest'
import type { EditField } from './edit-fields.ts'
import { shown } from './edit-plan.ts'

const field = (isSecret: boolean): EditField => ({
  name: 'password',
  type: 'text',
  isRequired: true,
  isSecret,
  validate: () => undefined,
  read: (value) => value,
  path: ['services', 'a', 'config', 'password'],
  present: undefined,
})

it.each([
  ['${PASSWORD}', '${PASSWORD}'],
  ['${secret:a.password}', '${secret:a.password}'],
  ['${PASSWORD:-canary}', '***'],
  ['canary${PASSWORD}', '***'],
  ['canary', '***'],
])('shows of a secret what names it, never what it is: %s', (value, expected) => {
  expect(shown(field(true), value)).toBe(expected)
})

it('shows no password in an address', () => {
  expect(shown(field(false), 'http://user:canary@example.com')).toBe('http://user:***@example.com')
})
