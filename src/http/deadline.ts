import type { Clock } from '../core/clock.ts'
import { changed, IntegrationError } from '../core/errors.ts'
import { readNetworkFault } from './network-faults.ts'

export type Deadline = {
  /** Aborted when time is up, when the caller gives up, and by `abort`. */
  signal: AbortSignal
  abort(): void
  /** Stops the time; `resume` gives the whole of it again. */
  pause(): void
  resume(): void
  clear(): void
  /** Anything thrown under this deadline as our own error: late, cancelled, or a fault of the network. */
  explain(error: unknown): IntegrationError
}

/** Given to every `abort`, for without a reason each would make a DOMException with its stack. */
const over = 'over'

/** One deadline covers connect, headers and body; the caller's signal ends the request too. */
export function startDeadline(clock: Clock, caller: AbortSignal, timeoutMs: number): Deadline {
  const controller = new AbortController()
  let timer = new AbortController()
  let isLate = false
  const abort = () => controller.abort(over)
  if (caller.aborted) abort()
  else caller.addEventListener('abort', abort)
  const expire = () => {
    isLate = true
    abort()
  }
  const pause = () => timer.abort(over)
  const resume = () => {
    pause()
    timer = new AbortController()
    clock.sleep(timeoutMs, timer.signal).then(expire, () => undefined)
  }
  resume()
  return {
    signal: controller.signal,
    abort,
    pause,
    resume,
    clear() {
      pause()
      caller.removeEventListener('abort', abort)
    },
    explain(error: unknown): IntegrationError {
      if (error instanceof IntegrationError) return error
      if (isLate) return late(timeoutMs)
      if (caller.aborted) return cancelled(caller.reason, 'unknown')
      if (controller.signal.aborted) return cancelled(undefined, 'unknown')
      return readNetworkFault(error)
    },
  }
}

const late = (timeoutMs: number): IntegrationError =>
  new IntegrationError({
    kind: 'timeout',
    message: `no complete answer within ${timeoutMs / 1000} s`,
    hint: 'The vendor may be slow or stuck. Raise the timeout of the service if this is its usual pace.',
  })

/** Something that was ended from our side: by its own reason when that is one of ours, such as a deadline. */
export function cancelled(reason: unknown, outcome: IntegrationError['outcome']): IntegrationError {
  if (reason instanceof IntegrationError) return changed(reason, { outcome })
  return new IntegrationError({ kind: 'cancelled', outcome, message: 'the call was cancelled' })
}
