/**
 * The only place that reads the time or waits. Everything else is handed a `Clock`, so that a test can hold it.
 */
import { performance } from 'node:perf_hooks'

export type Clock = {
  /** The wall clock. It may step; use `monotonicMs` to measure how long something took. */
  now(): Date
  /** Milliseconds since an arbitrary start; never steps back. */
  monotonicMs(): number
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted first. Zero or less resolves in the next turn. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** A longer one would end at once. https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
const longestTimerMs = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleep(ms, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const stop = () => {
        clearTimeout(timer)
        reject(signal?.reason)
      }
      const arm = (leftMs: number): NodeJS.Timeout => {
        const end = () => {
          if (leftMs > longestTimerMs) return void (timer = arm(leftMs - longestTimerMs))
          signal?.removeEventListener('abort', stop)
          resolve()
        }
        // oxlint-disable-next-line no-restricted-globals -- this is the place the rule points to
        return setTimeout(end, Math.min(longestTimerMs, Math.max(0, leftMs)))
      }
      let timer = arm(ms)
      signal?.addEventListener('abort', stop, { once: true })
    })
  },
}

/** An instant as it stands in the state and in JSON: ISO 8601, UTC, milliseconds. */
export const toInstant = (date: Date): string => date.toISOString()
