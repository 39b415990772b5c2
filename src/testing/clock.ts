import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '../core/clock.ts'

export type TestClock = Clock & {
  /** Moves the hands forward. Whoever is due on the way wakes in order, each with the hands at its own instant. */
  advance(ms: number): Promise<void>
  /** What sleepers asked for, in milliseconds, in the order they lay down; those who woke are not in it. */
  sleeping(): number[]
  /** Resolves once somebody sleeps for exactly `ms`, or for anything when left out. Waits for real work in between. */
  untilSleeping(ms?: number): Promise<void>
}

type Sleeper = { asked: number; dueMs: number; wake(): void }

/** A clock that stands still until the test moves it. */
export function createTestClock(start = new Date('2026-03-01T00:00:00.000Z')): TestClock {
  let elapsedMs = 0
  let sleepers: Sleeper[] = []
  const leave = (sleeper: Sleeper) => {
    sleepers = sleepers.filter((other) => other !== sleeper)
  }

  return {
    now: () => new Date(start.getTime() + elapsedMs),
    monotonicMs: () => elapsedMs,
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        const stop = () => {
          leave(sleeper)
          reject(signal?.reason)
        }
        const wake = () => {
          leave(sleeper)
          signal?.removeEventListener('abort', stop)
          resolve()
        }
        const sleeper = { asked: ms, dueMs: elapsedMs + Math.max(0, ms), wake }
        sleepers.push(sleeper)
        signal?.addEventListener('abort', stop, { once: true })
      })
    },
    async advance(ms) {
      const untilMs = elapsedMs + ms
      await turn()
      for (;;) {
        const [next] = sleepers.toSorted((a, b) => a.dueMs - b.dueMs)
        if (!next || next.dueMs > untilMs) break
        elapsedMs = Math.max(elapsedMs, next.dueMs)
        next.wake()
        await turn()
      }
      elapsedMs = untilMs
    },
    sleeping: () => sleepers.map(({ asked }) => asked),
    async untilSleeping(ms) {
      while (!sleepers.some(({ asked }) => ms === undefined || asked === ms)) await turn()
    },
  }
}
