import type { App, AppOptions } from '../app/app.ts'
import type { Clock } from '../core/clock.ts'
import type { Exit } from '../core/exit-codes.ts'
import type { Io } from './output/io.ts'

/** What every command is given. */
export type Cli = {
  io(): Io
  clock: Clock
  /** Aborted by SIGINT or SIGTERM. */
  signal: AbortSignal
  /** Sets the exit code for what is no error: a partial run, a failed check. */
  exit(exit: Exit): void
  /** Calls back on SIGHUP, which ends every program that does not say so. */
  onHangup(listener: () => void): void
  /** Calls back on a second SIGINT or SIGTERM, which ends the process within 3 s then; else it does so at once. */
  onSecondSignal(listener: () => void): void
  /** The process ends with the command, and at the latest after so many milliseconds, whatever is still going on in it. */
  leaveWithin(ms: number): void
  /** Opens the project, runs one use case on it, and closes it again. `changes` of how it is opened. */
  withApp<T>(use: (app: App) => Promise<T>, changes?: Partial<AppOptions>): Promise<T>
}
