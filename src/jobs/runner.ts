/** Runs a sync: batch by batch, each committed together with its checkpoint, its failures and its counters. */
import { createHash } from 'node:crypto'
import type { Change } from '../core/change.ts'
import type { Clock } from '../core/clock.ts'
import { CaravanError, messageOf } from '../core/errors.ts'
import { clearCheckpoint, saveCheckpoint } from '../store/checkpoints.ts'
import { saveFailures } from '../store/run-failures.ts'
import { finishRun, heartbeat, noCounters } from '../store/runs.ts'
import type { Db } from '../store/schema.ts'
import { startRun } from '../store/start-run.ts'
import { atomically } from '../store/transaction.ts'
import type { AnyContext, AnyJob, Batch, ItemFailure, Progress } from './define.ts'
import { checkFailures, type FailureRules, noFailures } from './failure-guard.ts'
import {
  add,
  countsOf,
  describe,
  stopped,
  keepChanges,
  keepFailures,
  note,
  type RunOutcome,
  statusOf,
  statusOfCounters,
} from './run-outcome.ts'

export type { RunOutcome }

export type RunOptions = {
  db: Db
  clock: Clock
  signal: AbortSignal
  trigger: string
  /** Checked against the job's schema. */
  options: Record<string, unknown>
  fromStart?: boolean
  isDryRun?: boolean
  /** Who serves it, where there is a choice: where one of them stopped, another one cannot continue. */
  servedBy?: string
  clientsFor(runId: string): Pick<AnyContext, 'use' | 'source'>
  rules?: FailureRules
  onProgress?(progress: Progress): void
}

const leaseMs = 60_000
const heartbeatMs = 10_000

/** Throws `job_running` before anything is done; what goes wrong later is in the outcome. */
export async function runSync(job: AnyJob, run: RunOptions): Promise<RunOutcome> {
  const { db, clock } = run
  const checkpointKey = keyOf(job, run)
  const started = await startRun(db, {
    job: job.id,
    trigger: run.isDryRun ? 'dry-run' : run.trigger,
    options: run.options,
    now: clock.now(),
    leaseMs,
    checkpointKey,
    fromStart: run.fromStart && !run.isDryRun,
  })
  const startedMs = clock.monotonicMs()
  const outcome: RunOutcome = {
    id: started.id,
    status: 'success',
    counters: noCounters(),
    durationMs: 0,
    failures: [],
    changes: [],
    notes: [],
    resumedFrom: started.resumedFrom,
  }
  const stopBeating = beat(run, outcome)
  try {
    const from = run.isDryRun ? undefined : readCheckpoint(job, started.checkpoint)
    await work(job, run, outcome, { from, checkpointKey })
  } catch (error) {
    outcome.error = error
    outcome.status = statusOf(error, run.signal)
    await endEarly(run, outcome)
  } finally {
    stopBeating()
  }
  outcome.durationMs = Math.round(clock.monotonicMs() - startedMs)
  return outcome
}

async function endEarly({ db, clock }: RunOptions, outcome: RunOutcome): Promise<void> {
  const { id, status, counters, error } = outcome
  try {
    const told = status === 'interrupted' ? stopped : describe(error)
    await finishRun(db, id, { status, at: clock.now(), counters, error: told })
  } catch (failure) {
    const isLost = failure instanceof CaravanError && failure.code === 'job_running'
    // On a full disk not even the failure can be written: the cause is told, and the next run finds this one dead.
    if (isLost) throw failure
  }
}

type Position = { from: unknown; checkpointKey: string }

async function work(
  job: AnyJob,
  run: RunOptions,
  outcome: RunOutcome,
  { from, checkpointKey }: Position,
): Promise<void> {
  const expected: Expected = { unit: 'items' }
  const saving = { context: contextOf(job, run, outcome, checkpointKey, expected), checkpointKey }
  try {
    await copy(job, run, outcome, { ...saving, from, expected })
    await finish(job, run, outcome, saving)
  } catch (error) {
    // What a run kept is what the next one goes on with; what a dry run kept is of no use to any.
    if (run.isDryRun) await cleanUp(job, outcome, saving)
    throw error
  }
  await cleanUp(job, outcome, saving)
}

type Expected = { total?: number; unit: string }

function contextOf(
  job: AnyJob,
  run: RunOptions,
  outcome: RunOutcome,
  scope: string,
  expected: Expected,
): AnyContext {
  return {
    ...run.clientsFor(outcome.id),
    options: run.options,
    db: run.db,
    clock: run.clock,
    signal: run.signal,
    runId: outcome.id,
    job: job.id,
    scope,
    isDryRun: run.isDryRun ?? false,
    isFromStart: run.fromStart ?? false,
    expect: (total, unit) => void Object.assign(expected, { total, unit }),
    note: (text) => note(outcome, text),
  }
}

async function copy(
  job: AnyJob,
  run: RunOptions,
  outcome: RunOutcome,
  { from, expected, ...saving }: Saving & { from: unknown; expected: Expected },
): Promise<void> {
  const save = run.isDryRun ? preview : commit
  let tally = noFailures
  for await (const batch of job.read(saving.context, from) as AsyncGenerator<
    Batch<unknown, unknown>
  >) {
    // Stopped before the batch is saved: the next run takes it up again.
    run.signal.throwIfAborted()
    await save(job, run, outcome, batch, saving)
    tally = checkFailures(tally, batch, run.rules)
    const { total, unit } = expected
    run.onProgress?.({ done: outcome.counters.read, total, unit })
  }
}

