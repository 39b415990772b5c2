import type { Settlement } from '../core/adapter.ts'
import type { Clock } from '../core/clock.ts'
import { changed, IntegrationError, messageOf } from '../core/errors.ts'
import type { Attempt, ServiceCall } from './call.ts'
import { maySameAgain } from './repeat.ts'
import { isOwnRefusal } from './retry.ts'
import { note } from './steps.ts'

export type SettleOptions = {
  clock: Clock
  /** Runs a status query under the same guards. */
  query: Attempt
}

/** Before each query: what the vendor has only just taken in may not show at once. */
const waitsMs = [1000, 3000, 3000]

/**
 * Asks the vendor what became of a call that ended `unknown`, where it has a query for that. When it was done, the call
 * has its answer; when it certainly was not, another service may be asked. Otherwise it stays unknown.
 */
export function settling(options: SettleOptions, next: Attempt): Attempt {
  return async (call) => {
    try {
      return await next(call)
    } catch (error) {
      if (!isUnknown(error) || !maySettle(call)) throw error
      const { outcome, ...found } = await settle(options, call)
      if (outcome === 'unknown') throw error
      call.isInDoubt = false
      if (outcome === 'not_done') throw changed(error, { outcome })
      return (found as { output: unknown }).output
    }
  }
}

const isUnknown = (error: unknown): error is IntegrationError =>
  error instanceof IntegrationError && error.outcome === 'unknown'

/** Whether the vendor can be asked. What is harmless to repeat has been repeated instead. */
export const maySettle = ({ service, operation, repeat }: ServiceCall): boolean =>
  repeat !== 'safe' && service.adapter.operations[operation]?.settle !== undefined

async function settle(
  { clock, query }: SettleOptions,
  call: ServiceCall,
): Promise<Settlement<unknown>> {
  for (const waitMs of waitsMs) {
    if (call.signal.aborted || clock.monotonicMs() + waitMs >= call.endsAtMs) break
    try {
      await clock.sleep(waitMs, call.signal)
      call.waitedMs += waitMs
      const settlement = await askOutcome(query, clock, call, waitMs)
      if (settlement.outcome !== 'unknown') return settlement
    } catch (error) {
      if (call.signal.aborted) break
      note(call, clock, 'settled', `could not be asked: ${messageOf(error)}`, waitMs)
      if (!maySameAgain(error, 'safe') || isOwnRefusal(error)) break
    }
  }
  return { outcome: 'unknown' }
}

/** One query. Throws when the vendor cannot be asked. */
export async function askOutcome(
  query: Attempt,
  clock: Clock,
  call: ServiceCall,
  waitedMs?: number,
): Promise<Settlement<unknown>> {
  const settlement = (await query(call)) as Settlement<unknown>
  note(call, clock, 'settled', words[settlement.outcome], waitedMs)
  return settlement
}

/** How the log shows a call that was settled later. */
export const endOf = (settlement: Settlement<unknown>): { output?: unknown; error?: unknown } =>
  settlement.outcome === 'done'
    ? { output: settlement.output }
    : {
        error: new IntegrationError({
          kind: 'unavailable',
          outcome: 'not_done',
          message: words.not_done,
          hint: 'It may be made again.',
        }),
      }

const words: Readonly<Record<Settlement<unknown>['outcome'], string>> = {
  done: 'the vendor says that it was done',
  not_done: 'the vendor says that it was not done',
  unknown: 'the vendor cannot say yet what became of it',
}
