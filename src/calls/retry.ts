import pRetry from 'p-retry'
import type { Clock } from '../core/clock.ts'
import { IntegrationError, type FailureKind } from '../core/errors.ts'
import { breakerOpen } from './breaker-state.ts'
import type { Attempt, Call } from './call.ts'

/** First wait at most, in milliseconds; doubles with each failure. */
const baseDelayMs = 500
const maxDelayMs = 30_000

/** A vendor that asks for a longer wait gets it, but not inside this call: the caller tries again later. */
export const longestHeldWaitMs = 60_000

const transient: readonly FailureKind[] = ['unavailable', 'timeout', 'rate_limited', 'bad_response']

export type RetryOptions = { clock: Clock; random: () => number }

/**
 * Repeats what may be repeated: anything transient that was certainly not done, and what is not known to have been
 * done when repeating it is harmless. A refused token is renewed and tried once more.
 */
export function retrying({ clock, random }: RetryOptions, next: Attempt): Attempt {
  return async (call) => {
    let isRenewed = false
    const attempt = async () => {
      try {
        return await next(call)
      } catch (error) {
        if (isRenewed || !isAuth(error) || !renew(call, clock)) throw error
        isRenewed = true
        return next(call)
      }
    }
    return pRetry(attempt, {
      retries: call.service.guards.attempts - 1,
      minTimeout: 0,
      maxTimeout: 0,
      signal: call.signal,
      shouldRetry: ({ error }) => mayRepeat(call, error),
      async onFailedAttempt({ error, attemptNumber, retriesLeft }) {
        if (retriesLeft === 0 || !mayRepeat(call, error)) return
        call.waitedMs = delayBefore(error, attemptNumber, random)
        await clock.sleep(call.waitedMs, call.signal)
      },
    })
  }
}

/** Whether the same service may be asked again after this failure. */
export function mayRepeat(call: Pick<Call, 'repeat'>, error: unknown): boolean {
  if (!(error instanceof IntegrationError) || !transient.includes(error.kind)) return false
  if (error.code === breakerOpen) return false // it opens in its own time; waiting here would hold the caller
  if ((error.retryAfterMs ?? 0) > longestHeldWaitMs) return false
  return error.outcome === 'not_done' || call.repeat !== 'once'
}

/** Full jitter: anywhere between nothing and the doubled bound, but never before the vendor allows it. */
function delayBefore(error: unknown, failures: number, random: () => number): number {
  const bound = Math.min(maxDelayMs, baseDelayMs * 2 ** (failures - 1))
  const asked = error instanceof IntegrationError ? (error.retryAfterMs ?? 0) : 0
  return asked > 0 ? asked + random() * baseDelayMs : random() * bound
}

const isAuth = (error: unknown): boolean =>
  error instanceof IntegrationError && error.kind === 'auth'

function renew({ service, signal }: Call, clock: Clock): boolean {
  const { config, credentials } = service
  return service.adapter.http.renew?.({ config, credentials, clock, signal }) ?? false
}
