import type { Clock } from '../core/clock.ts'
import { IntegrationError } from '../core/errors.ts'
import type { Call } from './call.ts'

/** A listing may hold a whole catalogue, and its reader saves it while it arrives. */
const listingDeadlineMs = 15 * 60_000

/**
 * One deadline for the whole call, waits and repetitions included; the caller's signal ends it too. From here on
 * `call.signal` is aborted by either, with one of our own errors for a reason. Returns what frees it.
 */
export function startCallDeadline(call: Call, caller: AbortSignal | undefined, clock: Clock) {
  const controller = new AbortController()
  const timer = new AbortController()
  const allowedMs = call.route.deadlineMs
  const deadlineMs = call.sink ? Math.max(allowedMs, listingDeadlineMs) : allowedMs
  const cancel = () => controller.abort(cancelled())
  if (caller?.aborted) cancel()
  caller?.addEventListener('abort', cancel)
  const expire = () => controller.abort(late(deadlineMs))
  clock.sleep(deadlineMs, timer.signal).then(expire, () => undefined)
  call.signal = controller.signal
  call.endsAtMs = clock.monotonicMs() + deadlineMs
  return () => {
    timer.abort('over')
    caller?.removeEventListener('abort', cancel)
  }
}

/** Where they arrive, the outcome is set to what is known there. */
const cancelled = (): IntegrationError =>
  new IntegrationError({ kind: 'cancelled', outcome: 'unknown', message: 'the call was cancelled' })

const late = (deadlineMs: number): IntegrationError =>
  new IntegrationError({
    kind: 'timeout',
    message: `not done within ${deadlineMs / 1000} s, repetitions included`,
    hint: 'Raise retry.deadline of the service if the vendor usually takes this long.',
  })
