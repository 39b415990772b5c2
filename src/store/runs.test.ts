import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { systemClock as clock } from '../core/clock.ts'
import { startChild } from '../testing/child.ts'
import { memoryState, temporaryFolder } from '../testing/state.ts'
import { clearCheckpoint, getCheckpoint, saveCheckpoint } from './checkpoints.ts'
import { createState, openState } from './open.ts'
import { isAlive, thisProcess } from './process-identity.ts'
import { countFailures, listFailures, saveFailures } from './run-failures.ts'
import { finishRun, getRun, heartbeat, listRuns, noCounters } from './runs.ts'
import type { Db } from './schema.ts'
import { interruptDeadRuns, startRun, type StartOptions } from './start-run.ts'

const now = new Date('2026-03-01T10:00:00.000Z')
const later = (seconds: number) => new Date(now.getTime() + seconds * 1000)
const leaseMs = 60_000

const start = (db: Db, more: Partial<StartOptions> = {}) =>
  startRun(db, { job: 'j', trigger: 'manual', options: { a: 1 }, now, leaseMs, ...more })

/** A process that was here and is not any more. */
const gone = { ...thisProcess(), startedAt: 'another boot/1' }
const elsewhere = { host: 'other-host', pid: 1, startedAt: null }

describe('startRun', () => {
  it('stores the run with where it begins', async () => {
    const db = await memoryState()
    await saveCheckpoint(db, { job: 'j', value: { page: 7 }, runId: 'r', updatedAt: 'x' })

    const { id, checkpoint, interrupted } = await start(db)

    expect({ checkpoint, interrupted }).toEqual({ checkpoint: { page: 7 }, interrupted: undefined })
    expect(await getRun(db, id)).toMatchObject({
      job: 'j',
      options: { a: 1 },
      status: 'running',
      counters: noCounters(),
      checkpointFrom: { page: 7 },
      pid: process.pid,
      startedAt: now.toISOString(),
    })
  })

  it('refuses while a run of the same job lives in this process', async () => {
    const db = await memoryState()
    const { id } = await start(db)

    await expect(start(db)).rejects.toMatchObject({
      code: 'job_running',
      message: expect.stringMatching(
        new RegExp(`${id}.*${process.pid}.*since 2026-03-01 10:00:00 UTC$`),
      ),
    })

    await start(db, { job: 'another' })
  })

  it('takes over from a process that is gone, at its checkpoint', async () => {
    const db = await memoryState()
    const first = await start(db, { process: gone })
    await saveCheckpoint(db, { job: 'j', value: 3, runId: first.id, updatedAt: 'x' })

    const second = await start(db, { now: later(1) })

    expect(second.interrupted).toMatchObject({ id: first.id })
    expect(second.checkpoint).toBe(3)
    expect(await getRun(db, first.id)).toMatchObject({
      status: 'interrupted',
      finishedAt: later(1).toISOString(),
      error: { code: 'interrupted', message: expect.stringContaining('ended without a word') },
    })
    expect(await getRun(db, second.id)).toMatchObject({ resumedFrom: first.id })
  })

  it('waits for the lease of a run on another host', async () => {
    const db = await memoryState()
    await start(db, { process: elsewhere })

    await expect(start(db, { now: later(59) })).rejects.toMatchObject({ code: 'job_running' })

    expect((await start(db, { now: later(61) })).interrupted).toBeDefined()
  })

  it('forgets the checkpoint when told to begin at the start', async () => {
    const db = await memoryState()
    await saveCheckpoint(db, { job: 'j', value: 3, runId: 'r', updatedAt: 'x' })

    const { checkpoint } = await start(db, { fromStart: true })

    expect(checkpoint).toBeUndefined()
    expect(await getCheckpoint(db, 'j')).toBeUndefined()
  })

  it('tells a living process from a killed one', async () => {
    const path = join(temporaryFolder(), 'caravan.db')
    await createState(path, clock)
    const { db, close } = await openState(path, { clock })
    const child = startChild('state-child.ts', 'run', path, 'j')
    await child.printed(1)

    await expect(start(db)).rejects.toMatchObject({ code: 'job_running' })
    await child.kill()
    const { interrupted } = await start(db)

    expect(interrupted?.pid).toBe(child.process.pid)
    await close()
  })

  it('gives the job to one of two that ask at once', async () => {
    const path = join(temporaryFolder(), 'caravan.db')
    await createState(path, clock)
    const children = [1, 2, 3].map(() => startChild('state-child.ts', 'run', path, 'j'))

    const words = await Promise.all(children.map((child) => child.printed(1)))

    expect(words.flat().toSorted()).toEqual(['job_running', 'job_running', 'started'])
  })
})

