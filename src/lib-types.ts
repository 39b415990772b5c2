/** What a program sees that imports `caravan`. The published types are this file with the operations written out. */
import type { Operations } from './lib-operations.ts'

export type OperationName = keyof Operations & string
export type InputOf<Name extends OperationName> = Operations[Name]['input']
export type OutputOf<Name extends OperationName> = Operations[Name]['output']
/** Of an operation that lists: one of what it lists. */
export type ItemOf<Name extends OperationName> = Operations[Name]['item']

export type OpenOptions = {
  /** Path of integrations.yaml; left out: found as the program finds it. */
  config?: string
  /** Where it is looked for, and what its placeholders read; left out: those of this process. */
  cwd?: string
  env?: Readonly<Record<string, string | undefined>>
  /** Ends every call when it is aborted. */
  signal?: AbortSignal
  /** Told of what went wrong beside a call and did not fail it, such as a log that cannot be written. */
  onWarning?: (text: string) => void
}

/** In the currency's minor unit: `{ minor: 129900, currency: 'CNY' }` is 1299.00 yuan. */
export type Money = { minor: number; currency: string }

export type CallOptions = {
  /** This service alone, whatever the route says. */
  service?: string
  /** Calls with the same key act once, also across processes and restarts. */
  idempotencyKey?: string
  /** Joins calls that belong to one task in the log. */
  correlationId?: string
  signal?: AbortSignal
  /** What an operation that moves money needs: the very amount that it moves. */
  confirm?: Money
}

/** `done`; `partial`: some of it was done, the output says what; `accepted`: it waits in the queue, nothing was sent. */
export type CallResult<Name extends OperationName = OperationName> = {
  /** What `result` and `caravan logs show` know it by. */
  id: string
  /** Who answered; null when nobody has. */
  service: string | null
  /** How old an answer from the cache is, in milliseconds; null: it is fresh. */
  ageMs: number | null
  /** True: an old answer stands in for a vendor that could not be asked. */
  isStale: boolean
  /** Set when nothing was sent: what a call with the same key, made before, came to. `at` is ISO 8601, UTC. */
  repeated: { at: string; service: string | null } | null
  /** Of an `accepted` call that was to be sent at once: what kept it from that. */
  reason: CallState['error']
  /** What an operation that lists has listed; empty for the others. */
  items: ItemOf<Name>[]
} & (
  { outcome: 'done' | 'partial'; output: OutputOf<Name> } | { outcome: 'accepted'; output: null }
)

/** What is known of a call. Instants are ISO 8601, UTC. */
export type CallState = {
  id: string
  /** With its kind. */
  operation: string
  /** `unknown`: the vendor may have acted; `dropped`: a person took it out of the queue. */
  status: 'pending' | 'done' | 'partial' | 'failed' | 'unknown' | 'dropped'
  /** As the operation declares it, null while there is none. Of a call that only reads: as the log has it, masked and cut. */
  output: unknown
  error: { kind: string | null; code: string | null; message: string; hint: string | null } | null
  service: string | null
  createdAt: string
  finishedAt: string | null
  /** When a queued call is tried next. */
  nextAt: string | null
  /** When a queued call is given up. */
  deadlineAt: string | null
  tries: number
}

export type Caravan = {
  /**
   * Asks the services of the kind, one after the other as the route says. Rejects with an `IntegrationError` when the
   * call failed or its outcome is unknown, and with a `CaravanError` for what is wrong on our side.
   */
  call<Name extends OperationName>(
    operation: Name,
    input: InputOf<Name>,
    options?: CallOptions,
  ): Promise<CallResult<Name>>
  /** Puts a call into the queue; `caravan queue send` sends it. */
  enqueue<Name extends OperationName>(
    operation: Name,
    input: InputOf<Name>,
    options?: CallOptions,
  ): Promise<{ id: string; repeated: CallResult['repeated'] }>
  /** What became of a call. With `waitMs` a pending one is waited for, at most so long. */
  result(id: string, options?: { waitMs?: number }): Promise<CallState>
  /** Waits for the calls under way, then closes the state. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A call to an outside service failed, or nobody knows whether it was done. */
export declare class IntegrationError extends Error {
  private constructor()
  readonly kind:
    | 'config'
    | 'auth'
    | 'rate_limited'
    | 'unavailable'
    | 'timeout'
    | 'rejected'
    | 'bad_response'
    | 'cancelled'
  /** `not_done`: the vendor has certainly not acted. `unknown`: it may have, so do not simply call again. */
  readonly outcome: 'not_done' | 'unknown'
  /** What to do about it. */
  readonly hint?: string
  /** The vendor's own code. */
  readonly code?: string
  /** HTTP status of the answer, where there was one. */
  readonly status?: number
  /** How long the vendor asked us to wait. */
  readonly retryAfterMs?: number
  readonly details?: readonly Readonly<Record<string, unknown>>[]
  readonly service?: string
  readonly operation?: string
  /** What `result` and `caravan logs show` know the call by. */
  readonly callId?: string
}

/** What is wrong on our side: the config, the input, the state, a consent. `caravan explain <code>` says more. */
export declare class CaravanError extends Error {
  private constructor()
  readonly code: string
  readonly hint?: string
  /** A command or a file that shows more. */
  readonly see?: string
}

/** Opens the project. Rejects with a `CaravanError` when its config or its state cannot be used. */
export declare function openCaravan(options?: OpenOptions): Promise<Caravan>
