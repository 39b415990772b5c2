import type { Clock } from '../core/clock.ts'
import { CaravanError } from '../core/errors.ts'

/**
 * How long a run waits for a state that another process keeps locked, such as one that was stopped within a transaction,
 * in milliseconds. Each try waits by itself for some seconds.
 */
export const busyPatienceMs = 5 * 60_000

const pausesMs = [200, 1000, 3000]

export type Patience = { clock: Clock; signal?: AbortSignal; patienceMs?: number }

/** Does the work again as long as the state is busy. It must be all or nothing, as one transaction is. */
export async function whileBusy<T>(
  { clock, signal, patienceMs = busyPatienceMs }: Patience,
  work: () => Promise<T>,
): Promise<T> {
  const begunMs = clock.monotonicMs()
  for (let tries = 0; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (!isBusy(error) || clock.monotonicMs() - begunMs >= patienceMs) throw error
      await clock.sleep(pausesMs[tries] ?? pausesMs.at(-1)!, signal)
    }
  }
}

export const isBusy = (error: unknown): boolean =>
  error instanceof CaravanError && error.code === 'state_busy'
