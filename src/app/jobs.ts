import { jobs } from '../jobs/index.ts'
import { lastRun } from '../store/last-runs.ts'
import { listPauses } from '../store/pauses.ts'
import { listSchedules } from '../store/schedules.ts'
import { interruptDeadRuns } from '../store/start-run.ts'
import type { JobInfo } from './answers/jobs.ts'
import type { App } from './app.ts'
import { jobOverview, nextDueOf, pauseInfo } from './job-schedule.ts'

/** What can be run; needs no project. */
export const jobTitles = (): { id: string; title: string }[] =>
  jobs.map(({ id, title }) => ({ id, title }))

/** Every job of the program, with what the file says about it and how it last went. */
export async function listJobs(app: App): Promise<JobInfo[]> {
  const { db } = await app.state()
  const now = app.clock.now()
  await interruptDeadRuns(db, now)
  const [pauses, planned] = [await listPauses(db, now), await listSchedules(db)]
  return Promise.all(
    jobs.map(async ({ id, title }) => {
      const said = await jobOverview(app, id)
      const last = await lastRun(db, id)
      return {
        id,
        title,
        schedule: said.schedule,
        timezone: said.schedule ? said.timezone : null,
        enabled: said.enabled,
        faulty: said.isFaulty,
        paused: pauseInfo(pauses.get(id)),
        last_run: last?.id ?? null,
        last_status: last?.status ?? null,
        last_started_at: last?.started_at ?? null,
        next_due_at: await nextDueOf(app, said, planned.get(id), pauses.get(id)),
      }
    }),
  )
}
