import type { Clock } from '../core/clock.ts'
import { IntegrationError, messageOf } from '../core/errors.ts'
import { changeBreaker } from '../store/breakers.ts'
import { isAlive, type ProcessIdentity, thisProcess } from '../store/process-identity.ts'
import type { Db } from '../store/schema.ts'
import {
  admit,
  type Admission,
  afterCall,
  breakerHeld,
  breakerOpen,
  type BreakerState,
  type CallEnd,
  closedBreaker,
  keepProbe,
} from './breaker-state.ts'
import type { Attempt, Service, ServiceCall } from './call.ts'
import { note } from './steps.ts'

export type BreakerOptions = {
  db: Db
  clock: Clock
  onTrouble(error: unknown): void
  /** For what a person asks for: an open breaker lets the first attempt through as its probe. */
  isTest?: boolean
}

/**
 * Stops calls to a vendor that keeps failing. One breaker for each service, shared by all processes: failures are counted
 * over all of them. When it opens, what is under way at that moment still ends; a process in which no call has ended
 * meanwhile may begin further ones for `freshMs`.
 */
export function breaking(options: BreakerOptions, next: Attempt): Attempt {
  const change = glancing(options)
  return async (call) => {
    if (call.isTrial) return next(call)
    const isProbe = await enter(options, change, call)
    const before = call.exchanges
    const release = isProbe ? keepLease(options, change, call) : undefined
    let output: unknown
    try {
      output = await next(call)
    } catch (error) {
      release?.()
      const kind = call.exchanges === before ? 'none' : kindOf(call, error)
      await leave(options, change, call, kind, messageOf(error))
      throw error
    }
    release?.()
    await leave(options, change, call, call.exchanges === before ? 'none' : 'done', '')
    return output
  }
}

/**
 * For a status query: refused as any call is, and otherwise of no weight. What the vendor knows of one message says
 * nothing about whether it takes another, and one call must not be counted several times over.
 */
export function heeding(options: BreakerOptions, next: Attempt): Attempt {
  const change = glancing(options)
  return async (call) => {
    const admission = await ask(options, change, call)
    if (!admission?.admitted) throw refuse(options, call, admission)
    return next(call)
  }
}

type Change = (
  service: string,
  initial: BreakerState,
  change: (state: BreakerState) => BreakerState,
) => Promise<BreakerState>

/** How long what was read is believed; a breaker that another process opens is noticed so much later. */
const freshMs = 50

/** Asks the state file only when something changes, or after a while: a glance at it for each call would show. */
function glancing({ db, clock }: BreakerOptions): Change {
  const known = new Map<string, { state: BreakerState; readAtMs: number }>()
  return async (service, initial, change) => {
    const nowMs = clock.monotonicMs()
    const held = known.get(service)
    if (held && nowMs - held.readAtMs < freshMs && change(held.state) === held.state) {
      return held.state
    }
    const state = await changeBreaker(db, service, initial, change, clock.now())
    known.set(service, { state, readAtMs: nowMs })
    return state
  }
}

/** A fault of our own and a token that is about to be renewed say nothing about the vendor. */
function kindOf(call: ServiceCall, error: unknown): CallEnd['kind'] {
  if (!(error instanceof IntegrationError) || call.renewal === 'due') return 'none'
  return error.kind
}

/** Whether this call is the probe. Throws when the breaker lets nothing through. */
async function enter(options: BreakerOptions, change: Change, call: ServiceCall): Promise<boolean> {
  const admission = await ask(options, change, call, { mayProbe: true })
  if (!admission?.admitted) throw refuse(options, call, admission)
  call.isProbe = admission.isProbe
  if (admission.isProbe) note(call, options.clock, 'breaker', 'goes through as the one probe')
  return admission.isProbe
}

