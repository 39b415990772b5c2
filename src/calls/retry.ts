import pRetry from 'p-retry'
import type { Clock } from '../core/clock.ts'
import { changed, IntegrationError } from '../core/errors.ts'
import { cancelled } from '../http/deadline.ts'
import { breakerOpen } from './breaker-state.ts'
import type { Attempt, ServiceCall } from './call.ts'
import { limitUsedUp, longestHeldWaitMs } from './gate.ts'
import { maySameAgain } from './repeat.ts'
import { switchedOff } from './switch.ts'

/** First wait at most, in milliseconds; doubles with each failure. */
const baseDelayMs = 500
const maxDelayMs = 30_000

/** These open in their own time, or when a person wants it; waiting here would only hold the caller. */
const ownRefusals: readonly (string | undefined)[] = [breakerOpen, limitUsedUp, switchedOff]

export type RetryOptions = { clock: Clock; random: () => number }

/**
 * Repeats what may be repeated: anything transient that was certainly not done, and what is not known to have been
 * done when repeating it is harmless. After a token was renewed the attempt is made again at once.
 */
export function retrying({ clock, random }: RetryOptions, next: Attempt): Attempt {
  return async (call) => {
    try {
      return await pRetry(() => attempt(call, next), {
        retries: call.service.guards.attempts - 1,
        minTimeout: 0, // the wait is ours, below: p-retry knows neither the clock nor Retry-After
        async shouldRetry({ error, attemptNumber }) {
          if (!mayRepeat(call, error) || call.signal.aborted) return false
          const delayMs = delayBefore(error, attemptNumber, random)
          if (clock.monotonicMs() + delayMs >= call.endsAtMs) return false
          await clock.sleep(delayMs, call.signal)
          call.waitedMs += delayMs
          return true
        },
      })
    } catch (error) {
      throw call.isInDoubt ? doubtful(call, error) : explain(call, error)
    }
  }
}

async function attempt(call: ServiceCall, next: Attempt): Promise<unknown> {
  try {
    if (call.signal.aborted) throw cancelled(call.signal.reason, 'not_done')
    return await next(call)
  } catch (error) {
    if (error instanceof IntegrationError && error.outcome === 'unknown') {
      call.isInDoubt = call.repeat !== 'safe'
    }
    if (call.renewal !== 'due') throw error
    call.renewal = 'done'
    return attempt(call, next)
  }
}

/** A wait that was aborted rejects with the reason itself. */
const explain = (call: ServiceCall, error: unknown): unknown =>
  call.signal.aborted && error === call.signal.reason ? cancelled(error, 'not_done') : error

/** An earlier attempt may have been carried out, so the last failure does not say that nothing happened. */
function doubtful(call: ServiceCall, error: unknown): unknown {
  const told = explain(call, error)
  if (!(told instanceof IntegrationError) || told.outcome === 'unknown') return told
  return changed(told, { outcome: 'unknown' })
}

/** Whether the same service may be asked again after this failure. */
function mayRepeat({ repeat }: Pick<ServiceCall, 'repeat'>, error: unknown): boolean {
  if (!maySameAgain(error, repeat) || ownRefusals.includes(error.code)) return false
  return (error.retryAfterMs ?? 0) <= longestHeldWaitMs
}

/** Full jitter: anywhere between nothing and the doubled bound, but never before the vendor allows it. */
function delayBefore(error: unknown, failures: number, random: () => number): number {
  const bound = Math.min(maxDelayMs, baseDelayMs * 2 ** (failures - 1))
  const asked = error instanceof IntegrationError ? (error.retryAfterMs ?? 0) : 0
  return asked > 0 ? asked + random() * baseDelayMs : random() * bound
}
