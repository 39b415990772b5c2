import { join } from 'node:path'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { systemClock as clock } from '../core/clock.ts'
import { memoryCallLog, temporaryFolder } from '../testing/state.ts'
import { openCallLog } from './call-log.ts'
import { type CallRow, deleteCallsBefore, insertAttempts, insertCalls } from './calls.ts'
import {
  type CallFilter,
  callsSince,
  getCall,
  lastSuccessByService,
  latestSeq,
  listCalls,
} from './list-calls.ts'
import type { LogDb } from './schema.ts'

const at = (n: number): string => new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString()

const call = (n: number, more: Partial<CallRow> = {}): CallRow => ({
  id: `01A${String(n).padStart(23, '0')}`,
  service: 'haier',
  kind: 'supplier',
  operation: 'getPrices',
  adapter: 'haier',
  repeat: 'safe',
  effect: 'read',
  outcome: 'done',
  error_kind: null,
  error_code: null,
  error: null,
  hint: null,
  started_at: at(n),
  finished_at: at(n),
  duration_ms: 12.4,
  attempts: 1,
  run_id: null,
  correlation_id: 'c',
  idempotency_key: null,
  request: '{}',
  response: '{}',
  ...more,
})

const attempt = (callId: string, number: number) => ({
  call_id: callId,
  number,
  started_at: at(0),
  duration_ms: 3.7,
  method: 'GET',
  endpoint: 'https://vendor.test/x',
  status: 200,
  request_bytes: 1,
  response_bytes: 2,
  outcome: 'done',
  error_kind: null,
  error: null,
  wait_ms: 0,
})

/** Ten calls: 3 and 6 failed, 6 to 9 are of another service, 4 and 5 of a run. */
async function filledLog(): Promise<LogDb> {
  const log = await memoryCallLog()
  const rows = Array.from({ length: 10 }, (_, n) =>
    call(n, {
      ...(n >= 6 && { service: 'sms', operation: 'send' }),
      ...((n === 3 || n === 6) && { outcome: 'failed', error: '50% of_it went wrong' }),
      ...((n === 4 || n === 5) && { run_id: 'R' }),
    }),
  )
  await insertCalls(log, rows)
  return log
}

const numbersOf = (calls: { id: string }[]): number[] => calls.map(({ id }) => Number(id.slice(3)))

it.each<[CallFilter, number[]]>([
  [{}, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]],
  [{ service: 'sms' }, [9, 8, 7, 6]],
  [{ operation: 'send' }, [9, 8, 7, 6]],
  [{ outcome: 'failed' }, [6, 3]],
  [{ service: 'haier', outcome: 'failed' }, [3]],
  [{ operation: 'send', outcome: 'done' }, [9, 8, 7]],
  [{ run: 'R' }, [5, 4]],
  [{ since: new Date(at(7)) }, [9, 8, 7]],
  [{ until: new Date(at(2)) }, [1, 0]],
  [{ text: '50% of_it' }, [6, 3]],
  [{ text: '50%_of' }, []],
  [{ text: 'WRONG', service: 'sms' }, [6]],
])('finds %o newest first', async (filter, expected) => {
  const { calls, next } = await listCalls(await filledLog(), filter)

  expect(numbersOf(calls)).toEqual(expected)
  expect(next).toBeUndefined()
})

it('goes from page to page without losing calls of the same instant', async () => {
  const log = await memoryCallLog()
  await insertCalls(
    log,
    Array.from({ length: 7 }, (_, n) => call(n, { started_at: at(0) })),
  )

  const seen: number[] = []
  let before
  do {
    const page = await listCalls(log, {}, { limit: 3, before })
    seen.push(...numbersOf(page.calls))
    before = page.next
  } while (before)

  expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0])
})

it('stops a search for text after many calls and tells where to go on', async () => {
  const log = await memoryCallLog()
  await insertCalls(log, [call(0, { error: 'needle' })])
  await insertCalls(
    log,
    Array.from({ length: 600 }, (_, n) => call(n + 1)),
  )

  const first = await listCalls(log, { text: 'needle' })
  const second = await listCalls(log, { text: 'needle' }, { before: first.next })

  expect(first).toMatchObject({ calls: [], searchedBackTo: at(101) })
  expect(numbersOf(second.calls)).toEqual([0])
  expect(second.next).toBeUndefined()
})

it.each<[CallFilter, string]>([
  [{}, 'calls_time'],
  [{ service: 'a' }, 'calls_service'],
  [{ operation: 'a' }, 'calls_operation'],
  [{ service: 'a', operation: 'b' }, 'calls_service_operation'],
  [{ outcome: 'failed' }, 'calls_not_done'],
  [{ service: 'a', outcome: 'unknown' }, 'calls_service_not_done'],
  [{ operation: 'a', outcome: 'failed' }, 'calls_operation_not_done'],
  [{ correlation: 'C' }, 'calls_correlation'],
  [{ correlation: 'C', service: 'a', outcome: 'failed' }, 'calls_correlation'],
  [{ run: 'R' }, 'calls_run'],
  [{ run: 'R', service: 'a', operation: 'b' }, 'calls_run'],
  [
    { service: 'a', outcome: 'unknown', since: new Date(0), until: new Date(1) },
    'calls_service_not_done',
  ],
  [
    { operation: 'a', outcome: 'failed', since: new Date(0), until: new Date(1) },
    'calls_operation_not_done',
  ],
  [{ service: 'a', since: new Date(0), until: new Date(1) }, 'calls_service'],
])('reads a page of %o through an index that has its order', async (filter, index) => {
  const log = await memoryCallLog()
  const { sql: text, parameters } = await compiledPage(log, filter)
  const { rows } = await log.executeQuery<{ detail: string }>({
    ...sql`explain query plan ${sql.raw(text)}`.compile(log),
    parameters,
  })
  const plan = rows.map(({ detail }) => detail).join('\n')

  expect(plan).toMatch(new RegExp(`USING INDEX ${index}( |$)`))
  expect(plan).not.toContain('TEMP B-TREE')
})

