import { hostname } from 'node:os'
import type { Clock } from '../core/clock.ts'
import { IntegrationError, messageOf, type FailureKind } from '../core/errors.ts'
import { changeBreaker } from '../store/breakers.ts'
import type { Db } from '../store/schema.ts'
import { admit, afterCall, breakerOpen, type BreakerState, closedBreaker } from './breaker-state.ts'
import type { Attempt, Call } from './call.ts'

export type BreakerOptions = { db: Db; clock: Clock }

const holder = `${hostname()}/${process.pid}`

/** Stops calls to a vendor that keeps failing. One breaker for each service, shared by all processes. */
export function breaking({ db, clock }: BreakerOptions, next: Attempt): Attempt {
  return async (call) => {
    await enter(db, clock, call)
    try {
      const output = await next(call)
      await leave(db, clock, call, 'done', '')
      return output
    } catch (error) {
      const kind = error instanceof IntegrationError ? error.kind : 'done'
      await leave(db, clock, call, kind, messageOf(error))
      throw error
    }
  }
}

async function enter(db: Db, clock: Clock, { service }: Call): Promise<void> {
  const { guards } = service
  const now = {
    ms: clock.now().getTime(),
    holder,
    leaseMs: guards.timeoutMs * 2,
    configHash: service.configHash,
  }
  const closed = closedBreaker(guards.breaker)
  let refusal: { reason: string; waitMs: number | null } | undefined
  await changeBreaker<BreakerState>(db, service.name, closed, (state) => {
    const admission = admit(state, now)
    refusal = admission.admitted ? undefined : admission
    return admission.admitted ? admission.state : state
  })
  if (refusal) throw refused(service.name, refusal)
}

async function leave(
  db: Db,
  clock: Clock,
  { service }: Call,
  kind: FailureKind | 'done',
  message: string,
): Promise<void> {
  const rules = service.guards.breaker
  const end = { ms: clock.now().getTime(), kind, message, configHash: service.configHash }
  await changeBreaker<BreakerState>(db, service.name, closedBreaker(rules), (state) =>
    afterCall(state, end, rules),
  )
}

function refused(
  service: string,
  { reason, waitMs }: { reason: string; waitMs: number | null },
): IntegrationError {
  if (waitMs === null) {
    return new IntegrationError({
      kind: 'auth',
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
