import { specOf } from '../core/schedule/spec.ts'
import { jobs } from '../jobs/index.ts'
import type { Pause } from '../store/pauses.ts'
import type { JobInfo } from './answers/jobs.ts'
import type { App } from './app.ts'
import type { JobOverview } from './overview.ts'

/** A job the file does not mention. */
const byHand: JobOverview = { schedule: null, timezone: 'UTC', enabled: true, isFaulty: false }

/** What the file says about a job of the program. Throws `job_unknown`. */
export async function jobOverview(app: App, id: string): Promise<JobOverview> {
  if (!jobs.some((job) => job.id === id)) {
    const { jobNamed } = await import('./catalogue.ts')
    await jobNamed(id)
  }
  return (await app.overview()).jobs[id] ?? byHand
}

/**
 * When a job runs next: as the daemon has planned it, else by its schedule from now; of a paused one, after the pause.
 * Null for one that is run by hand, switched off in the file, paused without an end, or never due again.
 */
export async function nextDueOf(
  app: App,
  { schedule, timezone, enabled }: JobOverview,
  planned: { spec: string; nextDueAt: string | null } | undefined,
  pause: Pause | undefined,
): Promise<string | null> {
  if (!schedule || !enabled || pause?.until === null) return null
  // What is due at the very end of a pause runs.
  const now = pause ? new Date(Date.parse(pause.until ?? '') - 1) : app.clock.now()
  const isPlanned = planned?.spec === specOf({ schedule, timezone })
  const at = isPlanned ? planned.nextDueAt : null
  if (at !== null && at > now.toISOString()) return at
  const { nextOccurrence } = await import('../core/schedule/next.ts')
  return nextOccurrence(schedule, timezone, now)?.at.toISOString() ?? null
}

export const pauseInfo = (pause: Pause | undefined): JobInfo['paused'] =>
  pause
    ? { reason: pause.reason, until: pause.until, paused_by: pause.setBy, paused_at: pause.setAt }
    : null
