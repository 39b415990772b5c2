import type { SessionLimits } from '../core/adapter.ts'
import { IntegrationError } from '../core/errors.ts'
import { startDeadline } from './deadline.ts'
import type { Exchange, HttpOptions } from './exchange.ts'

/** One exchange of another protocol than HTTP, under the same limits, deadline and log. */
export async function runSession<T>(
  options: HttpOptions,
  { method, endpoint }: Pick<Exchange, 'method' | 'endpoint'>,
  run: (limits: SessionLimits) => Promise<T>,
): Promise<T> {
  const { clock, gate, signal, timeoutMs, onExchange } = options
  const waitingMs = clock.monotonicMs()
  await gate?.(signal)
  const startedMs = clock.monotonicMs()
  const deadline = startDeadline(clock, signal, timeoutMs)
  const exchange: Exchange = {
    method,
    endpoint,
    startedAt: clock.now(),
    durationMs: 0,
    waitedMs: startedMs - waitingMs,
    requestBytes: 0,
    responseBytes: 0,
  }
  try {
    return await run({ timeoutMs, signal: deadline.signal })
  } catch (error) {
    // A failure the adapter has read says more than the clock, unless the clock is what ended the session.
    const told = deadline.signal.aborted || !(error instanceof IntegrationError)
    exchange.error = told ? deadline.explain(deadline.signal.aborted ? 'over' : error) : error
    throw exchange.error
  } finally {
    deadline.clear()
    exchange.durationMs = Math.round(clock.monotonicMs() - startedMs)
    onExchange?.(exchange)
  }
}
