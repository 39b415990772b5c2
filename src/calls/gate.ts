import type { Clock } from '../core/clock.ts'
import { IntegrationError } from '../core/errors.ts'
import { utcText } from '../core/words.ts'
import { nextSlot, pauseUntil, reserveSlots } from '../store/limits.ts'
import type { Db } from '../store/schema.ts'
import type { Service } from './call.ts'

/** Lets requests of one service pass at the vendor's pace, counted over every process on the same state. */
export type Gate = {
  /**
   * Resolves when one more request may leave; it must leave at once. Throws `rate_limited` when that is further away
   * than `longestWaitMs` (default: `longestHeldWaitMs`), or when the signal is aborted while waiting.
   */
  take(signal: AbortSignal, longestWaitMs?: number): Promise<void>
  /** Told of a pause that was stored just now; other processes read it. */
  heed(untilMs: number): void
}

/** A longer wait is not spent inside a call: the caller tries again later. */
export const longestHeldWaitMs = 60_000

/** The code of the failure that a full limit is; repeating at once would only ask the state again. */
export const limitUsedUp = 'limit_used_up'

/**
 * Slots are spread evenly, a little wider than the limit says: of the requests of one second the first may reach the vendor
 * later after its slot than the last. At any rate this leaves 70 ms, which a machine with more processes than cores needs:
 * with 40 ms, eight of them were seen to send 21 in a second of 20.
 */
const spread = 1.07
/** Of those, what may be caught up at once when nobody took a slot in time. */
const catchUpMs = 10
/** One transaction takes this much time ahead when many wait: fewer writes, and the order is kept. */
const reserveAheadMs = 50
/** A slot that is met later than this, because the process was busy, is given up: late ones would leave in a heap. */
const longestDelayMs = catchUpMs + 10
/** Who waits looks at least so often: somebody may have asked for a longer pause, or lifted it. */
const lookMs = 1000
/** How long the pauses that vendors asked for are believed before they are read again. */
const pausesFreshMs = 50

type Waiter = {
  resolve(): void
  reject(error: unknown): void
  signal: AbortSignal
  /** It would rather be refused than leave later than this. */
  latestMs: number
}

export function createGate(db: Db, service: Service, clock: Clock): Gate {
  return service.guards.perSecond
    ? createPacedGate(db, service, clock, service.guards.perSecond)
    : createPauseGate(db, service, clock)
}

/**
 * A slot is taken at the moment it is used, so that a process that is late for it, or is killed, costs nobody a slot. All
 * who wait look when the next one is due, and one of them gets it.
 */
