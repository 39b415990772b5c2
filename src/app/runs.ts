import { CaravanError } from '../core/errors.ts'
import { findRun, listRuns, type Run, type RunStatus } from '../store/runs.ts'
import { listFailures } from '../store/run-failures.ts'
import { interruptDeadRuns } from '../store/start-run.ts'
import type { Counters } from '../store/runs.ts'
import {
  type Counts,
  type Finding,
  findingTotals,
  listFindings,
  readCounts,
} from '../store/catalog/run-details.ts'
import type { App } from './app.ts'

const statuses: readonly string[] = [
  'running',
  'success',
  'partial',
  'failed',
  'interrupted',
  'guarded',
] satisfies RunStatus[]

export type RunInfo = {
  id: string
  job: string
  status: RunStatus
  trigger: string
  started_at: string
  finished_at: string | null
  duration_ms: number | null
  saved: number
  failed: number
  error: string | null
}

/** The newest first. Runs whose process is gone are marked as interrupted on the way. */
export async function listRecentRuns(
  app: App,
  filter: { job?: string; status?: string; limit: number },
): Promise<RunInfo[]> {
  const { job, status, limit } = filter
  if (status !== undefined && !statuses.includes(status)) {
    throw new CaravanError({
      code: 'usage',
      message: `${status} is no status of a run`,
      hint: `They are: ${statuses.join(', ')}.`,
    })
  }
  const { db } = await app.state()
  await interruptDeadRuns(db, app.clock.now())
  const runs = await listRuns(db, { job, status: status as RunStatus | undefined }, { limit })
  return runs.map(toInfo)
}

export type RunDetails = RunInfo & {
  options: unknown
  counters: Counters
  resumed_from: string | null
  failures: { key: string; reason: string; raw: string }[]
  /** What an import did, by table. */
  entities: Record<string, Counts>
  /** What a person should look at; at most a hundred of each kind, with the totals beside. */
  findings: Finding[]
  finding_totals: Record<string, number>
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
