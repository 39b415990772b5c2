import { findRun, listRuns, type Run, type RunStatus } from '../store/runs.ts'
import { listFailures } from '../store/run-failures.ts'
import { interruptDeadRuns } from '../store/start-run.ts'
import { findingTotals, listFindings, readCounts } from '../store/catalog/run-details.ts'
import type { RunDetails, RunInfo } from './answers/runs.ts'
import type { App } from './app.ts'

/** The newest first. Runs whose process is gone are marked as interrupted on the way. Throws `job_unknown`. */
export async function listRecentRuns(
  app: App,
  filter: { job?: string; status?: RunStatus; limit: number },
): Promise<RunInfo[]> {
  const { job, status, limit } = filter
  const { db } = await app.state()
  await interruptDeadRuns(db, app.clock.now())
  const runs = await listRuns(db, { job, status }, { limit })
  if (runs.length === 0 && job !== undefined) {
    const { jobNamed } = await import('./catalogue.ts')
    await jobNamed(job)
  }
  return runs.map(toInfo)
}

/** By id or by a beginning that only one run has. Throws `run_unknown`. */
export async function showRun(app: App, id: string): Promise<RunDetails> {
  const { db } = await app.state()
  await interruptDeadRuns(db, app.clock.now())
  const run = await findRun(db, id)
  const failures = await listFailures(db, run.id, { limit: 1000 })
  return {
    ...toInfo(run),
    options: run.options,
    counters: run.counters,
    resumed_from: run.resumedFrom,
    failures: failures.map(({ key, reason, raw }) => ({ key, reason, raw })),
    entities: await readCounts(db, run.id),
    findings: await listFindings(db, run.id),
    finding_totals: await findingTotals(db, run.id),
  }
}

function toInfo(run: Run): RunInfo {
  const { created, updated, unchanged, failed } = run.counters
  return {
    id: run.id,
    job: run.job,
    status: run.status,
    trigger: run.trigger,
    started_at: run.startedAt,
    finished_at: run.finishedAt,
    duration_ms: run.finishedAt && Date.parse(run.finishedAt) - Date.parse(run.startedAt),
    saved: created + updated + unchanged,
    failed,
    error: run.error?.message ?? null,
  } as RunInfo
}
