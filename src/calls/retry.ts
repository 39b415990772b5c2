import pRetry from 'p-retry'
import type { Clock } from '../core/clock.ts'
import { changed, IntegrationError, messageOf } from '../core/errors.ts'
import { cancelled } from '../http/deadline.ts'
import { breakerHeld, breakerOpen } from './breaker-state.ts'
import type { Attempt, ServiceCall } from './call.ts'
import { limitUsedUp, longestHeldWaitMs } from './gate.ts'
import { mayNext, maySameAgain } from './repeat.ts'
import { note, type Step } from './steps.ts'
import { switchedOff } from './switch.ts'

/** First wait at most, in milliseconds; doubles with each failure. */
const baseDelayMs = 500
const maxDelayMs = 30_000

/** A longer wait is not spent while another service can be asked at once. */
export const longestWaitWithNextMs = 1000

/** These open in their own time, or when a person wants it; waiting here would only hold the caller. */
const ownRefusals: Readonly<Record<string, Step['what']>> = {
  [breakerOpen]: 'breaker',
  [breakerHeld]: 'breaker',
  [limitUsedUp]: 'limit',
  [switchedOff]: 'skipped',
}

export type RetryOptions = { clock: Clock; random: () => number }

/**
 * Repeats what may be repeated: anything transient that was certainly not done, and what is not known to have been
 * done when repeating it is harmless. After a token was renewed the attempt is made again at once.
 */
export function retrying({ clock, random }: RetryOptions, next: Attempt): Attempt {
  return async (call) => {
    const { attempts, deadlineMs } = call.service.guards
    // A listing has more time than any service allows for a single answer.
    const ownEndMs = call.sink ? Infinity : clock.monotonicMs() + deadlineMs
    try {
      return await pRetry(() => attempt(call, next), {
        retries: attempts - 1,
        minTimeout: 0, // the wait is ours, below: p-retry knows neither the clock nor Retry-After
        async shouldRetry({ error, attemptNumber }) {
          if (!mayRepeat(call, error) || call.signal.aborted) return false
          const delayMs = delayBefore(error, attemptNumber, random)
          const againAtMs = clock.monotonicMs() + delayMs
          if (againAtMs >= Math.min(call.endsAtMs, ownEndMs)) return false
          if (delayMs > longestWaitWithNextMs && isNextBetter(call, error)) {
            call.askableAtMs = againAtMs
            return false
          }
          const which = `attempt ${attemptNumber + 1} of ${attempts}`
          note(call, clock, 'retry', `${which}, after: ${messageOf(error)}`, delayMs)
          await clock.sleep(delayMs, call.signal)
          call.waitedMs += delayMs
          return true
        },
      })
    } catch (error) {
      noteRefusal(call, clock, error)
      if (isLimit(error) && isNextBetter(call, error)) {
        call.askableAtMs = clock.monotonicMs() // the wait is the gate's, which looks whether it has become shorter
      }
      throw call.isInDoubt ? doubtful(call, error) : explain(call, error)
    }
  }
}

/** Whether one of our own layers has refused it: nothing was sent. */
export const isOwnRefusal = (error: unknown): boolean =>
  error instanceof IntegrationError &&
  error.code !== undefined &&
  Object.hasOwn(ownRefusals, error.code)

const isLimit = (error: unknown): error is IntegrationError =>
  error instanceof IntegrationError && error.code === limitUsedUp

/** Unless the layer that refused has said so itself. */
function noteRefusal(call: ServiceCall, clock: Clock, error: unknown): void {
  if (!(error instanceof IntegrationError) || !isOwnRefusal(error)) return
  const what = ownRefusals[error.code ?? ''] ?? 'skipped'
  const last = call.steps.at(-1)
  if (last?.what === what && last.service === call.service.name) return
  note(call, clock, what, error.message)
}

/** Once the vendor may have acted, nobody else may be asked, and waiting is all that is left. */
const isNextBetter = (call: ServiceCall, error: unknown): boolean =>
  call.hasNext && !call.isInDoubt && mayNext(error, call.repeat)

async function attempt(call: ServiceCall, next: Attempt): Promise<unknown> {
  try {
    if (call.signal.aborted) throw cancelled(call.signal.reason, 'not_done')
    return await next(call)
  } catch (error) {
    if (error instanceof IntegrationError && error.outcome === 'unknown') {
      if (call.repeat !== 'safe') call.isInDoubt = true
      else call.isHarmlesslyInDoubt = call.effect !== 'read'
    }
    if (call.renewal !== 'due') throw error
    call.renewal = 'done'
    return attempt(call, next)
  }
}

/** A wait that was aborted rejects with the reason itself. */
const explain = (call: ServiceCall, error: unknown): unknown =>
  call.signal.aborted && error === call.signal.reason ? cancelled(error, 'not_done') : error

/**
 * An earlier attempt may have been carried out, so the last failure, were it one of our own state, does not say that
 * nothing happened.
 */
function doubtful(call: ServiceCall, error: unknown): unknown {
  const told = explain(call, error)
  if (told instanceof IntegrationError) {
    return told.outcome === 'unknown' ? told : changed(told, { outcome: 'unknown' })
  }
  return new IntegrationError({
    kind: 'unavailable',
    outcome: 'unknown',
    message: messageOf(told),
    hint: 'An attempt before may have been carried out. Look it up before it is repeated.',
    cause: told,
  })
}

/** Whether the same service may be asked again after this failure. */
function mayRepeat({ repeat, isProbe }: ServiceCall, error: unknown): boolean {
  if (isProbe || !maySameAgain(error, repeat) || isOwnRefusal(error)) return false
  if (error.code === 'CERT_HAS_EXPIRED') return false // it stays so for longer than a call lasts
  // A person's own limit ends when the vendor says; asking before only uses it up.
  if (error.scope === 'recipient' && error.retryAfterMs === undefined) return false
  return (error.retryAfterMs ?? 0) <= longestHeldWaitMs
}

/** Full jitter: anywhere between nothing and the doubled bound, but never before the vendor allows it. */
function delayBefore(error: unknown, failures: number, random: () => number): number {
  const bound = Math.min(maxDelayMs, baseDelayMs * 2 ** (failures - 1))
  const asked = error instanceof IntegrationError ? (error.retryAfterMs ?? 0) : 0
  return asked > 0 ? asked + random() * baseDelayMs : random() * bound
}
