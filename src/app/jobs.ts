import { jobs } from '../jobs/index.ts'
import { lastRun } from '../store/last-runs.ts'
import { interruptDeadRuns } from '../store/start-run.ts'
import type { JobInfo } from './answers/jobs.ts'
import type { App } from './app.ts'
import type { JobOverview } from './overview.ts'

/** What can be run; needs no project. */
export const jobTitles = (): { id: string; title: string }[] =>
  jobs.map(({ id, title }) => ({ id, title }))

/** Every job of the program, with what the file says about it and how it last went. */
export async function listJobs(app: App): Promise<JobInfo[]> {
  const overview = await app.overview()
  const { db } = await app.state()
  await interruptDeadRuns(db, app.clock.now())
  return Promise.all(
    jobs.map(async ({ id, title }) => {
      const { schedule, timezone, enabled, isFaulty } = overview.jobs[id] ?? byHand
      const last = await lastRun(db, id)
      return {
        id,
        title,
        schedule,
        timezone: schedule ? timezone : null,
        enabled,
        faulty: isFaulty,
        last_run: last?.id ?? null,
        last_status: last?.status ?? null,
        last_started_at: last?.started_at ?? null,
        next_due_at: schedule && enabled ? await nextDue(schedule, timezone, app) : null,
      }
    }),
  )
}

/** A job the file does not mention. */
const byHand: JobOverview = { schedule: null, timezone: 'UTC', enabled: true, isFaulty: false }

async function nextDue(schedule: string, timezone: string, { clock }: App): Promise<string | null> {
  const { Cron } = await import('croner')
  return new Cron(schedule, { timezone, paused: true }).nextRun(clock.now())?.toISOString() ?? null
}
