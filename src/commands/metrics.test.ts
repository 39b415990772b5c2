import { expect, it } from 'vitest'
import { insertAttempts, insertCalls } from '../store/calls.ts'
import { changeBreaker } from '../store/breakers.ts'
import { withAppIn } from '../testing/app.ts'
import { attemptOf, callRow } from '../testing/call-rows.ts'
import { haierProject } from '../testing/program.ts'
import { Metrics } from '../app/answers/metrics.ts'
import { readMetrics } from '../app/metrics.ts'

const hoursAgo = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString()

/** Within an hour: four calls, of which one failed, one is unknown, one was given up. Long before: ten that failed. */
async function busy() {
  const made = await haierProject()
  await withAppIn(made.folder, async (app) => {
    const { db } = await app.log()
    const outcomes = [{}, { outcome: 'failed', error_kind: 'timeout' }, { outcome: 'unknown' }]
    const recent = [...outcomes, { outcome: 'failed', error_kind: 'cancelled' }].map((more, n) =>
      callRow(n, { started_at: hoursAgo(0.5), ...(more as object) }),
    )
    const old = Array.from({ length: 10 }, (_, n) =>
      callRow(100 + n, { started_at: hoursAgo(30), outcome: 'failed' }),
    )
    await insertCalls(db, [...recent, ...old])
    await insertAttempts(
      db,
      [...recent, ...old].map(({ id, started_at: at }, n) => ({
        ...attemptOf(id, 1),
        started_at: at,
        duration_ms: n < 3 ? 20 : 1000,
        request_bytes: 100,
        response_bytes: 1000,
      })),
    )
    const { db: state } = await app.state()
    const closed = { status: 'closed' }
    await changeBreaker(state, 'haier', closed, () => ({ status: 'open', reason: 'down' }))
  })
  return made
}

it('counts what happened in the window, connection tests apart', async () => {
  const { json, folder } = await busy()

  const day = Metrics.parse(await json('metrics'))
  const days = await withAppIn(folder, (app) => readMetrics(app, { sinceMs: 48 * 3_600_000 }))

  expect(day.services).toMatchObject([
    {
      service: 'haier',
      operations: 3,
      successes: 1,
      failures: 1,
      unknown: 1,
      partial: 0,
      cancelled: 1,
      success_rate: 33.3,
      requests: 4,
      mean_ms: 265,
      breaker_trips: 1,
      open_conflicts: 0,
      checks: 1,
      failed_checks: 0,
    },
  ])
  expect(day.services[0]?.bytes_sent).toBeGreaterThanOrEqual(400)
  expect(day.services[0]?.p95_ms).toBeGreaterThan(970)
  expect(day.total).toMatchObject({ operations: 3, success_rate: 33.3 })
  expect(days.services).toMatchObject([{ operations: 13, success_rate: 7.6 }])
})

it('no calls have no rate and no times', async () => {
  const { folder, run } = await haierProject()

  const { services } = await withAppIn(folder, (app) => readMetrics(app, { sinceMs: 1000 }))
  const { code, out, err } = await run('metrics')

  expect(services).toMatchObject([
    { operations: 0, success_rate: null, mean_ms: null, p95_ms: null },
  ])
  expect(code).toBe(0)
  expect(out).toMatch(/SERVICE +CALLS +FAILED +SUCCESS[^]*haier +0 +0/)
  expect(out).not.toContain('CONFLICTS')
  expect(err).toMatch(/^Since /)
})

it('a service that nobody knows, and a span that is none', async () => {
  const { run } = await haierProject()

  expect(await run('metrics --service haire')).toMatchObject({ code: 10, out: '' })
  expect(await run('metrics --since yesterday')).toMatchObject({ code: 2, out: '' })
})
