import { expect, it } from 'vitest'
import { insertAttempts, insertCalls } from '../../store/calls.ts'
import type { LogDb } from '../../store/schema.ts'
import { attemptOf, callRow } from '../../testing/call-rows.ts'
import { memoryCallLog } from '../../testing/state.ts'
import { createCallRates } from './call-rates.ts'

const begin = Date.UTC(2026, 0, 1)
const at = (second: number) => new Date(begin + second * 1000)
const hourMs = 3_600_000

/** One call a second, from `from` on. */
const add = (log: LogDb, from: number, rows: Parameters<typeof callRow>[1][]) =>
  insertCalls(
    log,
    rows.map((row, n) => callRow(from + n, row)),
  )

it('counts calls by service, failed or not, and their requests without what we waited before each', async () => {
  const log = await memoryCallLog()
  await insertAttempts(log, [
    { ...attemptOf(callRow(0).id, 1), duration_ms: 30, wait_ms: 70 },
    { ...attemptOf(callRow(1).id, 1), duration_ms: 100, outcome: 'failed' },
    { ...attemptOf(callRow(1).id, 2), duration_ms: 150, wait_ms: 50 },
    { ...attemptOf(callRow(4).id, 1), duration_ms: 9000, service: 'sms-backup' },
    { ...attemptOf(callRow(4).id, 2), duration_ms: 12, service: 'sms' },
  ])
  await add(log, 0, [
    { duration_ms: 100 },
    { duration_ms: 300, outcome: 'failed', error_kind: 'timeout' },
    { outcome: 'unknown', attempts: 0, duration_ms: 0 },
    { outcome: 'partial', duration_ms: 200 },
    { service: 'sms', outcome: 'failed' },
    // These say nothing of the service.
    { operation: 'check', outcome: 'failed' },
    { outcome: 'failed', error_kind: 'cancelled' },
    { outcome: 'running' },
    { outcome: 'accepted' },
  ])

  const rates = await createCallRates().read(log, { now: at(60), ms: hourMs })

  expect(Object.fromEntries(rates)).toEqual({
    haier: { calls: 4, failed: 2, requests: 3, requestMs: 280 },
    sms: { calls: 1, failed: 1, requests: 1, requestMs: 12 },
  })
})

it('follows the log from pass to pass, and forgets what has left the window', async () => {
  const log = await memoryCallLog()
  const rates = createCallRates()
  const read = async (second: number, ms = hourMs) => {
    const { calls = 0, failed = 0 } =
      (await rates.read(log, { now: at(second), ms })).get('haier') ?? {}
    return [calls, failed]
  }

  expect(await read(0)).toEqual([0, 0])
  await add(log, 1, [{ outcome: 'failed' }, {}])
  expect(await read(60)).toEqual([2, 1])
  expect(await read(60)).toEqual([2, 1])
  // One that goes on is counted once it has ended, under its id.
  await add(log, 3, [{ outcome: 'running' }])
  expect(await read(61)).toEqual([2, 1])
  await add(log, 3, [{ outcome: 'failed' }])
  expect(await read(62)).toEqual([3, 2])
  await add(log, 3600, [{}])
  expect(await read(3700)).toEqual([1, 0])
  // A window that grows asks the log again.
  expect(await read(3700, 2 * hourMs)).toEqual([4, 2])
})

it('a window of many calls is read in batches, whatever their order', async () => {
  const log = await memoryCallLog()
  const rows = Array.from({ length: 4500 }, (_, n) => callRow(4500 - n))
  await insertCalls(log, rows)

  const rates = await createCallRates().read(log, { now: at(4500), ms: 2 * hourMs })

  expect(rates.get('haier')?.calls).toBe(4500)
})
