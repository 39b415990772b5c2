/** What a program that runs for months says of its work. Never given a secret, nor anything that was not redacted. */
export type LogFields = Readonly<{
  job?: string
  /** Id of the run. */
  run?: string
  /** Id of the call. */
  call?: string
  /** Shared by everything that one request or run caused. */
  correlation?: string
  service?: string
  /** The cause chain is shown for a fault of ours; a user's mistake is told in one line. */
  error?: unknown
  [name: string]: unknown
}>

export type Log = {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** The same with fields that every line has. */
  with(fields: LogFields): Log
}
