import { expect, it } from 'vitest'
import type { PreparedCall } from '../../app/call.ts'
import { requireAgreement } from './agreement.ts'

const operation = { name: 'payment.refund' } as PreparedCall['operation']
const pays = {
  operation,
  consent: { needs: 'amount', amount: { minor: 129900, currency: 'CNY' } },
} as const
const sends = { operation, consent: { needs: 'yes', question: 'Call?' } } as const

it.each(['1299', '1299.00', '1299.00 CNY', 'CNY 1 299,00'])(
  'takes %s for the amount',
  async (confirm) => {
    await expect(requireAgreement(pays, confirm)).resolves.toBeUndefined()
  },
)

it.each([undefined, '', '129900', '1299.01', '1299.00 USD', 'yes', '1.299'])(
  'moves nothing when %s was confirmed',
  async (confirm) => {
    await expect(requireAgreement(pays, confirm)).rejects.toMatchObject({ code: 'consent_missing' })
  },
)

it('wants nothing more than the scope of the token for a message, and no amount', async () => {
  await expect(requireAgreement(sends, undefined)).resolves.toBeUndefined()
  await expect(requireAgreement(sends, '1299.00')).rejects.toMatchObject({ code: 'usage' })
})
