import type { Clock } from '../core/clock.ts'
import { IntegrationError, messageOf } from '../core/errors.ts'
import { changeBreaker } from '../store/breakers.ts'
import type { Db } from '../store/schema.ts'
import {
  admit,
  afterCall,
  breakerHeld,
  breakerOpen,
  type BreakerState,
  type CallEnd,
  closedBreaker,
} from './breaker-state.ts'
import type { Attempt, ServiceCall } from './call.ts'

export type BreakerOptions = { db: Db; clock: Clock; onTrouble(error: unknown): void }

/** Stops calls to a vendor that keeps failing. One breaker for each service, shared by all processes. */
export function breaking(options: BreakerOptions, next: Attempt): Attempt {
  const change = glancing(options)
  return async (call) => {
    await enter(options, change, call)
    let output: unknown
    try {
      output = await next(call)
    } catch (error) {
      await leave(options, change, call, kindOf(call, error), messageOf(error))
      throw error
    }
    await leave(options, change, call, 'done', '')
    return output
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
    const state = await changeBreaker(db, service, initial, change)
    known.set(service, { state, readAtMs: nowMs })
    return state
  }
}

/** A fault of our own and a token that is about to be renewed say nothing about the vendor. */
function kindOf(call: ServiceCall, error: unknown): CallEnd['kind'] {
  if (!(error instanceof IntegrationError) || call.renewal === 'due') return 'none'
  return error.kind
}

async function enter(
  { clock }: BreakerOptions,
  change: Change,
  { id, service }: ServiceCall,
): Promise<void> {
  const { guards } = service
  const now = {
    ms: clock.now().getTime(),
    holder: id,
    leaseMs: guards.timeoutMs * 2,
    configHash: service.configHash,
  }
  const closed = closedBreaker(guards.breaker)
  let refusal: { reason: string; waitMs: number | null } | undefined
  await change(service.name, closed, (state) => {
    const admission = admit(state, now)
    refusal = admission.admitted ? undefined : admission
    return admission.admitted ? admission.state : state
  })
  if (refusal) throw refused(service.name, refusal)
}

/** The call is over, whatever becomes of the breaker: what the vendor did must not be lost to a busy state file. */
async function leave(
  { clock, onTrouble }: BreakerOptions,
  change: Change,
  { id, service }: ServiceCall,
  kind: CallEnd['kind'],
  message: string,
): Promise<void> {
  const rules = service.guards.breaker
  const { configHash, redactor } = service
  const reason = redactor.text(message)
  const end = { ms: clock.now().getTime(), holder: id, kind, message: reason, configHash }
  try {
    await change(service.name, closedBreaker(rules), (state) => afterCall(state, end, rules))
  } catch (error) {
    onTrouble(error)
  }
}

function refused(
  service: string,
  { reason, waitMs }: { reason: string; waitMs: number | null },
): IntegrationError {
  if (waitMs === null) {
    return new IntegrationError({
      kind: 'auth',
      code: breakerHeld,
      message: `held: ${reason}`,
      hint: `Nothing is sent until the config of ${service} changes, so that the account is not locked.`,
    })
  }
  return new IntegrationError({
    kind: 'unavailable',
    code: breakerOpen,
    outcome: 'not_done',
    message: `the breaker is open: ${reason}`,
    hint: `It lets one call through in ${Math.ceil(waitMs / 1000)} s.`,
    retryAfterMs: waitMs,
  })
}
