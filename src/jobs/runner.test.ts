import { setImmediate as turn } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { getCheckpoint } from '../store/checkpoints.ts'
import { setMeta } from '../store/meta.ts'
import { cancelRun, getRun, listRuns } from '../store/runs.ts'
import type { Db } from '../store/schema.ts'
import { interruptDeadRuns } from '../store/start-run.ts'
import { createTestClock, type TestClock } from '../testing/clock.ts'
import { fileState, memoryState } from '../testing/state.ts'
import { type AnyContext, type Batch, defineSync } from './define.ts'
import { type RunOptions, type RunOutcome, runSync } from './runner.ts'

type Numbers = Batch<number, { next: number }>

/** Saves 1 to 5, one in each batch, as rows of their own; `before` is called when a number is to be read. */
function counting(before: (n: number, context: AnyContext) => unknown = () => undefined) {
  return defineSync({
    id: 'counting',
    title: 'Counting',
    needs: {},
    options: z.object({}),
    checkpoint: z.object({ next: z.int() }),
    retry: (options) => options,
    async *read(context, from): AsyncGenerator<Numbers> {
      for (let n = from?.next ?? 1; n <= 5; n++) {
        await before(n, context)
        yield { items: [n], checkpoint: { next: n + 1 } }
      }
    },
    async write(tx, items) {
      for (const n of items) await setMeta(tx, `number ${n}`, String(n))
      return { created: items.length, updated: 0, unchanged: 0 }
    },
    preview: async () => [],
  })
}

const saved = async (db: Db): Promise<number[]> => {
  const rows = await db
    .selectFrom('meta')
    .select('value')
    .where('key', 'like', 'number %')
    .execute()
  return rows.map(({ value }) => Number(value)).toSorted()
}

const optionsFor = (db: Db, clock: TestClock): RunOptions => ({
  db,
  clock,
  signal: new AbortController().signal,
  trigger: 'schedule',
  options: {},
  clientsFor: () => ({ use: {}, source: {} }),
})

/** Lets the clock go on, a second at a time, until the run is over. */
async function passing(clock: TestClock, run: Promise<RunOutcome>): Promise<RunOutcome> {
  const over = new AbortController()
  const done = run.finally(() => over.abort())
  while (!over.signal.aborted) {
    await clock.advance(1000)
    for (let n = 0; n < 5; n++) await turn()
  }
  return done
}

const asleep = (n: number, { clock, signal }: AnyContext) =>
  n === 3 ? clock.sleep(3_600_000, signal) : undefined

it('stops a run that takes too long as failed, and the next one goes on at its checkpoint', async () => {
  const [db, clock] = [await memoryState(), createTestClock()]
  const run = runSync(counting(asleep), { ...optionsFor(db, clock), timeoutMs: 90_000 })

  const outcome = await passing(clock, run)

  expect(outcome).toMatchObject({
    status: 'failed',
    error: { code: 'run_timeout', message: expect.stringContaining('longer than the 90s') },
  })
  expect(clock.monotonicMs()).toBeLessThan(95_000)
  expect(await getRun(db, outcome.id)).toMatchObject({
    status: 'failed',
    error: { code: 'run_timeout' },
    counters: { created: 2 },
  })
  const next = await runSync(counting(), optionsFor(db, clock))
  expect(next).toMatchObject({ status: 'success', counters: { created: 3 } })
  expect(await saved(db)).toEqual([1, 2, 3, 4, 5])
})

it('stops a cancelled run behind the batch it was about to save', async () => {
  const [db, clock] = [await memoryState(), createTestClock()]
  const cancel = async (n: number, { runId }: AnyContext) => {
    if (n === 2) await cancelRun(db, runId, { by: 'anna', reason: 'wrong prices', at: clock.now() })
  }

  const outcome = await runSync(counting(cancel), optionsFor(db, clock))

  expect(outcome).toMatchObject({
    status: 'interrupted',
    error: { code: 'run_cancelled', message: expect.stringMatching(/by anna: wrong prices$/) },
  })
  expect(await getRun(db, outcome.id)).toMatchObject({
    status: 'interrupted',
    error: { code: 'run_cancelled', message: expect.stringContaining('anna: wrong prices') },
    cancelled: { by: 'anna', reason: 'wrong prices' },
  })
  expect(await saved(db)).toEqual([1, 2])
})

it('stops a cancelled run that waits for its vendor within seconds', async () => {
  const [db, clock] = [await memoryState(), createTestClock()]
  const run = runSync(counting(asleep), optionsFor(db, clock))
  await clock.untilSleeping(3_600_000)
  const [{ id = '' } = {}] = await listRuns(db, { status: 'running' })

  await cancelRun(db, id, { by: 'anna', reason: '', at: clock.now() })
  const outcome = await passing(clock, run)

  expect(outcome).toMatchObject({ status: 'interrupted', error: { code: 'run_cancelled' } })
  expect(clock.monotonicMs()).toBeLessThan(5000)
})

