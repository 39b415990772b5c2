import { expect, it } from 'vitest'
import { z } from 'zod'
import { defineKind } from '../../core/kind.ts'
import { Money } from '../../core/money.ts'
import { consentFor, isAmount, requireConfirmed } from './consent.ts'
import { type NamedOperation, operationNamed } from './operation.ts'

const payment = defineKind({
  id: 'payment',
  title: 'For tests',
  operations: {
    refund: {
      summary: 'Gives money back',
      effect: 'money',
      input: z.object({ amount: Money }),
      output: z.object({}),
      amount: ({ amount }: { amount: Money }) => amount,
    },
  },
})
const refund: NamedOperation = {
  name: 'payment.refund',
  kind: payment,
  operation: 'refund',
  shape: payment.operations.refund,
}

it.each<[text: string, minor: number, currency: string, isIt: boolean]>([
  ['1299', 129900, 'CNY', true],
  ['1299.00', 129900, 'CNY', true],
  ['1299,00', 129900, 'CNY', true],
  ['1 299,00', 129900, 'CNY', true],
  ['1299.00 CNY', 129900, 'CNY', true],
  ['cny 1299', 129900, 'CNY', true],
  ['1299.00 RUB', 129900, 'CNY', false],
  ['1299.004', 129900, 'CNY', false],
  ['1298.996', 129900, 'CNY', false],
  ['1,299', 129900, 'CNY', false],
  ['1.299', 129900, 'CNY', false],
  ['1,299.00', 129900, 'CNY', false],
  ['12.99', 129900, 'CNY', false],
  ['129900', 129900, 'CNY', false],
  ['-1299', 129900, 'CNY', false],
  ['', 0, 'CNY', false],
  ['yes', 0, 'CNY', false],
  ['0', 0, 'CNY', true],
  ['CNY', 0, 'CNY', false],
  ['500', 500, 'JPY', true],
  ['500.0', 500, 'JPY', true],
  ['500.5', 500, 'JPY', false],
  ['1.250', 1250, 'KWD', true],
  ['1.25', 1250, 'KWD', true],
  ['1250', 1250, 'KWD', false],
])('%j against %i of %s is %s', (text, minor, currency, isIt) => {
  expect(isAmount(text, { minor, currency })).toBe(isIt)
})

it('reads need nothing, messages a yes that says how many they reach, money its amount', () => {
  const send = operationNamed('sms.send')

  expect(consentFor(operationNamed('sms.status'), {})).toEqual({ needs: 'nothing' })
  expect(consentFor(send, { to: ['+8618501234444'], text: 'Ab\n c' })).toEqual({
    needs: 'yes',
    question: 'Call sms.send, which sends a message to 1 recipient?',
    about: 'text "Ab c" (5 characters)',
  })
  expect(consentFor(send, { to: ['+8618501234444', '+8618501235555'] })).toMatchObject({
    question: 'Call sms.send, which sends a message to 2 recipients?',
  })
  const amount = { minor: 129900, currency: 'CNY' }
  expect(consentFor(refund, { amount })).toEqual({ needs: 'amount', amount })
})

it.each([[undefined], [{ minor: 129901, currency: 'CNY' }], [{ minor: 129900, currency: 'RUB' }]])(
  'a program that confirms %j moves nothing',
  (confirm) => {
    const input = { amount: { minor: 129900, currency: 'CNY' } }

    expect(() => requireConfirmed(refund, input, confirm)).toThrow(
      expect.objectContaining({ code: 'consent_missing' }),
    )
    expect(() => requireConfirmed(refund, input, input.amount)).not.toThrow()
  },
)
