import { expect, it } from 'vitest'
import { memoryState } from '../testing/state.ts'
import { addToListing, beginListing, completeListing, getListing } from './listings.ts'
import { noCounters, type RunStatus } from './runs.ts'
import {
  bytesByRun,
  countRuns,
  deleteRuns,
  dropListings,
  forsakenListings,
  oldRuns,
  runsToKeep,
} from './retention-runs.ts'
import type { Db } from './schema.ts'

const day = (n: number): Date => new Date(Date.UTC(2026, 0, n))

type Given = { status?: RunStatus; trigger?: string; from?: string; failures?: number }

async function addRun(db: Db, id: string, job: string, onDay: number, given: Given = {}) {
  const { status = 'success', trigger = 'manual', from = null, failures = 0 } = given
  const at = day(onDay).toISOString()
  const isRunning = status === 'running'
  await db
    .insertInto('runs')
    .values({
      id,
      job,
      trigger,
      options: '{}',
      status,
      started_at: at,
      error: null,
      finished_at: isRunning ? null : at,
      counters: JSON.stringify(noCounters()),
      checkpoint_from: null,
      host: 'h',
      pid: 1,
      process_started_at: null,
      heartbeat_at: at,
      lease_until: at,
      resumed_from: from,
    })
    .execute()
  for (let n = 0; n < failures; n++) {
    const row = { run_id: id, key: `${n}`, reason: 'r', raw: '{}', at }
    await db.insertInto('run_failures').values(row).execute()
  }
  const finding = { run_id: id, seq: 1, kind: 'k', file: null, key: null, text: 't' }
  await db.insertInto('import_findings').values(finding).execute()
  await db.insertInto('import_finding_totals').values({ run_id: id, kind: 'k', total: 1 }).execute()
}

const addCheckpoint = (db: Db, job: string, run: string) =>
  db
    .insertInto('checkpoints')
    .values({ job, value: '{}', run_id: run, updated_at: day(1).toISOString() })
    .execute()

const idsOf = async (db: Db) =>
  (await db.selectFrom('runs').select('id').orderBy('id').execute()).map(({ id }) => id)

it('keeps the last run, the last that was no dry run, the last success, and what goes on', async () => {
  const db = await memoryState()
  await addRun(db, 'A1', 'a', 1)
  await addRun(db, 'A2', 'a', 2)
  await addRun(db, 'A3', 'a', 3, { status: 'failed' })
  await addRun(db, 'A4', 'a', 4, { status: 'success', trigger: 'dry-run' })
  await addRun(db, 'B1', 'b', 1)
  await addRun(db, 'B2', 'b', 2, { status: 'interrupted', from: 'B1' })
  await addRun(db, 'B3', 'b', 3, { status: 'interrupted', from: 'B2' })
  await addRun(db, 'B4', 'b', 4, { status: 'failed' })
  await addRun(db, 'B5', 'b', 5)
  await addCheckpoint(db, 'b#way', 'B3')
  await addRun(db, 'C1', 'c', 1, { status: 'success' })
  await addRun(db, 'C2', 'c', 2, { status: 'interrupted', from: 'C1' })
  await addRun(db, 'C3', 'c', 3, { status: 'running', from: 'C2' })
  await addRun(db, 'D1', 'd', 1, { from: 'A1' })
  await addRun(db, 'D2', 'd', 2, { from: 'D1' })

  const kept = await runsToKeep(db)
  const old = await oldRuns(db, day(30), kept)
  await deleteRuns(db, old)

  expect(old).toEqual(['A1', 'D1', 'B4'])
  expect((await idsOf(db)).join(' ')).toBe('A2 A3 A4 B1 B2 B3 B5 C1 C2 C3 D2')
})

it('deletes runs that ended before the instant with all that hangs on them, and no others', async () => {
  const db = await memoryState()
  for (let n = 1; n <= 130; n++) await addRun(db, `R${1000 + n}`, 'a', n)
  await addRun(db, 'R0000', 'a', 1, { failures: 2500 })
  const kept = await runsToKeep(db)

  const old = await oldRuns(db, day(100), kept)
  const counted = await countRuns(db, old)
  const bytes = await bytesByRun(db)
  const deleted = await deleteRuns(db, old)

  expect(counted).toEqual({
    runs: 100,
    run_failures: 2500,
    import_findings: 100,
    import_finding_totals: 100,
    import_counts: 0,
  })
  expect(deleted).toEqual(counted)
  expect(bytes.get('R0000')).toBeGreaterThan(2500 * 60)
  expect(await idsOf(db)).toEqual(Array.from({ length: 31 }, (_, n) => `R${1100 + n}`))
  const left = await db.selectFrom('import_findings').select('run_id').execute()
  expect(left).toHaveLength(31)
})

it('stops where it is told, and the rest goes the next time', async () => {
  const db = await memoryState()
  for (let n = 1; n <= 130; n++) await addRun(db, `R${1000 + n}`, 'a', n)
  const old = await oldRuns(db, day(1000), await runsToKeep(db))
  let batches = 0

  const first = await deleteRuns(db, old, { isOver: () => batches++ > 0 })
  const second = await deleteRuns(db, await oldRuns(db, day(1000), await runsToKeep(db)))

  expect(first.runs).toBe(50)
  expect(second.runs).toBe(79)
  expect(await idsOf(db)).toEqual(['R1130'])
})

it('drops listings that nobody goes on with, and keeps those a checkpoint or a run needs', async () => {
  const db = await memoryState()
  const begin = async (job: string, onDay: number) => {
    const id = await beginListing(db, { job, source: 's', isFull: true, now: day(onDay) })
    await addToListing(db, id, [{ externalId: '1', body: '{}' }])
    await completeListing(db, id, day(onDay))
    return id
  }
  const [gone, resting, running, fresh] = [
    await begin('a#x', 1),
    await begin('b#x', 1),
    await begin('c#x', 1),
    await begin('d#x', 9),
  ]
  await addRun(db, 'B1', 'b', 1, { status: 'interrupted' })
  await addCheckpoint(db, 'b#x', 'B1')
  await addRun(db, 'C1', 'c', 1, { status: 'running' })

  const forsaken = await forsakenListings(db, day(5))
  await dropListings(db, forsaken)

  expect(forsaken).toEqual([gone])
  expect(await getListing(db, gone)).toBeUndefined()
  for (const id of [resting, running, fresh]) expect(await getListing(db, id)).toBeDefined()
})