it('is told of the run in the transaction that makes it', async () => {
  const [db, clock] = [await memoryState(), createTestClock()]
  const dueAt = new Date('2026-03-01T00:00:00Z')
  const seen: unknown[] = []

  const { id } = await runSync(counting(), {
    ...optionsFor(db, clock),
    dueAt,
    onStarted: async (tx, run) => void seen.push(await getRun(tx, run), tx.isTransaction),
  })

  expect(seen).toMatchObject([{ id, status: 'running', dueAt: dueAt.toISOString() }, true])

  const refused = runSync(counting(), {
    ...optionsFor(db, clock),
    onStarted: () => Promise.reject(new Error('the occurrence is not ours')),
  })
  await expect(refused).rejects.toThrow('not ours')
  expect(await listRuns(db)).toHaveLength(1)
})

it('saves nothing more once it was taken over, and says so', async () => {
  const [db, clock] = [await memoryState(), createTestClock()]
  const dead = { host: 'another-host', pid: 1, startedAt: null }
  const lose = async (n: number) => {
    if (n !== 3) return
    // As another host does when it has not heard of the run for longer than its lease.
    await interruptDeadRuns(db, new Date(clock.now().getTime() + 61_000), dead)
  }

  const outcome = await runSync(counting(lose), optionsFor(db, clock))

  expect(outcome).toMatchObject({ status: 'interrupted', error: { code: 'job_running' } })
  expect(await saved(db)).toEqual([1, 2])
  expect(await getRun(db, outcome.id)).toMatchObject({
    status: 'interrupted',
    error: { code: 'interrupted', message: expect.stringContaining('ended without a word') },
  })
})

it('notices while it waits for its vendor that it was taken over', async () => {
  const [db, clock] = [await memoryState(), createTestClock()]
  const run = runSync(counting(asleep), optionsFor(db, clock))
  await clock.untilSleeping(3_600_000)

  await interruptDeadRuns(db, new Date(clock.now().getTime() + 61_000), {
    host: 'another-host',
    pid: 1,
    startedAt: null,
  })
  const outcome = await passing(clock, run)

  expect(outcome).toMatchObject({ status: 'interrupted', error: { code: 'job_running' } })
  expect(clock.monotonicMs()).toBeLessThan(5000)
})

it.each(['read', 'save'] as const)(
  'waits for a state that another writer holds when it is to %s, and goes on',
  async (when) => {
    const { state } = await fileState()
    const { db } = state
    await sql`pragma busy_timeout = 20`.execute(db) // five seconds otherwise, as often as it tries
    const clock = createTestClock()
    const other = new Sqlite(state.path)
    let tries = 0
    const hold = async (n: number) => {
      if (n === 3 && tries++ === 0) other.exec('begin immediate')
      // A call writes down its intent, and so on.
      if (n === 3 && when === 'read') await setMeta(db, 'reading', String(tries))
    }
    const run = runSync(counting(hold), optionsFor(db, clock))
    await clock.untilSleeping(when === 'read' ? 1000 : 200)
    await clock.advance(1500)

    other.exec('commit')
    other.close()
    const outcome = await passing(clock, run)

    expect(outcome).toMatchObject({ status: 'success', counters: { read: 5, created: 5 } })
    expect(await saved(db)).toEqual([1, 2, 3, 4, 5])
    expect(tries).toBe(when === 'read' ? 3 : 1)
  },
)

it('gives up on a state that stays busy, with its checkpoint where it was', async () => {
  const { state } = await fileState()
  const { db } = state
  await sql`pragma busy_timeout = 5`.execute(db)
  const clock = createTestClock()
  const other = new Sqlite(state.path)
  const hold = (n: number) => void (n === 3 && other.exec('begin immediate'))

  const outcome = await passing(clock, runSync(counting(hold), optionsFor(db, clock)))
  other.exec('rollback')
  other.close()

  expect(outcome).toMatchObject({ status: 'failed', error: { code: 'state_busy' } })
  expect(clock.monotonicMs()).toBeGreaterThan(300_000)
  const [{ id = '' } = {}] = await listRuns(db)
  expect((await getRun(db, id)).status).toBe('running') // not even the end could be written
  expect(await saved(db)).toEqual([1, 2])
  const { job } = await db.selectFrom('checkpoints').select('job').executeTakeFirstOrThrow()
  expect(await getCheckpoint(db, job)).toMatchObject({ value: { next: 3 } })

  const next = await runSync(counting(), optionsFor(db, clock))

  expect(next).toMatchObject({ status: 'success', counters: { created: 3 }, resumedFrom: id })
  expect(await getRun(db, id)).toMatchObject({
    status: 'interrupted',
    error: { message: expect.stringContaining('could not write down how it ended') },
  })
})