describe('insertCalls', () => {
  it('replaces a call that was running, and shows it anew to who follows the log', async () => {
    const log = await memoryCallLog()
    await insertCalls(log, [call(1, { outcome: 'running' }), call(2)])
    const seen = await latestSeq(log)

    await insertCalls(log, [call(1)])

    expect(numbersOf(await callsSince(log, seen))).toEqual([1])
    expect((await listCalls(log)).calls.map(({ outcome }) => outcome)).toEqual(['done', 'done'])
  })

  it('cuts long texts between characters', async () => {
    const log = await memoryCallLog()
    await insertCalls(log, [call(1, { request: '漢'.repeat(10_000) })])

    const { call: stored } = await getCall(log, call(1).id)

    expect(Buffer.byteLength(stored.request ?? '')).toBeLessThanOrEqual(16_384)
    expect(stored.request).toMatch(/^漢+… \(cut, 30000 bytes in all\)$/)
    expect(stored.duration_ms).toBe(12)
  })
})

describe('getCall', () => {
  it('finds a call by its id or a beginning, with its attempts', async () => {
    const log = await filledLog()
    await insertAttempts(log, [attempt(call(3).id, 2), attempt(call(3).id, 1)])

    const { call: found, attempts } = await getCall(log, call(3).id.toLowerCase())

    expect(found.id).toBe(call(3).id)
    expect(attempts.map(({ number }) => number)).toEqual([1, 2])
    await insertCalls(log, [call(1, { id: '01B00000000000000000000000' })])
    expect((await getCall(log, '01b')).call.id).toMatch(/^01B/)
  })

  it.each([
    ['01A', 'usage'],
    ['zzz', 'call_unknown'],
    ['', 'call_unknown'],
  ])('refuses "%s" as %s', async (id, code) => {
    await expect(getCall(await filledLog(), id)).rejects.toMatchObject({ code })
  })
})

it('deletes old calls in batches, keeps the last success, and gives the space back', async () => {
  const path = join(temporaryFolder(), 'caravan.calls.db')
  const { db, shrink, close } = await openCallLog(path, { clock })
  const rows = Array.from({ length: 250 }, (_, n) => call(n, { request: 'x'.repeat(2000) }))
  await insertCalls(db, rows)
  await insertAttempts(
    db,
    rows.map(({ id }) => attempt(id, 1)),
  )

  const deleted = await deleteCallsBefore(db, new Date(at(240)), { batchSize: 50 })

  expect(deleted).toEqual({ calls: 240, attempts: 240 })
  expect((await listCalls(db)).calls).toHaveLength(10)
  expect(await db.selectFrom('attempts').select('call_id').execute()).toHaveLength(10)
  expect(await lastSuccessByService(db)).toEqual(new Map([['haier', at(249)]]))
  const before = shrink(1)
  expect(before).toBeGreaterThan(50)
  expect(shrink(1000)).toBe(0)
  await close()
})

it('deletes attempts of calls that never ended, as after a kill, once they are old', async () => {
  const log = await memoryCallLog()
  const idOf = (n: number) => call(n).id
  await insertCalls(log, [call(1), call(8)])
  for (const n of [1, 2, 7, 8])
    await insertAttempts(log, [{ ...attempt(idOf(n), 1), started_at: at(n) }])

  const deleted = await deleteCallsBefore(log, new Date(at(5)), { batchSize: 50 })

  expect(deleted).toEqual({ calls: 1, attempts: 2 })
  const left = await log.selectFrom('attempts').select('call_id').orderBy('call_id').execute()
  expect(left).toEqual([7, 8].map((n) => ({ call_id: idOf(n) })))
})

it('keeps the latest success of a service whatever the order of arrival', async () => {
  const log = await memoryCallLog()
  await insertCalls(log, [call(5), call(9, { outcome: 'failed' })])
  await insertCalls(log, [call(2)])

  expect(await lastSuccessByService(log)).toEqual(new Map([['haier', at(5)]]))
})

/** The statement behind a page, caught on its way to the database. */
async function compiledPage(log: LogDb, filter: CallFilter) {
  const executor = log.getExecutor()
  const caught: { sql: string; parameters: readonly unknown[] }[] = []
  const original = executor.executeQuery.bind(executor)
  executor.executeQuery = (query, ...rest) => {
    caught.push(query)
    return original(query, ...rest)
  }
  await listCalls(log, filter)
  return caught.at(-1) ?? { sql: '', parameters: [] }
}
