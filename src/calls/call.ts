import type { AnyAdapter, Repeat } from '../core/adapter.ts'
import type { CredentialCache } from '../core/credentials.ts'
import type { Effect } from '../core/kind.ts'
import type { Redactor } from './redact.ts'

/** How a service is guarded: the adapter's defaults, changed by what the config says. */
export type Guards = {
  /** For one HTTP request. */
  timeoutMs: number
  /** For the whole call, waits and repetitions included. */
  deadlineMs: number
  /** Attempts at most, the first one included. */
  attempts: number
  breaker: { failures: number; openForMs: number }
  perSecond?: number
  concurrent?: number
  proxy?: string
}

/** An adapter with a config, ready to be called. */
export type Service = {
  name: string
  adapter: AnyAdapter
  /** Checked against the adapter's schema, placeholders resolved. */
  config: unknown
  /** Changes when the config does; a service held for refused credentials is freed by it. */
  configHash: string
  guards: Guards
  credentials: CredentialCache
  redactor: Redactor
}

/** One operation asked of a service. */
export type Call = {
  id: string
  service: Service
  operation: string
  repeat: Repeat
  effect: Effect
  input: unknown
  /** For an operation that lists: where its batches go. */
  sink?: { begin(): Promise<void>; write(items: unknown[]): Promise<void> }
  idempotencyKey: string
  /** Joins the calls that belong to one task of the caller. */
  correlationId: string
  runId?: string
  /** Aborted by the caller or when the deadline of the whole call is reached. */
  signal: AbortSignal
  startedAt: Date
  /** Attempts begun so far. */
  attempts: number
  /** HTTP requests made so far. */
  exchanges: number
  /** Milliseconds waited since the last request; the next one is logged with them. */
  waitedMs: number
  /** When the whole call is over, on the monotonic clock. */
  endsAtMs: number
  /** True once an attempt ended `unknown`: whatever comes later, the vendor may have acted. */
  isInDoubt: boolean
  /** `due`: the token was dropped, and the attempt is to be made again at once. That happens once in a call. */
  renewal: 'none' | 'due' | 'done'
}

/** Tries a call once. Every layer is a function around the next one. */
export type Attempt = (call: Call) => Promise<unknown>
