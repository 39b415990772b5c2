/** What a run came to: its status, its counters, and the first of what there is to tell about it. */
import type { Change } from '../core/change.ts'
import { CaravanError, IntegrationError, messageOf } from '../core/errors.ts'
import type { Counters, RunError } from '../store/runs.ts'
import type { Batch, ItemFailure } from './define.ts'
import { stopOf } from './watch-run.ts'

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

/** Kept in memory for the report. */
const keptFailures = 100
const keptChanges = 1_000
const keptNotes = 100

export function note({ notes }: RunOutcome, text: string): void {
  if (notes.length < keptNotes) notes.push(text)
}

export function keepFailures(outcome: RunOutcome, failures: readonly ItemFailure[]): void {
  outcome.failures.push(...failures.slice(0, keptFailures - outcome.failures.length))
}

export function keepChanges(outcome: RunOutcome, changes: readonly Change[]): void {
  outcome.changes.push(...changes.slice(0, keptChanges - outcome.changes.length))
}

export const countsOf = ({ items, failures = [] }: Batch<unknown, unknown>) => ({
  read: items.length + failures.length,
  failed: failures.length,
})

export const add = (counters: Counters, more: Partial<Counters>): Counters =>
  Object.fromEntries(
    Object.entries(counters).map(([name, value]) => [
      name,
      value + (more[name as keyof Counters] ?? 0),
    ]),
  ) as Counters

/** Some saved and some failed is `partial`; all failed is `failed`. */
export function statusOfCounters({ read, failed }: Counters): RunOutcome['status'] {
  if (failed === 0) return 'success'
  return failed < read ? 'partial' : 'failed'
}

/** One that took too long has failed; one that was cancelled or taken over was interrupted, as by a signal. */
export function statusOf(error: unknown, signal: AbortSignal): RunOutcome['status'] {
  if (error instanceof CaravanError && error.code === 'run_timeout') return 'failed'
  const isStopped = stopOf(error) !== undefined
  if (isStopped || signal.aborted) return 'interrupted'
  const isGuard = error instanceof CaravanError && error.code.startsWith('guard_')
  return isGuard && error.code !== 'guard_failures' ? 'guarded' : 'failed'
}

/** How a run that was asked to stop is kept. */
export const stopped: RunError = {
  code: 'interrupted',
  message: 'It was asked to stop; the next run goes on where it was',
}

export function describe(error: unknown): RunError {
  const isOurs = error instanceof CaravanError || error instanceof IntegrationError
  const code = error instanceof IntegrationError ? error.kind : (isOurs && error.code) || 'internal'
  return { code, message: messageOf(error), ...(isOurs && error.hint && { hint: error.hint }) }
}
