/** The breaker as a pure state machine; `breaker.ts` keeps its state in the database, shared by all processes. */
import type { FailureKind } from '../core/errors.ts'

/** The code of the error that an open breaker answers with. */
export const breakerOpen = 'breaker_open'
/** The same for a service that is held because its credentials were refused. */
export const breakerHeld = 'breaker_held'

export type BreakerState = {
  status: 'closed' | 'open' | 'half_open'
  /** Failures in a row. */
  failures: number
  /** Refused credentials in a row, and the config they were refused with. */
  authFailures: number
  refusedConfig?: string
  /** The last outcomes, oldest first. */
  recent: { atMs: number; isFailure: boolean }[]
  openUntilMs: number
  /** How long it stays open the next time. */
  openForMs: number
  /** The config it opened with: another one is tried at once, for it may be the repair. */
  openConfig?: string
  /** Who may try while half-open, and until when; a killed prober loses the lease. */
  probe: { holder: string; untilMs: number } | null
  /** Set while refused credentials hold the service: the config they were refused with. */
  heldConfig: string | null
  /** Why it is open, for people. */
  reason: string | null
}

/** How an operator reads it; none was kept while no call has failed. */
export function breakerWord(
  state: BreakerState | undefined,
): 'closed' | 'open' | 'half-open' | 'held' {
  if (!state) return 'closed'
  if (state.heldConfig) return 'held'
  return state.status === 'half_open' ? 'half-open' : state.status
}

export type BreakerRules = { failures: number; openForMs: number }

const window = { size: 10, ms: 5 * 60_000, minFailures: 6 }
const longestOpenMs = 30 * 60_000
/** After three refusals in a row vendors start to lock accounts. */
const authLimit = 3

export const closedBreaker = (rules: BreakerRules): BreakerState => ({
  status: 'closed',
  failures: 0,
  authFailures: 0,
  recent: [],
  openUntilMs: 0,
  openForMs: rules.openForMs,
  probe: null,
  heldConfig: null,
  reason: null,
})

export type Admission =
  | { admitted: true; state: BreakerState; isProbe: boolean }
  | { admitted: false; reason: string; waitMs: number | null }

/** Whether a call may go out now. A probe takes the lease; the caller must store the state before it goes. */
export function admit(
  state: BreakerState,
  now: { ms: number; holder: string; leaseMs: number; configHash: string },
): Admission {
  if (state.heldConfig === now.configHash) {
    return { admitted: false, reason: state.reason ?? 'the credentials were refused', waitMs: null }
  }
  if (state.status === 'closed') return { admitted: true, state, isProbe: false }

  const isRepaired = state.openConfig !== undefined && state.openConfig !== now.configHash
  const isWaiting =
    state.status === 'open' && !isRepaired && isAhead(state.openUntilMs, now.ms, state.openForMs)
  const isProbed = state.probe !== null && isAhead(state.probe.untilMs, now.ms, now.leaseMs)
  if (isWaiting || isProbed) {
    const until = isWaiting ? state.openUntilMs : (state.probe?.untilMs ?? now.ms)
    return { admitted: false, reason: state.reason ?? 'too many failures', waitMs: until - now.ms }
  }
  const probe = { holder: now.holder, untilMs: now.ms + now.leaseMs }
  return { admitted: true, state: { ...state, status: 'half_open', probe }, isProbe: true }
}

/** Another process may have looked at the clock a little later, or have one that is a little ahead. */
const clockToleranceMs = 5000

/** An instant much further ahead than it was ever set was set before the clock went back: it does not hold. */
const isAhead = (untilMs: number, nowMs: number, setMs: number): boolean =>
  nowMs < untilMs && untilMs - nowMs <= setMs + clockToleranceMs

export type CallEnd = {
  ms: number
  /** Who made the call; while half-open only the end of the probe counts. */
  holder: string
  /** `none`: it says nothing about the vendor. */
  kind: FailureKind | 'done' | 'none'
  message: string
  configHash: string
}

const counted: readonly string[] = ['unavailable', 'timeout', 'bad_response']

/** The state after a call has ended. The same object when nothing worth storing has changed. */
export function afterCall(state: BreakerState, end: CallEnd, rules: BreakerRules): BreakerState {
  if (end.kind === 'auth') return afterRefusal(state, end)
  if (counted.includes(end.kind)) return afterFailure(state, end, rules)
  if (end.kind !== 'done' && end.kind !== 'rejected') return releaseProbe(state, end)
  return afterSuccess(state, end, rules)
}

const isProbeOf = (state: BreakerState, end: CallEnd): boolean =>
  state.probe !== null && state.probe.holder === end.holder

/**
 * A rejected request counts as a success here: the vendor is up and answers. One that left before the breaker opened
 * says nothing about now.
 */
function afterSuccess(state: BreakerState, end: CallEnd, rules: BreakerRules): BreakerState {
  if (state.status !== 'closed') return isProbeOf(state, end) ? closedBreaker(rules) : state
  const recent = state.recent.some((one) => one.isFailure && end.ms - one.atMs < window.ms)
    ? remember(state.recent, end.ms, false)
    : []
  const isClean = state.failures === 0 && state.authFailures === 0 && !state.heldConfig
  if (isClean && recent.length === 0 && state.recent.length === 0) return state
  return { ...state, failures: 0, authFailures: 0, heldConfig: null, reason: null, recent }
}

function afterFailure(state: BreakerState, end: CallEnd, rules: BreakerRules): BreakerState {
  if (state.status !== 'closed' && !isProbeOf(state, end)) return state
  const recent = remember(state.recent, end.ms, true)
  const failures = state.failures + 1
  const failing = recent.filter((one) => one.isFailure && end.ms - one.atMs < window.ms).length
  const next = { ...state, recent, failures, authFailures: 0 }
  if (state.status === 'half_open') return open(next, end, doubled(state, rules))
  return failures >= rules.failures || failing >= window.minFailures
    ? open(next, end, rules.openForMs)
    : next
}

/** A preset that is longer than the usual limit stays as it is. */
const doubled = (state: BreakerState, rules: BreakerRules): number =>
  Math.min(state.openForMs * 2, Math.max(longestOpenMs, rules.openForMs))

/** Refusals are counted for each config apart: a corrected password begins anew. */
function afterRefusal(state: BreakerState, end: CallEnd): BreakerState {
  const before = state.refusedConfig === end.configHash ? state.authFailures : 0
  const authFailures = before + 1
  const next = { ...releaseProbe(state, end), authFailures, refusedConfig: end.configHash }
  if (authFailures < authLimit) return next
  const reason = `the credentials were refused ${authFailures} times in a row`
  return { ...next, heldConfig: end.configHash, reason }
}

function open(state: BreakerState, end: CallEnd, openForMs: number): BreakerState {
  const reason = `${state.failures} failures in a row, the last: ${end.message}`
  return {
    ...state,
    status: 'open',
    openForMs,
    openUntilMs: end.ms + openForMs,
    openConfig: end.configHash,
    probe: null,
    reason,
  }
}

/** Gives the lease back; nobody gives back another's. */
const releaseProbe = (state: BreakerState, end: CallEnd): BreakerState =>
  isProbeOf(state, end) ? { ...state, probe: null } : state

const remember = (recent: BreakerState['recent'], atMs: number, isFailure: boolean) =>
  [...recent, { atMs, isFailure }].slice(-window.size)
