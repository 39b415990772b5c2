import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { insertAttempts, insertCalls } from '../store/calls.ts'
import { getMeta } from '../store/meta.ts'
import { createTestClock } from '../testing/clock.ts'
import { callRow, attemptOf } from '../testing/call-rows.ts'
import { temporaryFolder } from '../testing/state.ts'
import { type App, openApp } from './app.ts'
import { initProject } from './init.ts'
import { clean, cleanUp } from './retention.ts'

const start = new Date('2026-03-01T00:00:00Z')
const dayMs = 86_400_000

async function openProject(retention = '') {
  const cwd = temporaryFolder()
  const clock = createTestClock(start)
  await initProject(cwd, { env: {}, clock })
  const config = join(cwd, 'integrations.yaml')
  writeFileSync(config, `${readFileSync(config, 'utf8')}\n${retention}\n`)
  const { signal } = new AbortController()
  return { app: openApp({ env: {}, cwd, clock, signal }), clock }
}

/** A call for each of the last `days` days, the oldest first. */
async function fill(app: App, days: number): Promise<void> {
  const { db } = await app.log()
  const rows = Array.from({ length: days }, (_, n) =>
    callRow(n, { started_at: new Date(start.getTime() - (days - n) * dayMs).toISOString() }),
  )
  await insertCalls(db, rows)
  await insertAttempts(
    db,
    rows.flatMap(({ id }) => [attemptOf(id, 1), attemptOf(id, 2)]),
  )
}

const countOf = async (app: App, table: 'calls' | 'attempts') =>
  (await (await app.log()).db.selectFrom(table).select('outcome').execute()).length

it('removes calls that are older than the config says, with their requests', async () => {
  const { app } = await openProject('retention: { calls: 10d }')
  await fill(app, 40)

  const planned = await clean(app, { isDryRun: true })
  const before = await countOf(app, 'calls')
  const report = await clean(app, { givesAllBack: true })

  expect(planned).toMatchObject({ dry_run: true, rows: { calls: 30, attempts: 30 } })
  expect(before).toBe(40)
  expect(report).toMatchObject({ rows: { calls: 30, attempts: 60 }, is_complete: true })
  expect(await countOf(app, 'calls')).toBe(10)
  expect(await countOf(app, 'attempts')).toBe(20)
  await app.close()
})

it('is done by itself at most once an hour', async () => {
  const { app, clock } = await openProject('retention: { calls: 10d }')
  await fill(app, 10)
  const { db } = await app.state()

  await cleanUp(app)
  const first = await getMeta(db, 'cleaned_at')
  await clock.advance(dayMs / 48)
  await fill(app, 40)
  await cleanUp(app)
  const between = await countOf(app, 'calls')
  await clock.advance(dayMs / 48)
  await cleanUp(app)

  expect(first).toBe(start.toISOString())
  expect(between).toBe(40)
  expect(await countOf(app, 'calls')).toBe(9)
  expect(await getMeta(db, 'cleaned_at')).toBe(new Date(start.getTime() + 3_600_000).toISOString())
  await app.close()
})

it('removes the oldest calls when the log is over its share, and gives the space back', async () => {
  const { app } = await openProject('retention: { calls: 3000d, max_size: 3MB }')
  const { db } = await app.log()
  const text = 'x'.repeat(4000)
  for (let from = 0; from < 1000; from += 100) {
    const rows = Array.from({ length: 100 }, (_, n) =>
      callRow(from + n, { request: text, response: text }),
    )
    await insertCalls(db, rows)
  }

  const planned = await clean(app, { isDryRun: true })
  const report = await clean(app, { givesAllBack: true })

  const rows = await db.selectFrom('calls').select('id').orderBy('started_at').execute()
  expect(report.bytes_before).toBeGreaterThan(3_000_000)
  expect(report.bytes_after).toBeLessThanOrEqual(3_000_000)
  expect(rows.length).toBe(1000 - report.rows.calls)
  expect(rows.at(-1)).toEqual({ id: callRow(999).id })
  expect(rows[0]).toEqual({ id: callRow(report.rows.calls).id })
  expect(planned.rows.calls / report.rows.calls).toBeGreaterThan(0.8)
  expect(planned.rows.calls / report.rows.calls).toBeLessThan(1.2)
  expect(report.state_too_large).toBe(false)
  await app.close()
})

it('tells that the state alone is too large, and deletes no history that would not mend it', async () => {
  const { app } = await openProject('retention: { max_size: 100KB }')

  const report = await clean(app)

  expect(report).toMatchObject({ state_too_large: true, rows: { runs: 0 } })
  await app.close()
})
