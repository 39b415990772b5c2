import { liftPause, listPauses, setPause } from '../store/pauses.ts'
import { listSchedules } from '../store/schedules.ts'
import type { PausedJob } from './answers/jobs.ts'
import type { App } from './app.ts'
import { readDurationFlag } from './duration-flag.ts'
import { jobOverview, nextDueOf, pauseInfo } from './job-schedule.ts'
import { operatorName } from './operator.ts'

/** Skips the occurrences of a job for every process, from now on. What runs goes on. Throws `job_unknown`. */
export async function pauseJob(
  app: App,
  job: string,
  flags: { reason?: string; for?: string },
): Promise<PausedJob> {
  const forMs = flags.for === undefined ? undefined : readDurationFlag('--for', flags.for)
  await jobOverview(app, job)
  const { db } = await app.state()
  const now = app.clock.now()
  const former = await setPause(db, {
    job,
    reason: flags.reason?.trim() ?? '',
    until: forMs === undefined ? undefined : new Date(now.getTime() + forMs),
    setBy: operatorName(app.env),
    now,
  })
  return resultOf(app, job, { changed: true, former: pauseInfo(former) })
}

/** Throws `job_unknown`. */
export async function resumeJob(app: App, job: string): Promise<PausedJob> {
  await jobOverview(app, job)
  const { db } = await app.state()
  const former = await liftPause(db, job, app.clock.now())
  return resultOf(app, job, { changed: former !== undefined, former: pauseInfo(former) })
}

async function resultOf(
  app: App,
  job: string,
  did: Pick<PausedJob, 'changed' | 'former'>,
): Promise<PausedJob> {
  const { db } = await app.state()
  const held = (await listPauses(db, app.clock.now())).get(job)
  const planned = (await listSchedules(db)).get(job)
  const next_due_at = await nextDueOf(app, await jobOverview(app, job), planned, held)
  return { job, ...did, paused: pauseInfo(held), next_due_at }
}
