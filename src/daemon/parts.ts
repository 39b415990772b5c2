import { makeAlerts } from './alerts.ts'
import { makeCleanup } from './cleanup.ts'
import { makeHealth } from './health.ts'
import { makeHookHandler } from './hooks.ts'
import { makeListener } from './listener/part.ts'
import { makeOutbox } from './outbox.ts'
import type { MakePart } from './part.ts'
import { makeScheduler } from './scheduler/part.ts'
import { makeSums } from './sums.ts'

/** All that the daemon does, in the order in which it begins. */
export const parts: readonly MakePart[] = [
  makeScheduler,
  makeOutbox,
  makeHookHandler,
  makeListener,
  makeHealth,
  makeSums,
  makeAlerts,
  makeCleanup,
]
