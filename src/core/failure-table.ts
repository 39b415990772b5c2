/** Vendor codes as a table: each adapter lists what its vendor's codes mean, and this reads it. */
import { type FailureKind, IntegrationError, type LimitScope, type Outcome } from './errors.ts'

export type Meaning = {
  /** Codes that mean this, compared as text. One of `codes`, `prefix` and `pattern`. */
  codes?: readonly (string | number)[]
  /** The beginning of a code; of several that match, the longest one holds. */
  prefix?: string
  /** Matched against the vendor's message, for vendors that say the reason there alone. */
  pattern?: RegExp
  kind: FailureKind
  outcome?: Outcome
  scope?: LimitScope
  /** Whether another service of the route may try; left out: by the rules of the kind. */
  failover?: boolean
  retryAfterMs?: number
  /** The same for limits that end at an instant, such as midnight; used where the reader knows what time it is. */
  retryAt?(now: Date): Date
  /** In plain English; left out: the vendor's own words alone. */
  says?: string
  hint?: string
}

export type Said = {
  code: string | number
  message?: string
  status?: number
  retryAfterMs?: number
  now?: Date
}

/**
 * What a code means: the row that names it, whose pattern, where it has one, is found in the message; else the row with
 * the longest matching prefix. Undefined: the table does not know it.
 */
export function meaningOf(
  table: readonly Meaning[],
  { code, message = '' }: Said,
): Meaning | undefined {
  const text = String(code)
  const fits = (row: Meaning) => row.pattern?.test(message) ?? true
  const named = table.find((row) => row.codes?.some((one) => String(one) === text) && fits(row))
  if (named) return named
  return table
    .filter((row) => row.prefix !== undefined && text.startsWith(row.prefix) && fits(row))
    .toSorted((a, b) => (b.prefix?.length ?? 0) - (a.prefix?.length ?? 0))[0]
}

/** The failure that a code stands for. A code that the table does not know is `otherwise`; left out: by its status. */
export function failureOf(
  table: readonly Meaning[],
  said: Said,
  otherwise: Meaning = byStatus(said.status ?? 200),
): IntegrationError {
  const meaning = meaningOf(table, said) ?? otherwise
  const { kind, outcome, scope, failover, hint, says } = meaning
  const words = [says, said.message].filter(Boolean).join(': ')
  return new IntegrationError({
    kind,
    outcome,
    scope,
    failover,
    hint,
    code: String(said.code),
    status: said.status,
    message: words || `the vendor answered with code ${said.code}`,
    retryAfterMs: bounded(said.retryAfterMs ?? waitOf(meaning, said.now)),
  })
}

/** What a code means that no table lists: codes are added over time, so that is a normal thing. */
export function byStatus(status: number): Meaning {
  if (status === 401) return { kind: 'auth' }
  if (status === 429) return { kind: 'rate_limited' }
  return status >= 500 ? { kind: 'unavailable', outcome: 'unknown' } : { kind: 'rejected' }
}

const waitOf = ({ retryAfterMs, retryAt }: Meaning, now: Date | undefined): number | undefined =>
  now && retryAt ? retryAt(now).getTime() - now.getTime() : retryAfterMs

/** A vendor that asks for more is asked again after a day: a typo of theirs must not silence a service for ever. */
const longestWaitMs = 86_400_000

const bounded = (waitMs: number | undefined): number | undefined =>
  waitMs === undefined ? undefined : Math.min(longestWaitMs, Math.max(0, Math.ceil(waitMs)))
