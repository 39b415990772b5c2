import type { Clock } from '../core/clock.ts'
import { IntegrationError } from '../core/errors.ts'
import { longestPauseMs } from '../http/status-faults.ts'
import { setNotBefore } from '../store/limits.ts'
import type { Db } from '../store/schema.ts'
import type { Attempt, Service, ServiceCall } from './call.ts'
import { type Gate, gaveUp } from './gate.ts'
import type { Pass, Places } from './places.ts'
import { note } from './steps.ts'

export type LimitOptions = {
  db: Db
  clock: Clock
  /** The places of each service; the same for everything that calls it. */
  placesOf(service: Service): Places | undefined
  gateOf(service: Service): Gate
  onTrouble(error: unknown): void
}

/** A shorter wait for a place is not worth a line. */
const notedWaitMs = 100

/** Keeps the number of attempts in flight, and remembers for all processes when a vendor asks for a pause. */
export function limiting(options: LimitOptions, next: Attempt): Attempt {
  return async (call) => {
    const places = options.placesOf(call.service)
    if (!places) return heeding(options, call, next)
    const pass = await enter(places, call, options.clock)
    try {
      return await heeding(options, call, next)
    } finally {
      places.leave(pass)
    }
  }
}

async function enter(places: Places, call: ServiceCall, clock: Clock): Promise<Pass> {
  const startedMs = clock.monotonicMs()
  try {
    return await places.enter(call.signal)
  } catch (error) {
    throw call.signal.aborted ? gaveUp(call.service.name, call.signal) : error
  } finally {
    const waitedMs = clock.monotonicMs() - startedMs
    call.waitedMs += waitedMs
    if (waitedMs >= notedWaitMs) note(call, clock, 'limit', 'waited for a free place', waitedMs)
  }
}

async function heeding(
  { db, clock, gateOf, onTrouble }: LimitOptions,
  call: ServiceCall,
  next: Attempt,
): Promise<unknown> {
  try {
    return await next(call)
  } catch (error) {
    const isOfService = error instanceof IntegrationError && error.scope !== 'recipient'
    const askedMs = isOfService ? (error.retryAfterMs ?? 0) : 0
    if (askedMs > 0) {
      const nowMs = clock.now().getTime()
      const untilMs = nowMs + Math.min(askedMs, longestPauseMs)
      gateOf(call.service).heed(untilMs)
      await setNotBefore(db, call.service.name, untilMs, nowMs).catch(onTrouble)
    }
    throw error
  }
}
