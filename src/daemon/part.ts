import type { App } from '../app/app.ts'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import type { Db } from '../store/schema.ts'

/** What every part of the daemon is given. */
export type DaemonContext = {
  /** The project under the config that is in force now. Asked anew for each piece of work, never kept across a wait. */
  app(): App
  /** The state, opened once and shared by every version of the config. */
  db: Db
  clock: Clock
  log: Log
  /** Id of this daemon in the table `daemons`. */
  id: string
  /** Aborted when the daemon is asked to stop: nothing new is begun, and what is under way ends at its next checkpoint. */
  signal: AbortSignal
}

/**
 * One thing the daemon keeps going. Passes of one part never overlap. A pass that throws is told in the log, and the next
 * one comes at its time, later after several failures in a row; it stops no other part.
 */
export type Part = {
  name: string
  /** From the end of a pass to the beginning of the next, in milliseconds. */
  everyMs: number
  pass(): Promise<void>
  /** Waits until what the part has begun is over; called once, after the signal was aborted. */
  stop?(): Promise<void>
}

/** Makes a part; does nothing yet. */
export type MakePart = (context: DaemonContext) => Part
