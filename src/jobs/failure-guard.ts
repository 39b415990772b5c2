import { CaravanError } from '../core/errors.ts'
import type { Batch } from './define.ts'

/** When so much fails that going on would only make noise. */
export type FailureRules = {
  /** Share of all items, 0 to 1. */
  maxShare: number
  maxInRow: number
  /** The share says nothing before so many items. */
  minItems: number
}

const defaultFailureRules: FailureRules = { maxShare: 0.2, maxInRow: 50, minItems: 100 }

export type Tally = { read: number; failed: number; inRow: number; lastReason: string }

export const noFailures: Tally = { read: 0, failed: 0, inRow: 0, lastReason: '' }

/** Adds a batch; throws `guard_failures` when too much has failed to go on. */
export function checkFailures(
  tally: Tally,
  batch: Batch<unknown, unknown>,
  rules: FailureRules = defaultFailureRules,
): Tally {
  const failures = batch.failures ?? []
  const saved = batch.items.length
  const row = rowsOf(tally.inRow, batch)
  const next = {
    read: tally.read + saved + failures.length,
    failed: tally.failed + failures.length,
    inRow: row.last,
    lastReason: failures.at(-1)?.reason ?? tally.lastReason,
  }
  if (row.longest >= rules.maxInRow) {
    throw tooMany(`${row.longest} items in a row failed`, next)
  }
  if (next.read >= rules.minItems && next.failed > next.read * rules.maxShare) {
    throw tooMany(`${next.failed} of ${next.read} items failed`, next)
  }
  return next
}

/** The longest row of failures that this batch makes or goes on with, and the one that is open at its end. */
function rowsOf(
  inRow: number,
  { items, failures = [] }: Batch<unknown, unknown>,
): { longest: number; last: number } {
  const size = items.length + failures.length
  // Failures that do not say where they stood count as the last ones.
  const failed = new Set(failures.map(({ position }, index) => position ?? items.length + index))
  let [last, longest] = [inRow, inRow]
  for (let at = 0; at < size; at++) {
    last = failed.has(at) ? last + 1 : 0
    longest = Math.max(longest, last)
  }
  return { longest, last }
}

const tooMany = (what: string, { lastReason }: Tally): CaravanError =>
  new CaravanError({
    code: 'guard_failures',
    message: `${what}; the run was stopped. The last reason: ${lastReason}`,
    hint: 'What was saved stays. Mend the cause, run it again to go on, and take up what failed with --retry-failed <run>.',
  })
