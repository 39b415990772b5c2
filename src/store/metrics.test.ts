import { join } from 'node:path'
import { expect, it } from 'vitest'
import { systemClock as clock } from '../core/clock.ts'
import { attemptOf, callRow } from '../testing/call-rows.ts'
import { memoryCallLog, temporaryFolder } from '../testing/state.ts'
import { openCallLog } from './call-log.ts'
import { deleteCallsBefore, insertAttempts, insertCalls } from './calls.ts'
import { noStats, type ServiceStats, statsSince, sumUp, totalsOfAllTime } from './metrics.ts'
import type { LogDb } from './schema.ts'

/** Instants of the test: `n` seconds into 2026, as the rows have them. */
const at = (n: number): Date => new Date(Date.UTC(2026, 0, 1) + n * 1000)
const hour = 3600

/** A call in every five seconds, some of each outcome, now and then a check, each with a request. */
async function fill(log: LogDb, from: number, to: number): Promise<void> {
  const numbers = Array.from({ length: Math.ceil((to - from) / 5) }, (_, n) => from + n * 5)
  const outcome = (n: number) => (['done', 'failed', 'unknown', 'partial'] as const)[n % 4]
  const rows = numbers.map((n) =>
    callRow(n, {
      service: `s${n % 3}`,
      outcome: outcome(n),
      operation: n % 5 ? 'getPrices' : 'check',
    }),
  )
  await insertCalls(log, rows)
  await insertAttempts(
    log,
    rows.map((row, n) => ({
      ...attemptOf(row.id, 1),
      started_at: row.started_at,
      duration_ms: n % 700,
      outcome: n % 9 ? 'done' : 'failed',
    })),
  )
}

/** The same counted from the rows themselves. */
async function countRows(log: LogDb, since: Date): Promise<Record<string, number[]>> {
  const rows = await log
    .selectFrom('calls')
    .innerJoin('attempts', 'attempts.call_id', 'calls.id')
    .select(['calls.service', 'operation', 'calls.outcome', 'attempts.duration_ms as ms'])
    .select('attempts.outcome as answer')
    .where('calls.started_at', '>=', since.toISOString())
    .execute()
  const counts: Record<string, number[]> = {}
  for (const row of rows) {
    const key = `${row.service} ${row.operation === 'check'}`
    const sum = (counts[key] ??= [0, 0, 0, 0, 0, 0, 0])
    const names = ['done', 'partial', 'failed', 'unknown']
    sum[names.indexOf(row.outcome)]! += 1
    sum[4]! += 1
    sum[5]! += row.answer === 'failed' ? 1 : 0
    sum[6]! += row.ms
  }
  return counts
}

const byName = <T extends { service: string; isChecks: boolean }>(stats: readonly T[]) =>
  stats.toSorted((a, b) => (`${a.service} ${a.isChecks}` < `${b.service} ${b.isChecks}` ? -1 : 1))

const sorted = (counts: Record<string, number[]>) =>
  Object.entries(counts).toSorted(([a], [b]) => (a < b ? -1 : 1))

const told = (stats: readonly ServiceStats[]) =>
  sorted(
    Object.fromEntries(
      stats.map((one) => [
        `${one.service} ${one.isChecks}`,
        [
          one.done,
          one.partial,
          one.failed,
          one.unknown,
          one.requests,
          one.failedRequests,
          one.requestMs,
        ],
      ]),
    ),
  )

it.each([0, 1, hour / 2 + 7, 600, hour, 2 * hour - 1, 2 * hour])(
  'what is summed up since second %d is what the rows say',
  async (since) => {
    const log = await memoryCallLog()
    await fill(log, 0, 2 * hour + 500)

    expect(told(await statsSince(log, at(since)))).toEqual(sorted(await countRows(log, at(since))))
  },
)

it('one service alone, and its spread', async () => {
  const log = await memoryCallLog()
  await fill(log, 0, hour + 100)

  const stats = await statsSince(log, at(50), 's1')

  expect(new Set(stats.map(({ service }) => service))).toEqual(new Set(['s1']))
  for (const { spread, requests } of stats) {
    expect(Object.values(spread).reduce((sum, one) => sum + one, 0)).toBe(requests)
  }
})

