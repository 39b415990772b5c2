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
  /** When it last left `closed`, or was held; left out by versions that did not keep it. */
  sinceMs?: number
  /** The config it opened with: another one is tried at once, for it may be the repair. */
  openConfig?: string
  probe: Probe | null
  /** Set while an operator keeps it open: who did, and until when; null: until somebody resets it. */
  tripped?: { by: string; untilMs: number | null }
  /** Set while refused credentials hold the service: the config they were refused with. */
  heldConfig: string | null
  /** Why it is open, for people. */
  reason: string | null
}

/** Who may try while half-open, and until when; a killed prober loses the lease. */
export type Probe = {
  /** Id of the call. */
  holder: string
  untilMs: number
  /** Where it runs: on its own host a process that is gone is known at once. */
  process?: ProcessIdentity
  /** A person's test before the time was up: when it fails, everything stays as it was. */
  isEarly?: true
}

type ProcessIdentity = { host: string; pid: number; startedAt: string | null }

/** How an operator reads it: half-open as soon as the next call is let through. None was kept while no call has failed. */
export function breakerWord(
  state: BreakerState | undefined,
  nowMs: number,
): 'closed' | 'open' | 'half-open' | 'held' {
  if (!state) return 'closed'
  if (state.heldConfig) return 'held'
  if (state.status === 'closed') return 'closed'
  const { tripped, openUntilMs, openForMs } = state
  const isShut = tripped
    ? tripped.untilMs === null || nowMs < tripped.untilMs
    : isAhead(openUntilMs, nowMs, openForMs)
  return state.status === 'open' && isShut ? 'open' : 'half-open'
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

export type Arrival = {
  ms: number
  /** Id of the call. */
  holder: string
  leaseMs: number
  configHash: string
  process?: ProcessIdentity
  /** A person asks for a test: it need not wait until the time is up. */
  isTest?: boolean
  /** Whether the process of a probe is known to have ended, so that its lease holds nothing. */
  isGone?(process: ProcessIdentity): boolean
}

/** Whether a call may go out now. A probe takes the lease; the caller must store the state before it goes. */
export function admit(state: BreakerState, now: Arrival): Admission {
  const { tripped } = state
  if (tripped && (tripped.untilMs === null || now.ms < tripped.untilMs)) {
    const waitMs = tripped.untilMs === null ? Infinity : tripped.untilMs - now.ms
    return { admitted: false, reason: state.reason ?? 'opened by hand', waitMs }
  }
  if (state.heldConfig === now.configHash) {
    return { admitted: false, reason: state.reason ?? 'the credentials were refused', waitMs: null }
  }
  if (state.status === 'closed') return { admitted: true, state, isProbe: false }

  const isRepaired = state.openConfig !== undefined && state.openConfig !== now.configHash
  const isWaiting = !isRepaired && isAhead(state.openUntilMs, now.ms, state.openForMs)
  const isProbed = isHeld(state.probe, now)
  if ((isWaiting && !now.isTest) || isProbed) {
    const until = isWaiting ? state.openUntilMs : (state.probe?.untilMs ?? now.ms)
    return { admitted: false, reason: state.reason ?? 'too many failures', waitMs: until - now.ms }
  }
  const probe: Probe = {
    holder: now.holder,
    untilMs: now.ms + now.leaseMs,
    ...(now.process && { process: now.process }),
    ...(isWaiting && { isEarly: true as const }),
  }
  return { admitted: true, state: { ...state, status: 'half_open', probe }, isProbe: true }
}

const isHeld = (probe: Probe | null, { ms, leaseMs, isGone }: Arrival): boolean =>
  probe !== null &&
  isAhead(probe.untilMs, ms, leaseMs) &&
  !(probe.process !== undefined && isGone?.(probe.process))

/** The probe is still under way: its lease goes on. The same object when it has lost it. */
export const keepProbe = (state: BreakerState, holder: string, untilMs: number): BreakerState =>
  state.probe?.holder === holder ? { ...state, probe: { ...state.probe, untilMs } } : state

export type Trip = { ms: number; untilMs: number | null; by: string; reason: string }

/** Opened by a person: nothing the services do closes it before `untilMs`, or before somebody resets it. */
export const trip = (state: BreakerState, { ms, untilMs, by, reason }: Trip): BreakerState => ({
  ...state,
  status: 'open',
  sinceMs: ms,
  probe: null, // one that is under way decides nothing any more
  openUntilMs: untilMs ?? ms,
  tripped: { by, untilMs },
  reason: `opened by ${by}: ${reason}`,
})

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
  if (state.probe?.isEarly) return { ...state, status: 'open', probe: null }
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
  const sinceMs = state.heldConfig === end.configHash ? state.sinceMs : end.ms
  return { ...next, heldConfig: end.configHash, reason, sinceMs }
}

function open(state: BreakerState, end: CallEnd, openForMs: number): BreakerState {
  const reason = `${state.failures} failures in a row, the last: ${end.message}`
  return {
    ...state,
    status: 'open',
    sinceMs: state.status === 'closed' ? end.ms : (state.sinceMs ?? end.ms),
    tripped: undefined,
    openForMs,
    openUntilMs: end.ms + openForMs,
    openConfig: end.configHash,
    probe: null,
    reason,
  }
}

/** Gives the lease back; nobody gives back another's. */
const releaseProbe = (state: BreakerState, end: CallEnd): BreakerState =>
  !isProbeOf(state, end)
    ? state
    : { ...state, status: state.probe?.isEarly ? 'open' : state.status, probe: null }

const remember = (recent: BreakerState['recent'], atMs: number, isFailure: boolean) =>
  [...recent, { atMs, isFailure }].slice(-window.size)
