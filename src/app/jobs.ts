import { jobs } from '../jobs/index.ts'
import { listRuns } from '../store/runs.ts'
import { interruptDeadRuns } from '../store/start-run.ts'
import type { App } from './app.ts'

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
  const { config } = await app.usableConfig()
  const { db } = await app.state()
  await interruptDeadRuns(db, app.clock.now())
  return Promise.all(
    jobs.map(async ({ id, title }) => {
      const entry = config.jobs[id]
      const timezone = entry?.timezone ?? config.timezone
      const [last] = await listRuns(db, { job: id }, { limit: 1 })
      return {
        id,
        title,
        schedule: entry?.schedule ?? null,
        timezone: entry?.schedule ? timezone : null,
        enabled: entry?.enabled ?? true,
        last_run: last?.id ?? null,
        last_status: last?.status ?? null,
        last_started_at: last?.startedAt ?? null,
        next_due_at:
          entry?.schedule && entry.enabled ? await nextDue(entry.schedule, timezone, app) : null,
      }
    }),
  )
}

async function nextDue(schedule: string, timezone: string, { clock }: App): Promise<string | null> {
  const { Cron } = await import('croner')
  return new Cron(schedule, { timezone, paused: true }).nextRun(clock.now())?.toISOString() ?? null
}
