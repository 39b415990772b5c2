import type { Exit } from './exit-codes.ts'
import type { Effect } from './kind.ts'

/** What kind of failure a call met. The retry, breaker and failover layers decide by this word alone. */
export const failureKinds = [
  'config',
  'auth',
  'rate_limited',
  'unavailable',
  'timeout',
  'rejected',
  'bad_response',
  'cancelled',
] as const
export type FailureKind = (typeof failureKinds)[number]

/** `not_done`: the vendor has certainly not acted. `unknown`: it may have. */
export type Outcome = 'not_done' | 'unknown'

export type IntegrationErrorOptions = {
  kind: FailureKind
  message: string
  /** Default: `unknown` for timeouts and bad responses, else `not_done`. */
  outcome?: Outcome
  /** What to do about it, as a sentence. */
  hint?: string
  /** The vendor's own code, verbatim. */
  code?: string
  /** HTTP status of the answer, where there was one. */
  status?: number
  /** How long the vendor asked us to wait, in milliseconds. */
  retryAfterMs?: number
  /** Of a `rate_limited`: whose limit it is. A person's own says nothing about the service. Default `account`. */
  scope?: LimitScope
  /** Whether another service of the route may try, where the vendor's spec says other than the rules of the kind. */
  failover?: boolean
  /** Rows that tell more, such as one for each recipient. */
  details?: readonly Readonly<Record<string, unknown>>[]
  cause?: unknown
}

/** `recipient`: the limit protects a person, and another service would only evade it. */
export type LimitScope = 'account' | 'recipient'

const unknownByDefault: readonly FailureKind[] = ['timeout', 'bad_response']

/** A call to an outside service failed. The only error class that crosses the call path. */
export class IntegrationError extends Error {
  override name = 'IntegrationError'
  readonly kind: FailureKind
  readonly outcome: Outcome
  readonly hint?: string
  readonly code?: string
  readonly status?: number
  readonly retryAfterMs?: number
  readonly scope?: LimitScope
  readonly failover?: boolean
  readonly details?: IntegrationErrorOptions['details']
  /** Filled in by the call path: who failed, doing what, and where the log has it. */
  service?: string
  operation?: string
  callId?: string
  /** What the operation does to the world: an unknown outcome weighs more where it is not `read`. */
  effect?: Effect

  constructor(options: IntegrationErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause })
    this.kind = options.kind
    this.outcome =
      options.outcome ?? (unknownByDefault.includes(options.kind) ? 'unknown' : 'not_done')
    this.hint = options.hint
    this.code = options.code
    this.status = options.status
    this.retryAfterMs = options.retryAfterMs
    this.scope = options.scope
    this.failover = options.failover
    this.details = options.details
  }
}

/** The same failure with something changed: its outcome, or texts that had to be redacted. */
export function changed(
  error: IntegrationError,
  changes: Partial<IntegrationErrorOptions>,
): IntegrationError {
  const { kind, message, outcome, hint, code, status, cause } = error
  const { retryAfterMs, scope, failover, details } = error
  const said = { kind, message, outcome, hint, code, status, cause }
  const same = { ...said, retryAfterMs, scope, failover, details }
  const { service, operation, callId, effect } = error
  return Object.assign(new IntegrationError({ ...same, ...changes }), {
    service,
    operation,
    callId,
    effect,
  })
}

/**
 * Every failure that is not a vendor's: the operator's words, the config, the state, a file.
 * The code is stable; scripts may rely on it.
 */