/** Without `mayProbe` nothing is changed: whoever is let through takes no lease. */
async function ask(
  { clock, isTest = false }: BreakerOptions,
  change: Change,
  call: ServiceCall,
  { mayProbe = false } = {},
): Promise<Admission | undefined> {
  const { id, service } = call
  const now = {
    ms: clock.now().getTime(),
    holder: id,
    leaseMs: leaseOf(service),
    configHash: service.configHash,
    process: thisProcess(),
    isTest: isTest && call.attempts === 0, // what a test repeats waits as everything does
    isGone: (process: ProcessIdentity) => process.host === thisProcess().host && !isAlive(process),
  }
  let admission: Admission | undefined
  await change(service.name, closedBreaker(service.guards.breaker), (state) => {
    admission = admit(state, now)
    return mayProbe && admission.admitted ? admission.state : state
  })
  return admission
}

function refuse(
  { clock }: BreakerOptions,
  call: ServiceCall,
  admission: Refusal | undefined,
): IntegrationError {
  const refusal = refused(call.service.name, admission)
  note(call, clock, 'breaker', `refused: ${refusal.message}`)
  return refusal
}

type Refusal = Extract<Admission, { admitted: false }>

const leaseOf = ({ guards }: Service): number => guards.timeoutMs * 2

/** An attempt may wait for its turn or make many requests: its lease goes on as long as it does. */
function keepLease(
  { clock, onTrouble }: BreakerOptions,
  change: Change,
  { id, service }: ServiceCall,
): () => void {
  const over = new AbortController()
  const leaseMs = leaseOf(service)
  const keep = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(leaseMs / 3, over.signal)
      const untilMs = clock.now().getTime() + leaseMs
      await change(service.name, closedBreaker(service.guards.breaker), (state) =>
        keepProbe(state, id, untilMs),
      )
    }
  }
  keep().catch((error: unknown) => {
    if (!over.signal.aborted) onTrouble(error)
  })
  return () => over.abort('over')
}

/** The call is over, whatever becomes of the breaker: what the vendor did must not be lost to a busy state file. */
async function leave(
  { clock, onTrouble }: BreakerOptions,
  change: Change,
  call: ServiceCall,
  kind: CallEnd['kind'],
  message: string,
): Promise<void> {
  const { id, service } = call
  const rules = service.guards.breaker
  const { configHash, redactor } = service
  const reason = redactor.text(message)
  const end = { ms: clock.now().getTime(), holder: id, kind, message: reason, configHash }
  let before: BreakerState | undefined
  try {
    const after = await change(service.name, closedBreaker(rules), (state) => {
      before = state
      return afterCall(state, end, rules)
    })
    const told = before && turnOf(before, after)
    if (told) note(call, clock, 'breaker', told)
  } catch (error) {
    onTrouble(error)
  }
}

/** What this call has done to the breaker, in words; undefined: nothing that shows. */
function turnOf(before: BreakerState, after: BreakerState): string | undefined {
  if (after.heldConfig && after.heldConfig !== before.heldConfig) return `held: ${after.reason}`
  if (before.status === after.status) return undefined
  if (after.status === 'closed') return 'closed: the probe was answered'
  if (before.probe?.isEarly) return 'stays open: the test failed'
  return `opened for ${Math.round(after.openForMs / 1000)} s: ${after.reason}`
}

function refused(
  service: string,
  { reason, waitMs }: { reason: string; waitMs: number | null } = { reason: '', waitMs: 0 },
): IntegrationError {
  if (waitMs === null) {
    return new IntegrationError({
      kind: 'auth',
      code: breakerHeld,
      message: `held: ${reason}`,
      hint: `Nothing is sent until the config of ${service} changes, so that the account is not locked. "caravan breaker reset ${service}" frees it as it is.`,
    })
  }
  return new IntegrationError({
    kind: 'unavailable',
    code: breakerOpen,
    outcome: 'not_done',
    message: `the breaker is open: ${reason}`,
    hint: Number.isFinite(waitMs)
      ? `It lets one call through in ${Math.ceil(waitMs / 1000)} s.`
      : `It stays so until "caravan breaker reset ${service}".`,
    retryAfterMs: Number.isFinite(waitMs) ? waitMs : undefined,
  })
}
