import { CaravanError } from '../core/errors.ts'
import { cancelRun, findRun, listRuns, type Run, type RunStatus } from '../store/runs.ts'
import { listFailures } from '../store/run-failures.ts'
import { interruptDeadRuns } from '../store/start-run.ts'
import { findingTotals, listFindings, readCounts } from '../store/catalog/run-details.ts'
import { utcText } from '../core/words.ts'
import type { CancelledRun, RunDetails, RunInfo } from './answers/runs.ts'
import type { App } from './app.ts'
import { operatorName } from './operator.ts'

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
    started_by: run.startedBy,
    resumed_from: run.resumedFrom,
    due_at: run.dueAt,
    cancelled: run.cancelled ?? null,
    failures: failures.map(({ key, reason, raw }) => ({ key, reason, raw })),
    entities: await readCounts(db, run.id),
    findings: await listFindings(db, run.id),
    finding_totals: await findingTotals(db, run.id),
  }
}

/**
 * Asks a run to stop at its next checkpoint, whichever process runs it. One whose process is gone is marked as
 * interrupted instead. Throws `run_unknown`, and `run_ended` for one that is over.
 */
export async function cancelRunNamed(
  app: App,
  id: string,
  flags: { reason?: string },
): Promise<CancelledRun> {
  const { db } = await app.state()
  const at = app.clock.now()
  const found = await findRun(db, id)
  const dead = (await interruptDeadRuns(db, at)).find((run) => run.id === found.id)
  if (dead) return cancelInfo(dead, { changed: true, cancelled: undefined })
  const asked = { by: operatorName(app.env), reason: flags.reason?.trim() ?? '', at }
  const run = await cancelRun(db, found.id, asked)
  if (run.status !== 'running') throw ended(run)
  const cancelled = run.cancelled ?? { ...asked, at: at.toISOString() }
  return cancelInfo(run, { changed: run.cancelled === undefined, cancelled })
}

const cancelInfo = (
  run: Run,
  { changed, cancelled }: { changed: boolean; cancelled: Run['cancelled'] },
): CancelledRun => ({
  run: run.id,
  job: run.job,
  status: run.status,
  changed,
  host: run.host,
  pid: run.pid,
  cancelled_by: cancelled?.by ?? null,
  cancelled_at: cancelled?.at ?? null,
  reason: cancelled?.reason ?? null,
})

const ended = (run: Run): CaravanError =>
  new CaravanError({
    code: 'run_ended',
    message: `run ${run.id} of ${run.job} is over: ${run.status}${run.finishedAt ? ` at ${utcText(run.finishedAt)}` : ''}`,
    hint: `Nothing is left to cancel. Look at it: caravan runs show ${run.id}`,
  })

function toInfo(run: Run): RunInfo {
  const { created, updated, unchanged, marked, failed } = run.counters
  return {
    id: run.id,
    job: run.job,
    status: run.status,
    trigger: run.trigger,
    started_at: run.startedAt,
    finished_at: run.finishedAt,
    duration_ms: run.finishedAt && Date.parse(run.finishedAt) - Date.parse(run.startedAt),
    saved: created + updated + unchanged,
    changed: created + updated + marked,
    failed,
    error: run.error?.message ?? null,
  } as RunInfo
}
