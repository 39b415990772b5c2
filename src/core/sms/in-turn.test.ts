import { expect, it } from 'vitest'
import { IntegrationError, type IntegrationErrorOptions } from '../errors.ts'
import { inBatches, sendInTurn } from './in-turn.ts'
import type { SmsRow } from './result.ts'

const failing = (options: Partial<IntegrationErrorOptions>) =>
  new IntegrationError({ kind: 'unavailable', message: 'busy', ...options })

/** What each batch ends in: `ok`, or what it throws. Answers with the rows' statuses and the batches that were sent. */
async function play(...ends: ('ok' | Error)[]) {
  const sent: string[] = []
  const names = ends.map((_, at) => `n${at}`)
  const rows = await sendInTurn(inBatches(names, 1), async ([to = '']) => {
    sent.push(to)
    const end = ends[sent.length - 1]
    if (end instanceof Error) throw end
    return [{ to, status: 'accepted' }] satisfies SmsRow[]
  })
  expect(rows.map(({ to }) => to)).toEqual(names)
  return { statuses: rows.map(({ status }) => status).join(' '), sent: sent.length, rows }
}

const busy = failing({})
const refused = failing({ kind: 'rejected' })
const limited = failing({ kind: 'rate_limited', scope: 'recipient' })
const late = failing({ kind: 'timeout' })
const unreadable = new TypeError('no such field')

it.each<[string, ('ok' | Error)[], string, number]>([
  ['all taken', ['ok', 'ok'], 'accepted accepted', 2],
  ['a refused number', ['ok', refused, 'ok'], 'accepted failed accepted', 3],
  ['a refused number first', [refused, 'ok'], 'failed accepted', 2],
  ['the only number refused', [refused], 'failed', 1],
  ['a person’s limit', [limited, 'ok'], 'failed accepted', 2],
  ['busy after one was taken', ['ok', busy, 'ok'], 'accepted failed failed', 2],
  ['busy after one was refused', [refused, busy, 'ok'], 'failed failed failed', 2],
  ['late after one was taken', ['ok', late, 'ok'], 'accepted unknown failed', 2],
  ['late at once', [late, 'ok', 'ok'], 'unknown failed failed', 1],
  ['an answer nobody can read', ['ok', unreadable, 'ok'], 'accepted unknown failed', 2],
])('%s', async (_, ends, statuses, sent) => {
  expect(await play(...ends)).toMatchObject({ statuses, sent })
})

it.each([
  ['the service is busy and nothing was done', [busy, 'ok'], busy],
  ['the only request is late', [late], late],
] as const)('throws when %s, for the whole may be asked again', async (_, ends, error) => {
  await expect(play(...ends)).rejects.toBe(error)
})

it('a number that was not sent to is certainly not reached', async () => {
  const { rows } = await play('ok', late, 'ok')

  expect(rows[1]?.failure).toMatchObject({ kind: 'timeout', outcome: 'unknown' })
  expect(rows[2]?.failure).toMatchObject({ kind: 'timeout', outcome: 'not_done' })
  expect(rows[2]?.failure?.message).toMatch(/^not sent/)
})

it.each([
  [0, []],
  [100, [100]],
  [101, [100, 1]],
  [250, [100, 100, 50]],
])('%i numbers in batches of 100', (count, sizes) => {
  const numbers = Array.from({ length: count }, (_, at) => String(at))

  const batches = inBatches(numbers, 100)

  expect(batches.map(({ length }) => length)).toEqual(sizes)
  expect(batches.flat()).toEqual(numbers)
})
