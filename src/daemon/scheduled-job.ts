import type { RunStatus } from '../store/runs.ts'
import type { Db } from '../store/schema.ts'

/** A job as the scheduler sees it. */
export type ScheduledJob = {
  id: string
  /** Five cron fields; seconds as a sixth in front are for tests and benches. */
  schedule: string
  /** IANA name. */
  timezone: string
  overlap: 'skip' | 'queue'
  missed: 'run_once' | 'skip'
  /** Each occurrence begins up to so much later, at random. */
  jitterMs: number
  /** Runs the job and waits for it. Throws only what kept it from starting, such as `job_running`. */
  run(request: RunRequest): Promise<{ run: string; status: RunStatus; error: string | null }>
}

export type RunRequest = {
  /** `schedule`; `resume` for a run that goes on where an interrupted one stopped. */
  trigger: 'schedule' | 'resume'
  dueAt: Date
  /** Called in the transaction that makes the row of the run, so that it and its occurrence are there together. */
  onStarted(tx: Db, run: string): Promise<void>
  /** Aborted when the run is to stop at its next checkpoint. */
  signal: AbortSignal
}