describe('a run', () => {
  it('keeps its lease by heartbeats and stores its counters with them', async () => {
    const db = await memoryState()
    const { id } = await start(db)
    const counters = { ...noCounters(), read: 5 }

    await heartbeat(db, id, { nowMs: later(50).getTime(), leaseMs, counters })

    expect(await getRun(db, id)).toMatchObject({
      counters,
      heartbeatAt: later(50).toISOString(),
      leaseUntil: later(110).toISOString(),
    })
  })

  it('that was taken over can neither go on nor end', async () => {
    const db = await memoryState()
    const { id } = await start(db, { process: gone })
    await start(db)
    const beat = { nowMs: later(1).getTime(), leaseMs }
    const end = { status: 'success', at: now, counters: noCounters() } as const

    const writing = db.transaction().execute(async (tx) => {
      await saveCheckpoint(tx, { job: 'j', value: 'late', runId: id, updatedAt: 'x' })
      await heartbeat(tx, id, beat)
    })

    await expect(writing).rejects.toMatchObject({ code: 'job_running' })
    await expect(finishRun(db, id, end)).rejects.toMatchObject({ code: 'job_running' })
    expect(await getCheckpoint(db, 'j')).toBeUndefined()
  })

  it('ends with its outcome and leaves the job free', async () => {
    const db = await memoryState()
    const { id } = await start(db)
    const error = { code: 'guard_failures', message: 'too many' }

    await finishRun(db, id, { status: 'failed', at: later(9), counters: noCounters(), error })

    expect(await getRun(db, id)).toMatchObject({ status: 'failed', error })
    await start(db)
  })

  it('whose process is gone is found dead without starting another', async () => {
    const db = await memoryState()
    const dead = await start(db, { process: gone })
    await start(db, { job: 'alive' })
    await start(db, { job: 'elsewhere', process: elsewhere })

    const found = await interruptDeadRuns(db, later(1))

    expect(found.map(({ id }) => id)).toEqual([dead.id])
    expect((await getRun(db, dead.id)).status).toBe('interrupted')
  })

  it('that nobody knows is said to be unknown', async () => {
    await expect(getRun(await memoryState(), 'X')).rejects.toMatchObject({ code: 'run_unknown' })
  })
})

it('lists runs newest first, page by page, with filters', async () => {
  const db = await memoryState()
  const ids: string[] = []
  for (let n = 0; n < 5; n++) {
    const { id } = await start(db, { job: n === 2 ? 'other' : 'j', now: later(n < 2 ? 0 : n) })
    await finishRun(db, id, { status: 'success', at: later(n), counters: noCounters() })
    ids.unshift(id)
  }

  const first = await listRuns(db, {}, { limit: 2 })
  const second = await listRuns(db, {}, { limit: 5, before: first.at(-1) })

  expect([...first, ...second].map(({ id }) => id)).toEqual(ids)
  expect(await listRuns(db, { job: 'other' })).toHaveLength(1)
  expect(await listRuns(db, { status: 'failed' })).toEqual([])
  expect(await listRuns(db, { since: later(3), until: later(4) })).toHaveLength(1)
})

it('keeps the failures of a run, the last reason of each item, cut to size', async () => {
  const db = await memoryState()
  const failure = { key: 'b', reason: 'first', raw: '{}', at: now.toISOString() }

  await saveFailures(db, 'r', [failure, { ...failure, reason: 'second' }])
  await saveFailures(db, 'r', [{ ...failure, key: 'a', raw: 'ж'.repeat(20_000) }])

  const [a, b] = await listFailures(db, 'r')
  expect(await countFailures(db, 'r')).toBe(2)
  expect(b).toMatchObject({ key: 'b', reason: 'second' })
  expect(Buffer.byteLength(a?.raw ?? '')).toBeLessThanOrEqual(16_384)
  expect(a?.raw).toMatch(/^ж+… \(cut, 40000 bytes in all\)$/)
  expect(await listFailures(db, 'r', { afterKey: 'a' })).toEqual([b])
})

it('replaces a checkpoint and clears it', async () => {
  const db = await memoryState()
  const checkpoint = { job: 'j', value: { at: 1 }, runId: 'r', updatedAt: now.toISOString() }

  await saveCheckpoint(db, checkpoint)
  await saveCheckpoint(db, { ...checkpoint, value: null })

  expect(await getCheckpoint(db, 'j')).toEqual({ ...checkpoint, value: null })
  await clearCheckpoint(db, 'j')
  expect(await getCheckpoint(db, 'j')).toBeUndefined()
})

it('knows a process by its number and its start', () => {
  expect(isAlive(thisProcess())).toBe(true)
  expect(isAlive({ ...thisProcess(), startedAt: 'boot/1' })).toBe(false)
  expect(isAlive({ ...thisProcess(), pid: 2 ** 22 + 1 })).toBe(false)
})