function createPacedGate(db: Db, service: Service, clock: Clock, perSecond: number): Gate {
  const intervalMs = (1000 / perSecond) * spread
  const pace = { intervalMs, burst: catchUpMs / intervalMs }
  const atOnce = Math.max(1, Math.floor(reserveAheadMs / intervalMs))
  const nowMs = () => clock.now().getTime()
  let waiting: Waiter[] = []
  let isPumping = false
  let resting = new AbortController()
  /** When the next slot was due at the last look, for an estimate that needs no look at the state. */
  let dueMs = 0

  async function pump(): Promise<void> {
    isPumping = true
    while (waiting.length > 0) {
      try {
        await serve()
      } catch (error) {
        for (const { reject } of waiting.splice(0)) reject(error)
      }
    }
    isPumping = false
  }

  async function serve(): Promise<void> {
    dueMs = await nextSlot(db, service.name, { ...pace, nowMs: nowMs() })
    refuseImpatient()
    const restMs = Math.min(lookMs, dueMs - nowMs())
    if (restMs > 0 && waiting.length > 0) {
      resting = new AbortController()
      return clock.sleep(restMs, resting.signal).catch(() => undefined)
    }
    const count = Math.min(waiting.length, atOnce)
    if (count === 0) return
    const asked = { ...pace, count, nowMs: nowMs(), latestMs: nowMs() }
    const firstMs = await reserveSlots(db, service.name, asked)
    if (firstMs === undefined) return // another process was faster
    const batch = waiting.splice(0, count)
    const passed = await Promise.all(
      batch.map((waiter, index) => passAt(waiter, firstMs + index * intervalMs)),
    )
    waiting.unshift(...batch.filter((_, index) => !passed[index]))
  }

  function refuseImpatient(): void {
    const late = waiting.filter(({ latestMs }, index) => dueMs + index * intervalMs > latestMs)
    waiting = waiting.filter((waiter) => !late.includes(waiter))
    const untilMs = dueMs + waiting.length * intervalMs
    for (const { reject } of late) reject(usedUp(service.name, untilMs, nowMs()))
  }

  /** False when the slot has gone by. */
  async function passAt({ signal, resolve }: Waiter, slotMs: number): Promise<boolean> {
    const waitMs = slotMs - nowMs()
    if (waitMs > 0) await clock.sleep(waitMs, signal).catch(() => undefined)
    if (signal.aborted) return true // it has been told already
    if (nowMs() - slotMs > longestDelayMs) return false
    resolve()
    return true
  }

  return {
    take(signal, longestWaitMs = longestHeldWaitMs) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(gaveUp(service.name, signal))
        const latestMs = nowMs() + longestWaitMs
        const soonestMs = Math.max(dueMs, nowMs()) + waiting.length * intervalMs
        // One that was due far ahead of every wait was seen before the clock was set back.
        const isKnown = isPumping && dueMs - nowMs() <= longestHeldWaitMs
        if (isKnown && soonestMs > latestMs) {
          return reject(usedUp(service.name, soonestMs, nowMs()))
        }
        const giveUp = () => {
          waiting = waiting.filter((other) => other !== waiter)
          if (waiting.length === 0) resting.abort('nobody waits')
          reject(gaveUp(service.name, signal))
        }
        const settle =
          <Value>(act: (value: Value) => void) =>
          (value: Value) => {
            signal.removeEventListener('abort', giveUp)
            act(value)
          }
        const waiter = { signal, latestMs, resolve: settle(resolve), reject: settle(reject) }
        signal.addEventListener('abort', giveUp)
        waiting.push(waiter)
        if (!isPumping) void pump()
      })
    },
    heed: () => undefined, // it looks before each slot
  }
}

/** A service without a published rate still keeps the pauses its vendor asks for. */
function createPauseGate(db: Db, service: Service, clock: Clock): Gate {
  let untilMs = 0
  let readAtMs = -Infinity
  async function pauseMs(): Promise<number> {
    if (clock.monotonicMs() - readAtMs >= pausesFreshMs) {
      readAtMs = clock.monotonicMs()
      untilMs = await pauseUntil(db, service.name, clock.now().getTime())
    }
    return untilMs - clock.now().getTime()
  }
  return {
    async take(signal, longestWaitMs = longestHeldWaitMs) {
      for (let waitMs = await pauseMs(); waitMs > 0; waitMs = await pauseMs()) {
        if (waitMs > longestWaitMs) throw usedUp(service.name, untilMs, clock.now().getTime())
        await clock.sleep(waitMs, signal).catch(() => undefined)
        if (signal.aborted) throw gaveUp(service.name, signal)
      }
    },
    heed(until) {
      untilMs = Math.max(untilMs, until)
    },
  }
}

const usedUp = (service: string, untilMs: number, nowMs: number): IntegrationError =>
  new IntegrationError({
    kind: 'rate_limited',
    code: limitUsedUp,
    message: 'the vendor allows no request at the moment',
    hint: `The limit of ${service} is used up, or the vendor asked for a longer pause. It may be asked again from ${utcText(new Date(untilMs).toISOString())} on.`,
    retryAfterMs: Math.max(0, Math.ceil(untilMs - nowMs)),
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
