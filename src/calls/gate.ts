import type { Clock } from '../core/clock.ts'
import { IntegrationError } from '../core/errors.ts'
import { listNotBefore, reserveSlots } from '../store/limits.ts'
import type { Db } from '../store/schema.ts'
import type { Service } from './call.ts'

/** Lets requests of one service pass at the vendor's pace, counted over every process on the same state. */
export type Gate = {
  /**
   * Resolves when one more request may leave; it must leave at once. Throws `rate_limited` when that is further away
   * than a call may wait, or when the signal is aborted while waiting.
   */
  take(signal: AbortSignal): Promise<void>
}

/** A longer wait is not spent inside a call: the caller tries again later. */
export const longestHeldWaitMs = 60_000

/** The code of the failure that a full limit is; repeating at once would only ask the state again. */
export const limitUsedUp = 'limit_used_up'

/**
 * Slots are spread evenly, a little wider than the limit says: a vendor counts in windows of its own and a request may
 * be a few milliseconds late, so that exactly 100 a second would now and then be 101 in one of its seconds.
 */
const spread = 1.04
/** Slots that may be caught up at once after a pause; together with the spread they stay under the limit. */
const burstShare = 0.02
/** One transaction reserves this much time ahead when many wait: fewer writes, and the order is kept. */
const reserveAheadMs = 50
/** A slot that is met later than this, because the process was busy, is given up: late ones would leave in a heap. */
const longestDelayMs = 15
/** How long the pauses that vendors asked for are believed before they are read again. */
const pausesFreshMs = 50

type Waiter = { resolve(): void; reject(error: unknown): void; signal: AbortSignal }

export function createGate(db: Db, service: Service, clock: Clock): Gate {
  return service.guards.perSecond
    ? createPacedGate(db, service, clock, service.guards.perSecond)
    : createPauseGate(db, service, clock)
}

function createPacedGate(db: Db, service: Service, clock: Clock, perSecond: number): Gate {
  const intervalMs = (1000 / perSecond) * spread
  const burst = Math.floor(perSecond * burstShare)
  const nowMs = () => clock.now().getTime()
  let waiting: Waiter[] = []
  let isPumping = false
  /** How late the last batch was met; the next one is reserved as much further ahead. */
  let lagMs = 0

  async function pump(): Promise<void> {
    isPumping = true
    while (waiting.length > 0) {
      const count = Math.min(waiting.length, Math.max(1, Math.floor(reserveAheadMs / intervalMs)))
      const batch = waiting.splice(0, count)
      try {
        const late = await admit(batch)
        waiting = [...late, ...waiting]
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    isPumping = false
  }

  /** Returns those whose slots have gone by. */
  async function admit(batch: Waiter[]): Promise<Waiter[]> {
    const fromMs = nowMs() + lagMs
    const firstMs = await reserveSlots(db, service.name, {
      intervalMs,
      burst,
      count: batch.length,
      nowMs: fromMs,
      latestMs: fromMs + longestHeldWaitMs,
    })
    if (firstMs === undefined) throw usedUp(service.name)
    lagMs = 0
    const passed = await Promise.all(
      batch.map((waiter, index) => passAt(waiter, firstMs + index * intervalMs)),
    )
    return batch.filter((_, index) => !passed[index])
  }

  async function passAt({ signal, resolve }: Waiter, slotMs: number): Promise<boolean> {
    const waitMs = slotMs - nowMs()
    if (waitMs > 0) await clock.sleep(waitMs, signal).catch(() => undefined)
    if (signal.aborted) return true // it has been told already
    const delayMs = nowMs() - slotMs
    if (delayMs > burst * intervalMs + longestDelayMs) {
      lagMs = Math.max(lagMs, Math.min(delayMs, 1000))
      return false
    }
    resolve()
    return true
  }

  return {
    take(signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(gaveUp(service.name, signal))
        const giveUp = () => {
          waiting = waiting.filter((other) => other !== waiter)
          reject(gaveUp(service.name, signal))
        }
        const settle =
          <Value>(act: (value: Value) => void) =>
          (value: Value) => {
            signal.removeEventListener('abort', giveUp)
            act(value)
          }
        const waiter = { signal, resolve: settle(resolve), reject: settle(reject) }
        signal.addEventListener('abort', giveUp)
        waiting.push(waiter)
        if (!isPumping) void pump()
      })
    },
  }
}

/** A service without a published rate still keeps the pauses its vendor asks for. */
function createPauseGate(db: Db, service: Service, clock: Clock): Gate {
  let untilMs = 0
  let readAtMs = -Infinity
  async function pauseMs(): Promise<number> {
    if (clock.monotonicMs() - readAtMs >= pausesFreshMs) {
      readAtMs = clock.monotonicMs()
      untilMs = (await listNotBefore(db)).get(service.name) ?? 0
    }
    return untilMs - clock.now().getTime()
  }
  return {
    async take(signal) {
      for (let waitMs = await pauseMs(); waitMs > 0; waitMs = await pauseMs()) {
        if (waitMs > longestHeldWaitMs) throw usedUp(service.name)
        await clock.sleep(waitMs, signal).catch(() => undefined)
        if (signal.aborted) throw gaveUp(service.name, signal)
      }
    },
  }
}

const usedUp = (service: string): IntegrationError =>
  new IntegrationError({
    kind: 'rate_limited',
    code: limitUsedUp,
    message: 'the vendor allows no request at the moment',
    hint: `The limit of ${service} is used up, or the vendor asked for a longer pause. Try again later.`,
  })

/** Ended while waiting for our own limit: nothing was sent, and the vendor is not to blame. */
export function gaveUp(service: string, { reason }: AbortSignal): IntegrationError {
  const isLate = reason instanceof IntegrationError && reason.kind === 'timeout'
  if (!isLate) {
    const message = 'the call was cancelled before anything was sent'
    return new IntegrationError({ kind: 'cancelled', outcome: 'not_done', message })
  }
  return new IntegrationError({
    kind: 'rate_limited',
    code: limitUsedUp,
    message: 'the limit left no room for this call before its deadline',
    hint: `Other calls to ${service} take all it allows. Try again later, or raise retry.deadline.`,
  })
}
