/** Runs a sync: batch by batch, each committed together with its checkpoint, its failures and its counters. */
import { createHash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import type { Change } from '../core/change.ts'
import type { Clock } from '../core/clock.ts'
import { crashPoint } from '../core/crash-point.ts'
import { messageOf } from '../core/errors.ts'
import { clearCheckpoint, saveCheckpoint } from '../store/checkpoints.ts'
import { saveFailures } from '../store/run-failures.ts'
import { finishRun, heartbeat, noCounters } from '../store/runs.ts'
import type { Db } from '../store/schema.ts'
import { abandonRun, startRun } from '../store/start-run.ts'
import { atomically } from '../store/transaction.ts'
import type { AnyContext, AnyJob, Batch, ItemFailure, Progress } from './define.ts'
import { checkFailures, type FailureRules, noFailures } from './failure-guard.ts'
import {
  add,
  countsOf,
  describe,
  keepChanges,
  keepFailures,
  note,
  type RunOutcome,
  statusOf,
  statusOfCounters,
  stopped,
} from './run-outcome.ts'
import { cancelled, isLost, leaseMs, stopOf, watchRun } from './watch-run.ts'
import { busyPatienceMs, isBusy, whileBusy } from './while-busy.ts'

export type { RunOutcome }

export type RunOptions = {
  db: Db
  clock: Clock
  signal: AbortSignal
  trigger: string
  /** Whose account or token it is; left out: nobody's. */
  startedBy?: string
  /** Checked against the job's schema. */
  options: Record<string, unknown>
  fromStart?: boolean
  isDryRun?: boolean
  /** Who serves it, where there is a choice: where one of them stopped, another one cannot continue. */
  servedBy?: string
  clientsFor(runId: string): Pick<AnyContext, 'use' | 'source'>
  rules?: FailureRules
  /** A run that takes longer is stopped and has failed. */
  timeoutMs?: number
  /** The occurrence it serves; left out: it is run by hand. */
  dueAt?: Date
  /** Called in the transaction that makes the run. */
  onStarted?(tx: Db, run: string): Promise<void>
  onProgress?(progress: Progress): void
}

/** Throws `job_running` before anything is done; what goes wrong later is in the outcome. */
export async function runSync(job: AnyJob, asked: RunOptions): Promise<RunOutcome> {
  const { db, clock } = asked
  const run = { ...asked }
  const checkpointKey = keyOf(job, run)
  const started = await startRun(db, {
    job: job.id,
    trigger: run.isDryRun ? 'dry-run' : run.trigger,
    startedBy: run.startedBy,
    options: run.options,
    now: clock.now(),
    leaseMs,
    checkpointKey,
    fromStart: run.fromStart && !run.isDryRun,
    dueAt: run.dueAt,
    onStarted: run.onStarted,
  })
  crashPoint('after-start')
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
  const watch = watchRun(run, started.id)
  run.signal = watch.signal
  try {
    const from = run.isDryRun ? undefined : readCheckpoint(job, started.checkpoint)
    await work(job, run, outcome, { from, checkpointKey })
  } catch (error) {
    const stop = stopOf(error) ?? stopOf(watch.signal.reason)
    outcome.error = stop ?? error
    outcome.status = statusOf(outcome.error, watch.signal)
    if (!isLost(stop)) await endEarly(run, outcome, asked.signal)
  } finally {
    watch.end()
  }
  outcome.durationMs = Math.round(clock.monotonicMs() - startedMs)
  return outcome
}

/** Within the time that a program which is asked to stop is given. */
const endPatienceMs = 15_000

/** How often a daemon tries again to write down the end of a run, while the disk takes nothing. */
const endAgainMs = 2000

async function endEarly(
  { db, clock, dueAt }: RunOptions,
  outcome: RunOutcome,
  signal: AbortSignal,
): Promise<void> {
  const { id, status, counters, error } = outcome
  const told = status === 'interrupted' && !stopOf(error) ? stopped : describe(error)
  for (;;) {
    try {
      await whileBusy({ clock, patienceMs: endPatienceMs }, () =>
        finishRun(db, id, { status, at: clock.now(), counters, error: told }),
      )
      return
    } catch (failure) {
      if (isLost(failure)) {
        outcome.error = failure
        outcome.status = 'interrupted'
        return
      }
      // On a full disk not even the failure can be written. A command tells the cause and leaves, and the next run finds
      // this one dead; a daemon lives on, and a run without an end would stand in the way of its job for as long.
      if (dueAt === undefined || signal.aborted) return abandonRun(id)
      await clock.sleep(endAgainMs, signal).catch(() => undefined)
    }
  }
}

type Position = { from: unknown; checkpointKey: string }

type Saving = { context: AnyContext; checkpointKey: string }

async function work(
  job: AnyJob,
  run: RunOptions,
  outcome: RunOutcome,
  { from, checkpointKey }: Position,
): Promise<void> {
  const expected: Expected = { unit: 'items' }
  const saving = { context: contextOf(job, run, outcome, checkpointKey, expected), checkpointKey }
  try {
    await copy(job, run, outcome, { saving, from, expected })
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

type Copying = { saving: Saving; from: unknown; expected: Expected }

/** Reading that met a busy state goes on behind the last batch that was saved, as the next run would. */
async function copy(
  job: AnyJob,
  run: RunOptions,
  outcome: RunOutcome,
  { saving, from, expected }: Copying,
): Promise<void> {
  const save = run.isDryRun ? preview : commit
  let [tally, at] = [noFailures, from]
  let savedMs = run.clock.monotonicMs()
  for (;;) {
    try {
      for await (const batch of job.read(saving.context, at) as AsyncGenerator<
        Batch<unknown, unknown>
      >) {
        // Stopped before the batch is saved: the next run takes it up again.
        run.signal.throwIfAborted()
        await save(job, run, outcome, batch, saving)
        at = readCheckpoint(job, JSON.parse(JSON.stringify(batch.checkpoint)))
        savedMs = run.clock.monotonicMs()
        tally = checkFailures(tally, batch, run.rules)
        const { total, unit } = expected
        run.onProgress?.({ done: outcome.counters.read, total, unit })
        await turn() // pages that are there already would be saved in one go, and nothing else be heard meanwhile
      }
      return
    } catch (error) {
      const isOver = run.clock.monotonicMs() - savedMs >= busyPatienceMs
      if (!isBusy(error) || run.isDryRun || isOver) throw error
      await run.clock.sleep(1000, run.signal)
      saving.context = { ...saving.context, isFromStart: false }
    }
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

/** One transaction: rows, failures, checkpoint and counters are all there or none is. */
async function commit(
  job: AnyJob,
  { db, clock, signal }: RunOptions,
  outcome: RunOutcome,
  batch: Batch<unknown, unknown>,
  { context, checkpointKey }: Saving,
): Promise<void> {
  const failures = batch.failures ?? []
  const write = async (tx: Db) => {
    const now = clock.now()
    const saved = await job.write(tx, batch.items, context)
    const counters = add(outcome.counters, { ...saved, ...countsOf(batch) })
    await saveFailures(
      tx,
      outcome.id,
      failures.map((failure) => toRow(failure, now)),
    )
    const at = { runId: outcome.id, updatedAt: now.toISOString() }
    crashPoint('in-checkpoint')
    await saveCheckpoint(tx, { job: checkpointKey, value: batch.checkpoint, ...at })
    const cancellation = await heartbeat(tx, outcome.id, {
      nowMs: now.getTime(),
      leaseMs,
      counters,
    })
    crashPoint('before-commit')
    return { counters, cancellation }
  }
  const saved = await whileBusy({ clock, signal }, () => atomically(db, write))
  crashPoint('after-commit')
  outcome.counters = saved.counters
  keepFailures(outcome, failures)
  if (saved.cancellation) throw cancelled(outcome.id, saved.cancellation)
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
  { db, clock, signal, isDryRun }: RunOptions,
  outcome: RunOutcome,
  { context, checkpointKey }: Saving,
): Promise<void> {
  const end = async (tx: Db) => {
    const { marked: keys } = (await job.finish?.(tx, context)) ?? { marked: [] }
    if (!isDryRun && !job.keepsCheckpoint) await clearCheckpoint(tx, checkpointKey)
    const counters = add(outcome.counters, { marked: keys.length })
    const status = statusOfCounters(counters)
    await finishRun(tx, outcome.id, { status, at: clock.now(), counters })
    return keys
  }
  const marked = await whileBusy({ clock, signal }, () => atomically(db, end))
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
