/** Everything that raises an alert. Adding a rule is one line. */
import { breakerOpened } from './breaker.ts'
import { failuresInARow, responseTime, successRate } from './calls.ts'
import { channelFailing } from './channels.ts'
import { configInvalid } from './config.ts'
import { expiring } from './expiring.ts'
import { healthFailing } from './health.ts'
import { hooksFailed } from './hooks.ts'
import { listenerDown } from './listener.ts'
import { jobPaused, runFailed, runLate, runMissed, runPartial, schedulerStill } from './jobs.ts'
import { deadLetters } from './queue.ts'
import type { Rule } from './rule.ts'
import { diskFull, stateFull } from './state.ts'

/** Conflicts that wait for a person get their rule here, beside `deadLetters`, once there is a table of them. */
export const rules: readonly Rule[] = [
  successRate,
  failuresInARow,
  breakerOpened,
  responseTime,
  healthFailing,
  runFailed,
  runPartial,
  runLate,
  runMissed,
  schedulerStill,
  jobPaused,
  deadLetters,
  hooksFailed,
  expiring,
  configInvalid,
  listenerDown,
  stateFull,
  diskFull,
  channelFailing,
]
