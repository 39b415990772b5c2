import { jobs } from '../jobs/index.ts'
import { listRuns } from '../store/runs.ts'
import { interruptDeadRuns } from '../store/start-run.ts'
import type { App } from './app.ts'
import type { JobOverview } from './overview.ts'

export type JobInfo = {
  id: string
  title: string
  schedule: string | null
  timezone: string | null
  enabled: boolean
  last_run: string | null
  last_status: string | null
  last_started_at: string | null
  /** As the schedule says; the daemon keeps to it. Null for a job that is run by hand. */
  next_due_at: string | null
}

/** Every job of the program, with what the file says about it and how it last went. */
export async function listJobs(app: App): Promise<JobInfo[]> {
  const overview = await app.overview()
  const { db } = await app.state()
  await interruptDeadRuns(db, app.clock.now())
  return Promise.all(
    jobs.map(async ({ id, title }) => {
      const { schedule, timezone, enabled } = overview.jobs[id] ?? byHand
      const [last] = await listRuns(db, { job: id }, { limit: 1 })
      return {
        id,
        title,
        schedule,
        timezone: schedule ? timezone : null,
        enabled,
        last_run: last?.id ?? null,
        last_status: last?.status ?? null,
        last_started_at: last?.startedAt ?? null,
        next_due_at: schedule && enabled ? await nextDue(schedule, timezone, app) : null,
      }
    }),
  )
}

/** A job the file does not mention. */
const byHand: JobOverview = { schedule: null, timezone: 'UTC', enabled: true }

async function nextDue(schedule: string, timezone: string, { clock }: App): Promise<string | null> {
  const { Cron } = await import('croner')
  return new Cron(schedule, { timezone, paused: true }).nextRun(clock.now())?.toISOString() ?? null
}
