/** Runs a sync: batch by batch, each committed together with its checkpoint, its failures and its counters. */
import { createHash } from 'node:crypto'
import type { Change } from '../core/change.ts'
import type { Clock } from '../core/clock.ts'
import { CaravanError, IntegrationError, messageOf } from '../core/errors.ts'
import { clearCheckpoint, saveCheckpoint } from '../store/checkpoints.ts'
import { saveFailures } from '../store/run-failures.ts'
import { type Counters, finishRun, heartbeat, noCounters, type RunError } from '../store/runs.ts'
import type { Db } from '../store/schema.ts'
import { startRun } from '../store/start-run.ts'
import { atomically } from '../store/transaction.ts'
import type { AnyContext, AnyJob, Batch, ItemFailure, Progress } from './define.ts'
import { checkFailures, type FailureRules, noFailures } from './failure-guard.ts'

export type RunOptions = {
  db: Db
  clock: Clock
  signal: AbortSignal
  trigger: string
  /** Checked against the job's schema. */
  options: Record<string, unknown>
  fromStart?: boolean
  isDryRun?: boolean
  clientsFor(runId: string): Pick<AnyContext, 'use' | 'source'>
  rules?: FailureRules
  onProgress?(progress: Progress): void
}

export type RunOutcome = {
  id: string
  status: 'success' | 'partial' | 'failed' | 'guarded' | 'interrupted'
  counters: Counters
  durationMs: number
  /** The first of them; all are in the state. */
  failures: ItemFailure[]
  /** What a dry run would have changed, the first of them. */
  changes: Change[]
  notes: string[]
  /** The interrupted run this one went on from. */
  resumedFrom: string | null
  error?: unknown
}

const leaseMs = 60_000
const heartbeatMs = 10_000
/** Kept in memory for the report. */
const keptFailures = 100
const keptChanges = 1_000
const keptNotes = 100

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
    resumedFrom: started.interrupted?.id ?? null,
  }
  const stopBeating = beat(run, outcome)
  try {
    const from = run.isDryRun ? undefined : readCheckpoint(job, started.checkpoint)
    await work(job, run, outcome, { from, checkpointKey })
    outcome.status = statusOfCounters(outcome.counters)
  } catch (error) {
    outcome.error = error
    outcome.status = statusOf(error, run.signal)
  } finally {
    stopBeating()
  }
  outcome.durationMs = Math.round(clock.monotonicMs() - startedMs)
  await finishRun(db, outcome.id, {
    status: outcome.status,
    at: clock.now(),
    counters: outcome.counters,
    error: outcome.error === undefined ? undefined : describe(outcome.error),
  })
  return outcome
}

type Position = { from: unknown; checkpointKey: string }

async function work(
  job: AnyJob,
  run: RunOptions,
  outcome: RunOutcome,
  { from, checkpointKey }: Position,
): Promise<void> {
  const { db } = run
  let expected: { total: number; unit: string } | undefined
  let tally = noFailures
  const context = {
    ...run.clientsFor(outcome.id),
    options: run.options,
    db,
    clock: run.clock,
    signal: run.signal,
    runId: outcome.id,
    scope: checkpointKey,
    isDryRun: run.isDryRun ?? false,
    isFromStart: run.fromStart ?? false,
    expect: (total: number, unit: string) => (expected = { total, unit }),
    note: (text: string) => void (outcome.notes.length < keptNotes && outcome.notes.push(text)),
  }
  const save = run.isDryRun ? preview : commit
  for await (const batch of job.read(context, from) as AsyncGenerator<Batch<unknown, unknown>>) {
    // Stopped before the batch is saved: the next run takes it up again.
    run.signal.throwIfAborted()
    await save(job, run, outcome, batch, { context, checkpointKey })
    tally = checkFailures(tally, batch, run.rules)
    const { total, unit } = { total: undefined, unit: 'items', ...expected }
    run.onProgress?.({ done: outcome.counters.read, total, unit })
  }
  await finish(job, run, outcome, { context, checkpointKey })
  await job.cleanUp?.(context)
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
  outcome.changes.push(...changes.slice(0, keptChanges - outcome.changes.length))
  keepFailures(outcome, batch.failures ?? [])
}

async function finish(
  job: AnyJob,
  { db, isDryRun }: RunOptions,
  outcome: RunOutcome,
  { context, checkpointKey }: Saving,
): Promise<void> {
  const marked = await atomically(db, async (tx) => {
    const { marked: keys } = (await job.finish?.(tx, context)) ?? { marked: [] }
    if (!isDryRun && !job.keepsCheckpoint) await clearCheckpoint(tx, checkpointKey)
    return keys
  })
  outcome.counters = { ...outcome.counters, marked: marked.length }
  if (!isDryRun) return
  const changes = marked.map((key): Change => ({ key, action: 'mark', fields: [] }))
  outcome.changes.push(...changes.slice(0, keptChanges - outcome.changes.length))
}

const countsOf = ({ items, failures = [] }: Batch<unknown, unknown>) => ({
  read: items.length + failures.length,
  failed: failures.length,
})

const add = (counters: Counters, more: Partial<Counters>): Counters =>
  Object.fromEntries(
    Object.entries(counters).map(([name, value]) => [
      name,
      value + (more[name as keyof Counters] ?? 0),
    ]),
  ) as Counters

const toRow = ({ key, reason, raw }: ItemFailure, at: Date) => ({
  key,
  reason,
  raw: JSON.stringify(raw ?? null),
  at: at.toISOString(),
})

function keepFailures(outcome: RunOutcome, failures: readonly ItemFailure[]): void {
  outcome.failures.push(...failures.slice(0, keptFailures - outcome.failures.length))
}

/** Each way a job is run keeps its own place: a run of three products must not lose that of the whole catalogue. */
function keyOf(job: AnyJob, { options, isDryRun }: RunOptions): string {
  const text = JSON.stringify(Object.entries(options).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  const way = createHash('sha256').update(text).digest('hex').slice(0, 12)
  return `${job.id}#${isDryRun ? 'dry-run-' : ''}${way}`
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
      await heartbeat(db, outcome.id, { nowMs: clock.now().getTime(), leaseMs })
    }
  }
  // A lost lease shows in the next commit, which undoes its batch; here it only ends the beating.
  go().catch(() => undefined)
  return () => stop.abort()
}

/** Some saved and some failed is `partial`; all failed is `failed`. */
function statusOfCounters({ read, failed }: Counters): RunOutcome['status'] {
  if (failed === 0) return 'success'
  return failed < read ? 'partial' : 'failed'
}

function statusOf(error: unknown, signal: AbortSignal): RunOutcome['status'] {
  if (signal.aborted) return 'interrupted'
  const isGuard = error instanceof CaravanError && error.code.startsWith('guard_')
  return isGuard && error.code !== 'guard_failures' ? 'guarded' : 'failed'
}

function describe(error: unknown): RunError {
  const isOurs = error instanceof CaravanError || error instanceof IntegrationError
  const code = error instanceof IntegrationError ? error.kind : (isOurs && error.code) || 'internal'
  return { code, message: messageOf(error), ...(isOurs && error.hint && { hint: error.hint }) }
}