it('what is summed up in between, by one or another, is counted once', async () => {
  const path = join(temporaryFolder(), 'caravan.calls.db')
  const [log, other] = [await openCallLog(path, { clock }), await openCallLog(path, { clock })]

  for (const from of [0, 100, 2 * hour, hour]) {
    await fill(log.db, from, from + 100)
    await sumUp(log.db)
    await sumUp(other.db)
  }

  for (const since of [0, 30, hour + 30, 2 * hour]) {
    expect(told(await statsSince(other.db, at(since)))).toEqual(
      sorted(await countRows(log.db, at(since))),
    )
  }
  await Promise.all([log.close(), other.close()])
})

it('a call that ends after it was noted, or is settled later, counts once; the sum of all time only grows', async () => {
  const log = await memoryCallLog()
  await insertCalls(log, [callRow(1, { outcome: 'accepted' }), callRow(2, { outcome: 'running' })])
  const waiting = await statsSince(log, at(0))
  await insertCalls(log, [callRow(1, { outcome: 'unknown' }), callRow(2)])
  await insertAttempts(log, [attemptOf(callRow(1).id, 1)])
  const unknown = await totalsOfAllTime(log)
  await insertAttempts(log, [attemptOf(callRow(1).id, 2)])
  await insertCalls(log, [callRow(1, { attempts: 2 })])

  expect(waiting).toEqual([])
  expect(unknown).toMatchObject([{ done: 1, unknown: 1, requests: 1 }])
  for (const since of [0.5, 0]) {
    expect(await statsSince(log, at(since))).toMatchObject([{ done: 2, unknown: 0, requests: 2 }])
  }
  expect(await totalsOfAllTime(log)).toMatchObject([{ done: 2, unknown: 1 }])
})

it('a call that was given up is counted apart', async () => {
  const log = await memoryCallLog()
  await insertCalls(log, [callRow(1, { outcome: 'failed', error_kind: 'cancelled' })])

  expect(await statsSince(log, at(0))).toEqual([{ ...noStats('haier', false), cancelled: 1 }])
})

it('requests of a call that went to several services count for each of them', async () => {
  const log = await memoryCallLog()
  const call = callRow(1, { service: 'b' })
  await insertCalls(log, [call])
  const requests = [
    { ...attemptOf(call.id, 1), service: 'a', outcome: 'failed' },
    { ...attemptOf(call.id, 2), service: 'b' },
  ]
  await insertAttempts(log, requests)

  for (const since of [0.5, 0]) {
    const stats = await statsSince(log, at(since))
    expect(stats.toSorted((a, b) => (a.service < b.service ? -1 : 1))).toMatchObject([
      { service: 'a', done: 0, requests: 1, failedRequests: 1 },
      { service: 'b', done: 1, requests: 1, failedRequests: 0 },
    ])
  }
})

it('hours that retention has cleared are gone, and the sum of all time stays', async () => {
  const log = await memoryCallLog()
  await fill(log, 0, 2 * hour)
  const before = await totalsOfAllTime(log)

  await deleteCallsBefore(log, at(hour))

  expect(told(await statsSince(log, at(0)))).toEqual(sorted(await countRows(log, at(0))))
  expect(byName(await totalsOfAllTime(log))).toEqual(byName(before))
})

it.each([0, 40, hour - 40, 3 * hour + 700, 30 * hour])(
  'what was rolled up into hours sums up to the same since second %d',
  async (since) => {
    const log = await memoryCallLog()
    await fill(log, 0, 100)
    await fill(log, hour - 50, hour + 50)
    await fill(log, 3 * hour + 650, 3 * hour + 750)
    await fill(log, 30 * hour - 50, 30 * hour + 50)
    const totals = await totalsOfAllTime(log)
    const spans = () => log.selectFrom('service_stats').select('span').distinct().execute()

    await deleteCallsBefore(log, at(-hour))
    await fill(log, 3 * hour + 800, 3 * hour + 820) // comes late: its hour was rolled up already
    await sumUp(log)

    expect((await spans()).map(({ span }) => span).toSorted()).toEqual([
      '',
      'h2026-01-01T00',
      'h2026-01-01T01',
      'h2026-01-01T03',
      'm2026-01-01T03:1',
      'm2026-01-02T05:5',
      'm2026-01-02T06:0',
    ])
    expect(told(await statsSince(log, at(since)))).toEqual(sorted(await countRows(log, at(since))))
    await deleteCallsBefore(log, at(-hour))
    expect(told(await statsSince(log, at(since)))).toEqual(sorted(await countRows(log, at(since))))
    const grown = await totalsOfAllTime(log)
    const sum = (all: readonly { requests: number }[]) =>
      all.reduce((n, { requests }) => n + requests, 0)
    expect(sum(grown)).toBe(sum(totals) + 4)
  },
)
