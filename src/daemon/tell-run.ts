import type { Log } from '../core/log.ts'
import type { RunStatus } from '../store/runs.ts'

/** How a run of this process ended, and why it is no success. */
export function tellRun(
  log: Log,
  {
    job,
    run,
    status,
    error,
  }: { job: string; run: string; status: RunStatus; error: string | null },
): void {
  if (status === 'success') log.info(`${job}: success`, { job, run })
  else log.warn(`${job}: ${status}${error ? `: ${error}` : ''}`, { job, run })
}
