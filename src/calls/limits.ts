import type { Clock } from '../core/clock.ts'
import { IntegrationError } from '../core/errors.ts'
import { reserveSlots, setNotBefore } from '../store/limits.ts'
import type { Db } from '../store/schema.ts'
import type { Attempt, Service } from './call.ts'
import { longestHeldWaitMs } from './retry.ts'

/** Lets requests of one service pass at the vendor's pace, counted over every process on the same state. */
export type Gate = {
  /** Resolves when one more request may leave. Throws `rate_limited` when that is further away than a call may wait. */
  take(signal: AbortSignal): Promise<void>
}

/**
 * Slots are spread evenly, a little wider than the limit says: a vendor counts in windows of its own and a request may
 * be a few milliseconds late, so that exactly 100 a second would now and then be 101 in one of its seconds.
 */
const spread = 1.04
/** Slots that may be caught up at once after a pause; together with the spread they stay under the limit. */
const burstShare = 0.02
/** One transaction reserves this much time ahead when many wait: fewer writes, and the order is kept. */
const reserveAheadMs = 50

type Waiter = { resolve(): void; reject(error: unknown): void; signal: AbortSignal }

export function createGate(db: Db, service: Service, clock: Clock): Gate {
  const { perSecond } = service.guards
  const intervalMs = perSecond ? (1000 / perSecond) * spread : 0
  const waiting: Waiter[] = []
  let isPumping = false

  async function pump(): Promise<void> {
    isPumping = true
    try {
      while (waiting.length > 0) {
        const count = Math.min(waiting.length, Math.max(1, Math.floor(reserveAheadMs / intervalMs)))
        await admit(waiting.splice(0, count))
      }
    } finally {
      isPumping = false
    }
  }

  async function admit(batch: Waiter[]): Promise<void> {
    try {
      const nowMs = clock.now().getTime()
      const burst = Math.floor((perSecond ?? 0) * burstShare)
      const firstMs = await reserveSlots(db, service.name, {
        intervalMs,
        burst,
        count: batch.length,
        nowMs,
        latestMs: nowMs + longestHeldWaitMs,
      })
      if (firstMs === undefined) throw overLimit(service.name)
      for (const [index, { resolve, signal }] of batch.entries()) {
        const waitMs = firstMs + index * intervalMs - clock.now().getTime()
        if (waitMs > 0 && !signal.aborted) await clock.sleep(waitMs)
        resolve()
      }
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  return {
    take(signal) {
      if (!perSecond) return Promise.resolve()
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject, signal })
        if (!isPumping) void pump()
      })
    },
  }
}

const overLimit = (service: string): IntegrationError =>
  new IntegrationError({
    kind: 'rate_limited',
    message: 'the vendor allows no request at the moment',
    hint: `The limit of ${service} is used up, or the vendor asked for a longer pause. Try again later.`,
  })

export type LimitOptions = { db: Db; clock: Clock }

/** Keeps the number of attempts in flight, and remembers for all processes when a vendor asks for a pause. */
export function limiting({ db, clock }: LimitOptions, next: Attempt): Attempt {
  const semaphores = new Map<string, Semaphore>()
  return async (call) => {
    const { name, guards } = call.service
    const semaphore = semaphores.get(name) ?? createSemaphore(guards.concurrent ?? Infinity)
    semaphores.set(name, semaphore)
    await semaphore.enter()
    try {
      return await next(call)
    } catch (error) {
      if (error instanceof IntegrationError && error.retryAfterMs) {
        await setNotBefore(db, name, clock.now().getTime() + error.retryAfterMs)
      }
      throw error
    } finally {
      semaphore.leave()
    }
  }
}

type Semaphore = { enter(): Promise<void>; leave(): void }

function createSemaphore(places: number): Semaphore {
  let free = places
  const waiting: (() => void)[] = []
  return {
    enter() {
      if (free > 0) {
        free -= 1
        return Promise.resolve()
      }
      return new Promise((resolve) => waiting.push(resolve))
    },
    leave() {
      const next = waiting.shift()
      if (next) next()
      else free += 1
    },
  }
}
