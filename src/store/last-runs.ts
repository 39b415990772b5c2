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
  const runs = db.selectFrom('runs').where('trigger', '<>', 'dry-run')
  const first = await runs
    .select(['job', ({ fn }) => fn.min('started_at').as('at')])
    .groupBy('job')
    .execute()
  const newest = async (
    job: string,
    only?: { status?: RunStatus; trigger?: string },
  ): Promise<{ status: RunStatus; started_at: string } | undefined> => {
    let query = runs.select(['status', 'started_at']).where('job', '=', job)
    if (only?.status) query = query.where('status', '=', only.status)
    if (only?.trigger) query = query.where('trigger', '=', only.trigger)
    return query.orderBy('started_at', 'desc').orderBy('id', 'desc').limit(1).executeTakeFirst()
  }
  const found = new Map<string, LastRuns>()
  for (const { job, at } of first) {
    const last = await newest(job)
    if (!last) continue
    found.set(job, {
      firstAt: at,
      lastStatus: last.status,
      successAt: (await newest(job, { status: 'success' }))?.started_at ?? null,
      runningAt: (await newest(job, { status: 'running' }))?.started_at ?? null,
      scheduledAt: (await newest(job, { trigger: 'schedule' }))?.started_at ?? null,
    })
  }
  return found
}