/** All that counts is committed by now, so what cannot be removed fails nothing; the next run removes it. */
async function cleanUp(job: AnyJob, outcome: RunOutcome, { context }: Saving): Promise<void> {
  try {
    await job.cleanUp?.(context)
  } catch (error) {
    note(outcome, `What served this run alone could not be removed yet: ${messageOf(error)}`)
  }
}

type Saving = { context: AnyContext; checkpointKey: string }

/** One transaction: rows, failures, checkpoint and counters are all there or none is. */
async function commit(
  job: AnyJob,
  { db, clock }: RunOptions,
  outcome: RunOutcome,
  batch: Batch<unknown, unknown>,
  { context, checkpointKey }: Saving,
): Promise<void> {
  const failures = batch.failures ?? []
  const now = clock.now()
  const next = await atomically(db, async (tx) => {
    const saved = await job.write(tx, batch.items, context)
    const counters = add(outcome.counters, { ...saved, ...countsOf(batch) })
    await saveFailures(
      tx,
      outcome.id,
      failures.map((failure) => toRow(failure, now)),
    )
    const at = { runId: outcome.id, updatedAt: now.toISOString() }
    await saveCheckpoint(tx, { job: checkpointKey, value: batch.checkpoint, ...at })
    await heartbeat(tx, outcome.id, { nowMs: now.getTime(), leaseMs, counters })
    return counters
  })
  outcome.counters = next
  keepFailures(outcome, failures)
}

/** The same without writing: what would be created and changed. */
async function preview(
  job: AnyJob,
  { db }: RunOptions,
  outcome: RunOutcome,
  batch: Batch<unknown, unknown>,
  { context }: Saving,
): Promise<void> {
  const changes = await job.preview(db, batch.items, context)
  const created = changes.filter(({ action }) => action === 'create').length
  const updated = changes.length - created
  const unchanged = Math.max(0, batch.items.length - changes.length)
  outcome.counters = add(outcome.counters, { created, updated, unchanged, ...countsOf(batch) })
  keepChanges(outcome, changes)
  keepFailures(outcome, batch.failures ?? [])
}

/** One transaction: what a kill leaves is a run that ended or one that goes on here, never an end without a run. */
async function finish(
  job: AnyJob,
  { db, clock, isDryRun }: RunOptions,
  outcome: RunOutcome,
  { context, checkpointKey }: Saving,
): Promise<void> {
  const marked = await atomically(db, async (tx) => {
    const { marked: keys } = (await job.finish?.(tx, context)) ?? { marked: [] }
    if (!isDryRun && !job.keepsCheckpoint) await clearCheckpoint(tx, checkpointKey)
    const counters = add(outcome.counters, { marked: keys.length })
    const status = statusOfCounters(counters)
    await finishRun(tx, outcome.id, { status, at: clock.now(), counters })
    return keys
  })
  outcome.counters = add(outcome.counters, { marked: marked.length })
  outcome.status = statusOfCounters(outcome.counters)
  if (!isDryRun) return
  const changes = marked.map((key): Change => ({ key, action: 'mark', fields: [] }))
  keepChanges(outcome, changes)
}

const toRow = ({ key, reason, raw }: ItemFailure, at: Date) => ({
  key,
  reason,
  raw: JSON.stringify(raw ?? null),
  at: at.toISOString(),
})

/** Each way a job is run keeps its own place: a run of three products must not lose that of the whole catalogue. */
function keyOf(
  { id, onlyFlags = [] }: AnyJob,
  { options, isDryRun, servedBy }: RunOptions,
): string {
  const said = Object.entries(options).filter(
    ([name, value]) => value !== undefined && !onlyFlags.includes(name),
  )
  const sorted = said.toSorted(([a], [b]) => (a < b ? -1 : 1))
  const text = JSON.stringify(servedBy === undefined ? sorted : [...sorted, servedBy])
  const way = createHash('sha256').update(text).digest('hex').slice(0, 12)
  return `${id}#${isDryRun ? 'dry-run-' : ''}${way}`
}

/** A checkpoint an older version wrote in another shape means: from the start. */
function readCheckpoint(job: AnyJob, stored: unknown): unknown {
  if (stored === undefined) return undefined
  const checked = job.checkpoint.safeParse(stored)
  return checked.success ? checked.data : undefined
}

/** Keeps the lease while a batch is being fetched. */
function beat({ db, clock }: RunOptions, outcome: RunOutcome): () => void {
  const stop = new AbortController()
  const go = async () => {
    while (!stop.signal.aborted) {
      await clock.sleep(heartbeatMs, stop.signal)
      // A busy file or a full disk now says nothing about the next beat, and a lost lease shows in the next commit.
      await heartbeat(db, outcome.id, { nowMs: clock.now().getTime(), leaseMs }).catch(() => 0)
    }
  }
  go().catch(() => undefined)
  return () => stop.abort()
}
