import type { Clock } from '../core/clock.ts'
import { IntegrationError } from '../core/errors.ts'
import { longestPauseMs } from '../http/status-faults.ts'
import { setNotBefore } from '../store/limits.ts'
import type { Db } from '../store/schema.ts'
import type { Attempt, Service, ServiceCall } from './call.ts'
import { gaveUp } from './gate.ts'
import { createSemaphore, type Semaphore } from './semaphore.ts'

export type LimitOptions = {
  db: Db
  clock: Clock
  /** The places of each service; the same map for everything that calls it. */
  places: WeakMap<Service, Semaphore>
  onTrouble(error: unknown): void
}

/** Keeps the number of attempts in flight, and remembers for all processes when a vendor asks for a pause. */
export function limiting(options: LimitOptions, next: Attempt): Attempt {
  return async (call) => {
    const { concurrent } = call.service.guards
    if (concurrent === undefined) return heeding(options, call, next)
    const semaphore = options.places.get(call.service) ?? createSemaphore(concurrent)
    options.places.set(call.service, semaphore)
    await enter(semaphore, call, options.clock)
    try {
      return await heeding(options, call, next)
    } finally {
      semaphore.leave()
    }
  }
}

async function enter(semaphore: Semaphore, call: ServiceCall, clock: Clock): Promise<void> {
  const startedMs = clock.monotonicMs()
  try {
    await semaphore.enter(call.signal)
  } catch {
    throw gaveUp(call.service.name, call.signal)
  }
  call.waitedMs += clock.monotonicMs() - startedMs
}

async function heeding(
  { db, clock, onTrouble }: LimitOptions,
  call: ServiceCall,
  next: Attempt,
): Promise<unknown> {
  try {
    return await next(call)
  } catch (error) {
    const askedMs = error instanceof IntegrationError ? (error.retryAfterMs ?? 0) : 0
    if (askedMs > 0) {
      const untilMs = clock.now().getTime() + Math.min(askedMs, longestPauseMs)
      await setNotBefore(db, call.service.name, untilMs).catch(onTrouble)
    }
    throw error
  }
}
