import { jobs } from '../jobs/index.ts'
import { listRuns, type Run } from '../store/runs.ts'
import type { Db } from '../store/schema.ts'
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
      const { schedule, timezone, enabled } = overview.jobs[id] ?? byHand
      const last = await lastRun(db, id)
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

/** The newest run that was one: a dry run has done nothing. */
async function lastRun(db: Db, job: string): Promise<Run | undefined> {
  let before: Run | undefined
  for (;;) {
    const page = await listRuns(db, { job }, { limit: 20, before })
    const found = page.find(({ trigger }) => trigger !== 'dry-run')
    if (found || page.length === 0) return found
    before = page.at(-1)
  }
}

/** A job the file does not mention. */
const byHand: JobOverview = { schedule: null, timezone: 'UTC', enabled: true }

async function nextDue(schedule: string, timezone: string, { clock }: App): Promise<string | null> {
  const { Cron } = await import('croner')
  return new Cron(schedule, { timezone, paused: true }).nextRun(clock.now())?.toISOString() ?? null
}
