import { expect, it } from 'vitest'
import { IntegrationError, type IntegrationErrorOptions } from '../errors.ts'
import { SmsResult } from '../kinds/sms.ts'
import { smsResult, type SmsRow } from './result.ts'

const [a, b, c] = ['+8618500000001', '+8618500000002', '+8618500000003']
const taken = (to: string, messageId = `id of ${to}`): SmsRow => ({
  to,
  status: 'accepted',
  messageId,
  parts: 1,
})
const refused = (to: string, options: Partial<IntegrationErrorOptions> = {}): SmsRow => {
  const failure = new IntegrationError({ kind: 'rejected', message: 'no', code: 'E', ...options })
  return { to, status: failure.outcome === 'unknown' ? 'unknown' : 'failed', failure }
}
const personal = { kind: 'rate_limited', scope: 'recipient', retryAfterMs: 30_000 } as const
const busy = { kind: 'rate_limited', retryAfterMs: 1000 } as const

it('equal outcomes are the outcome of the whole', () => {
  const result = smsResult([taken(a, 'B^0'), taken(b, 'B^0')], { requestId: 'R' })

  expect(result).toMatchObject({ status: 'accepted', partial: false, messageId: 'B^0', parts: 2 })
  expect(SmsResult.parse(result).requestId).toBe('R')
})

it('mixed ones are partial, with a row for each', () => {
  const result = smsResult([taken(a), refused(b, personal), refused(c, { outcome: 'unknown' })])

  expect(result).toMatchObject({ status: 'accepted', partial: true, parts: 1 })
  expect(result.messageId).toBeUndefined()
  expect(result.recipients).toMatchObject([
    { to: a, status: 'accepted' },
    { to: b, status: 'failed', error: { kind: 'rate_limited', code: 'E' } },
    { to: c, status: 'unknown', error: { kind: 'rejected' } },
  ])
})

it.each<[string, SmsRow[], Partial<IntegrationErrorOptions>]>([
  ['one', [refused(a)], { kind: 'rejected', failover: false, outcome: 'not_done', message: 'no' }],
  [
    'a route that is missing',
    [refused(a, { failover: true })],
    { kind: 'rejected', failover: true },
  ],
  [
    'a refusal beside a busy service',
    [refused(a, busy), refused(b)],
    { kind: 'rejected', failover: false, message: 'none of 2 numbers: no' },
  ],
  [
    'limits of two persons',
    [refused(a, personal), refused(b, { ...personal, retryAfterMs: 60_000 })],
    { kind: 'rate_limited', scope: 'recipient', failover: false, retryAfterMs: 60_000 },
  ],
  [
    'a person’s limit beside the account’s',
    [refused(a, personal), refused(b, busy)],
    { kind: 'rate_limited', scope: 'account', failover: false },
  ],
  [
    'limits of the account',
    [refused(a, busy), refused(b, busy)],
    { scope: 'account', failover: true },
  ],
  [
    'one in doubt',
    [refused(a), refused(b, { kind: 'unavailable', outcome: 'unknown' })],
    { kind: 'unavailable', outcome: 'unknown', failover: false },
  ],
  [
    'none that says why',
    [{ to: a, status: 'unknown' }],
    { kind: 'bad_response', outcome: 'unknown' },
  ],
])('nobody was reached: %s', (_, rows, failure) => {
  const send = () => smsResult(rows, { requestId: 'R' })

  expect(send).toThrow(expect.objectContaining(failure))
  expect(send).toThrow(
    expect.objectContaining({
      details: rows.map(({ to, status }) =>
        expect.objectContaining({ to, status, requestId: 'R' }),
      ),
    }),
  )
})
