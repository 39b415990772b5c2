import { setImmediate } from 'node:timers/promises'
import type { SessionLimits } from '../core/adapter.ts'
import { changed, IntegrationError } from '../core/errors.ts'
import { cancelled, startDeadline } from './deadline.ts'
import type { Exchange, HttpOptions } from './exchange.ts'

/**
 * One exchange of another protocol than HTTP, under the same limits, deadline and log. When time is up or the caller
 * gives up, that is the failure; whether the vendor may have acted is known by the adapter alone, so the outcome of what
 * it throws is kept.
 */
export async function runSession<T>(
  options: HttpOptions,
  { method, endpoint }: Pick<Exchange, 'method' | 'endpoint'>,
  run: (limits: SessionLimits) => Promise<T>,
): Promise<T> {
  const { clock, signal, timeoutMs, onExchange } = options
  const waitedMs = await awaitTurn(options)
  const startedMs = clock.monotonicMs()
  const deadline = startDeadline(clock, signal, timeoutMs)
  const exchange: Exchange = {
    method,
    endpoint,
    startedAt: clock.now(),
    durationMs: 0,
    waitedMs,
    requestBytes: 0,
    responseBytes: 0,
  }
  let isOver = false
  const limits: SessionLimits = {
    timeoutMs,
    signal: deadline.signal,
    count({ sent, received }) {
      if (isOver) return
      exchange.requestBytes = sent
      exchange.responseBytes = received
    },
    replied(code) {
      if (!isOver) exchange.status = code
    },
    explain: deadline.explain,
  }
  try {
    return await Promise.race([run(limits), deaf(deadline.signal)])
  } catch (error) {
    exchange.error = failureOf(error)
    throw exchange.error
  } finally {
    isOver = true
    deadline.clear()
    exchange.durationMs = Math.round(clock.monotonicMs() - startedMs)
    onExchange?.(exchange)
  }

  /** A failure the adapter has read says more than the clock, unless the clock is what ended the session. */
  function failureOf(error: unknown): IntegrationError {
    if (!deadline.signal.aborted) return deadline.explain(error)
    const told = deadline.explain(over)
    const isKnown = error instanceof IntegrationError && error.outcome === 'not_done'
    return isKnown ? changed(told, { outcome: 'not_done' }) : told
  }
}

const over = 'over'

/** Waits until the vendor's rate allows one more; whatever fails here, nothing has been done. */
async function awaitTurn({ clock, gate, signal }: HttpOptions): Promise<number> {
  const startedMs = clock.monotonicMs()
  try {
    await gate?.(signal)
  } catch (error) {
    if (error instanceof IntegrationError) throw changed(error, { outcome: 'not_done' })
    throw signal.aborted ? cancelled(signal.reason, 'not_done') : error
  }
  if (signal.aborted) throw cancelled(signal.reason, 'not_done')
  return clock.monotonicMs() - startedMs
}

/** Rejects when the signal is aborted and whoever should hear it has had a turn to say what it knows. */
async function deaf(signal: AbortSignal): Promise<never> {
  await new Promise<void>((resolve) => {
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  await setImmediate()
  throw over
}
