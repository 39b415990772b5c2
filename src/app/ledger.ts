import {
  listOccurrences,
  type Occurrence,
  type OccurrenceStatus,
  type SkipReason,
} from '../store/occurrences.ts'
import type { OccurrenceInfo } from './answers/jobs.ts'
import type { App } from './app.ts'
import { readInstantFlag } from './instant-flag.ts'
import { jobOverview } from './job-schedule.ts'

export type LedgerQuery = {
  job?: string
  status?: OccurrenceStatus
  reason?: SkipReason
  since?: string
  limit: number
}

/** What became of the occurrences of the schedules, the latest first. Throws `job_unknown`, `usage`. */
export async function listLedger(app: App, query: LedgerQuery): Promise<OccurrenceInfo[]> {
  const { job, status, reason, since, limit } = query
  const from = since === undefined ? undefined : readInstantFlag('--since', since, app.clock)
  const { db } = await app.state()
  const rows = await listOccurrences(db, { job, status, reason, since: from }, { limit })
  if (rows.length === 0 && job !== undefined) await jobOverview(app, job)
  return rows.map(toInfo)
}

const toInfo = (one: Occurrence): OccurrenceInfo => ({
  job: one.job,
  due_at: one.dueAt,
  last_due_at: one.lastDueAt,
  count: one.count,
  status: one.status,
  reason: one.reason,
  note: one.note,
  begins_at: one.beginsAt,
  decided_at: one.decidedAt,
  started_at: one.startedAt,
  finished_at: one.finishedAt,
  run: one.runId,
  runs: one.runs,
})
