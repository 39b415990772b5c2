import type { AnyAdapter, Repeat } from '../core/adapter.ts'
import type { CredentialCache } from '../core/credentials.ts'
import type { Effect, Kind } from '../core/kind.ts'
import type { StoredFailure } from '../store/outbox.ts'
import type { Redactor } from './redact.ts'
import type { Step } from './steps.ts'

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
  /** Origins that an answer may send a reading request on to. */
  allowRedirectsTo?: readonly string[]
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

/** A service of a route. Opening it resolves its placeholders, and may fail for it alone. */
export type Candidate = {
  name: string
  /** The lowest number is asked first. */
  priority: number
  /** Equal priorities share the calls by weight. */
  weight: number
  open(): Promise<Service>
}

/** The services that may serve a call of a kind, and what becomes of a call that none of them can take. */
export type Route = {
  kind: Kind
  candidates: readonly Candidate[]
  whenUnavailable: 'queue' | 'fail' | 'cached'
  /** For a whole call, all services together. */
  deadlineMs: number
  /** How long a queued call is tried. */
  queueForMs: number
  /** Younger answers of reads are served without asking; 0: always ask. */
  cacheForMs: number
  /** How old an answer may be that stands in for a vendor that is down. */
  staleForMs: number
}

/** One operation asked of a route. */
export type Call = {
  id: string
  route: Route
  operation: string
  effect: Effect
  input: unknown
  /** For an operation that lists: where its batches go. */
  sink?: { begin(): Promise<void>; write(items: unknown[]): Promise<void> }
  idempotencyKey: string
  /** Joins the calls that belong to one task of the caller. */
  correlationId: string
  runId?: string
  /** Made only to see whether it works: logged as a test, and neither kept by the breaker nor held against the service. */
  isTrial: boolean
  /** True for a call that stands in the outbox already and is sent from there. */
  isFromOutbox: boolean
  /** The service that was asked for by name: what is sent later goes to it alone. */
  named?: string
  /** Writes down that a request is about to leave for the service; while it throws, nothing is sent. */
  announce?(call: ServiceCall): Promise<void>
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
  /** What happened between the requests. */
  steps: Step[]
  /** Told of each step as it is noted. */
  onStep?(step: Step): void

  /** Whose turn it is; those that were asked before are in `asked`. */
  service?: Service
  asked: Service[]
  /** Of the operation as this service offers it. */
  repeat: Repeat
  /** Another service of the route can still be asked: a long wait for this one is not worth it. */
  hasNext: boolean
  /** Set when a wait was not spent for that reason: from when, on the monotonic clock, this one may be asked again. */
  askableAtMs?: number
  /** True once an attempt ended `unknown`: whatever comes later, the vendor may have acted. */
  isInDoubt: boolean
  /** The same of a message that does no harm when it comes twice: it may go on, but it has not certainly failed. */
  isHarmlesslyInDoubt: boolean
  /** `due`: the token was dropped, and the attempt is to be made again at once. That happens once with each service. */
  renewal: 'none' | 'due' | 'done'
  /** What kept each service of the route from it, once none is left to ask. */
  refusals?: readonly { service: string; error: unknown }[]
  /** A call with the same key, made before, tells its end: the log knows that one already. */
  isTold?: boolean
  /** It is what a half-open breaker let through: its failure opens the breaker again, and it is not repeated. */
  isProbe?: boolean
}

/** A call whose turn it is with one service. */
export type ServiceCall = Call & { service: Service }

/** Tries a call once with its service. Every layer is a function around the next one. */
export type Attempt = (call: ServiceCall) => Promise<unknown>

/** What a call came to. Everything else is thrown. */
export type Reply = {
  /** Of the call that was made before with the same key, when the answer is its own. */
  id?: string
  /** `accepted`: it waits in the outbox and has not been sent. */
  outcome: 'done' | 'partial' | 'accepted'
  output: unknown
  /** Who answered; null for an accepted call. */
  service: string | null
  /** Set when the answer comes from the cache: how old it is. */
  ageMs: number | null
  /** The answer stands in for a vendor that could not be asked. */
  isStale: boolean
  /** Set when nothing was sent, for a call with the same key stands there already. */
  repeated?: Repetition
  /** Of an accepted call that was to be sent at once: what kept it from that. */
  reason?: StoredFailure
}

/** The call that was made before: when it ended, or was accepted where it has not, and who served it. */
export type Repetition = { at: string; service: string | null }

/** Asks a route. The layers above the choice of a service are functions around the next one, too. */
export type Ask = (call: Call) => Promise<Reply>