export const errorCodes = {
  usage: 'usage',
  value_missing: 'usage',
  input_invalid: 'failed',
  file_missing: 'notFound',
  file_unreadable: 'failed',
  file_unwritable: 'failed',
  xml_malformed: 'failed',
  xml_limit: 'failed',
  consent_missing: 'guarded',
  guard_shrunk: 'guarded',
  guard_failures: 'failed',
  config_missing: 'config',
  config_unreadable: 'config',
  config_invalid: 'config',
  config_changed: 'locked',
  config_uneditable: 'config',
  config_unwritable: 'failed',
  config_key_unknown: 'notFound',
  version_unknown: 'notFound',
  version_incomplete: 'credentials',
  placeholder_unset: 'credentials',
  service_unknown: 'notFound',
  adapter_unknown: 'notFound',
  job_unknown: 'notFound',
  run_unknown: 'notFound',
  call_unknown: 'notFound',
  alert_unknown: 'notFound',
  silence_unknown: 'notFound',
  rule_unknown: 'notFound',
  hook_unknown: 'notFound',
  kind_unknown: 'notFound',
  operation_unknown: 'notFound',
  secret_unknown: 'notFound',
  source_unknown: 'notFound',
  code_unknown: 'notFound',
  service_exists: 'usage',
  token_exists: 'usage',
  token_unknown: 'notFound',
  listen_failed: 'failed',
  no_service: 'failed',
  queue_settled: 'failed',
  key_reused: 'failed',
  check_failed: 'failed',
  job_running: 'locked',
  run_cancelled: 'interrupted',
  run_timeout: 'deadline',
  run_ended: 'failed',
  daemon_running: 'locked',
  daemon_missing: 'failed',
  call_running: 'locked',
  key_missing: 'secrets',
  key_wrong: 'secrets',
  key_malformed: 'secrets',
  key_unsafe: 'secrets',
  key_exists: 'failed',
  key_unwritable: 'failed',
  key_last: 'guarded',
  slot_unknown: 'notFound',
  secret_damaged: 'secrets',
  bundle_damaged: 'failed',
  backup_unusable: 'failed',
  state_missing: 'failed',
  state_exists: 'failed',
  state_empty: 'failed',
  state_foreign: 'failed',
  state_damaged: 'failed',
  state_newer: 'failed',
  state_stale_wal: 'failed',
  state_swapped: 'failed',
  state_read_only: 'failed',
  state_full: 'failed',
  state_busy: 'locked',
  state_io: 'failed',
  files_exhausted: 'failed',
  internal: 'failed',
} as const satisfies Record<string, Exit>

export type ErrorCode = keyof typeof errorCodes

export type CaravanErrorOptions = {
  code: ErrorCode
  message: string
  /** What to do about it, as a sentence or several lines. */
  hint?: string
  /** A command or a file that shows more. */
  see?: string
  cause?: unknown
}

/** A failure for which no vendor is to blame. */
export class CaravanError extends Error {
  override name = 'CaravanError'
  readonly code: ErrorCode
  readonly hint?: string
  readonly see?: string

  constructor(options: CaravanErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = options.code
    this.hint = options.hint
    this.see = options.see
  }
}

/** The exit of each kind of failure, for a call that changes nothing. */
export const exitOfKind: Record<FailureKind, Exit> = {
  config: 'config',
  auth: 'credentials',
  rate_limited: 'temporary',
  unavailable: 'temporary',
  timeout: 'temporary',
  rejected: 'failed',
  bad_response: 'failed',
  cancelled: 'interrupted',
}

/** The exit a failure leads to; `failed` for what we did not foresee. `unknown` of a call that changes something is `unsettled`. */
export function exitOf(error: unknown): Exit {
  if (error instanceof CaravanError) return errorCodes[error.code]
  if (error instanceof IntegrationError) {
    const writes = (error.effect ?? 'read') !== 'read'
    return writes && error.outcome === 'unknown' ? 'unsettled' : exitOfKind[error.kind]
  }
  return 'failed'
}

/** The message of anything that was thrown. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

/** The disk is full, the state is locked or damaged: whatever was tried with it is not to blame. */
export const isStateTrouble = (error: unknown): boolean =>
  error instanceof CaravanError && error.code.startsWith('state_')

/** The `code` property that Node, SQLite and undici put on their errors; undefined when there is none. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
