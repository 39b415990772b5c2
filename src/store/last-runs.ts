import type { RunStatus } from './runs.ts'
import type { Db } from './schema.ts'

/** How a job went, dry runs left out: they have done nothing. */
export type LastRuns = {
  firstAt: string
  lastStatus: RunStatus
  /** When the last success began. */
  successAt: string | null
  runningAt: string | null
  /** When a schedule last started it. */
  scheduledAt: string | null
}

/** By job; one that never ran is not in it. */
export async function lastRuns(db: Db): Promise<Map<string, LastRuns>> {
  const first = await realRuns(db)
    .select(['job', ({ fn }) => fn.min('started_at').as('at')])
    .groupBy('job')
    .execute()
  const found = new Map<string, LastRuns>()
  for (const { job, at } of first) {
    const last = await lastRun(db, job)
    if (!last) continue
    found.set(job, {
      firstAt: at,
      lastStatus: last.status,
      successAt: (await lastRun(db, job, { status: 'success' }))?.started_at ?? null,
      runningAt: (await lastRun(db, job, { status: 'running' }))?.started_at ?? null,
      scheduledAt: (await lastRun(db, job, { trigger: 'schedule' }))?.started_at ?? null,
    })
  }
  return found
}

/** The newest run of a job, of those that stand so or were started so; a dry run is none. */
export function lastRun(
  db: Db,
  job: string,
  only: { status?: RunStatus; trigger?: string } = {},
): Promise<{ id: string; status: RunStatus; started_at: string } | undefined> {
  let query = realRuns(db).select(['id', 'status', 'started_at']).where('job', '=', job)
  if (only.status) query = query.where('status', '=', only.status)
  if (only.trigger) query = query.where('trigger', '=', only.trigger)
  return query.orderBy('started_at', 'desc').orderBy('id', 'desc').limit(1).executeTakeFirst()
}

const realRuns = (db: Db) => db.selectFrom('runs').where('trigger', '<>', 'dry-run')
