import type { App } from '../app/app.ts'
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
  /** Opens the project, runs one use case on it, and closes it again. */
  withApp<T>(use: (app: App) => Promise<T>): Promise<T>
}
