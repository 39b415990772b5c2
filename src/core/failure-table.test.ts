import { expect, it } from 'vitest'
import { failureOf, type Meaning } from './failure-table.ts'

const table: Meaning[] = [
  { codes: [310], pattern: /key word/, kind: 'config', says: 'no key word' },
  { codes: [310], kind: 'auth' },
  { codes: ['Limit.Day'], kind: 'rate_limited', retryAt: () => new Date(5000) },
  { prefix: 'Limit.', kind: 'rate_limited', retryAfterMs: 1000 },
  { prefix: 'Limit.Person', kind: 'rate_limited', scope: 'recipient' },
]

it.each([
  [
    { code: '310', message: 'the key word is not there' },
    { kind: 'config', code: '310' },
  ],
  [
    { code: 310, message: 'sign' },
    { kind: 'auth', code: '310' },
  ],
  [{ code: 'Limit.PersonDay' }, { kind: 'rate_limited', scope: 'recipient' }],
  [{ code: 'Limit.New' }, { kind: 'rate_limited', retryAfterMs: 1000 }],
  [{ code: 'Limit.New', retryAfterMs: 7 }, { retryAfterMs: 7 }],
  [{ code: 'Limit.Day', now: new Date(2000) }, { retryAfterMs: 3000 }],
  [{ code: 'Limit.Day' }, { retryAfterMs: undefined }],
  [{ code: 'new' }, { kind: 'rejected', outcome: 'not_done' }],
  [
    { code: 'new', status: 200 },
    { kind: 'rejected', outcome: 'not_done' },
  ],
  [
    { code: 'new', status: 400 },
    { kind: 'rejected', outcome: 'not_done' },
  ],
  [
    { code: 'new', status: 401 },
    { kind: 'auth', outcome: 'not_done' },
  ],
  [
    { code: 'new', status: 429 },
    { kind: 'rate_limited', outcome: 'not_done' },
  ],
  [
    { code: 'new', status: 502 },
    { kind: 'unavailable', outcome: 'unknown' },
  ],
])('%j is %j', (said, wanted) => {
  expect(failureOf(table, said)).toMatchObject(wanted)
})

it.each([
  [1e300, 86_400_000],
  [172_800_000, 86_400_000],
  [-5, 0],
  [1500.2, 1501],
])('a wait of %d ms is %d ms', (retryAfterMs, wanted) => {
  expect(failureOf(table, { code: 'Limit.New', retryAfterMs })).toMatchObject({
    retryAfterMs: wanted,
  })
})
