import type { JobConfig } from '../../config/schema.ts'
import { jobs as known } from '../../jobs/index.ts'
import { getMeta } from '../../store/meta.ts'
import { lastRuns, type LastRuns } from '../../store/last-runs.ts'
import type { Check, Finding } from './check.ts'
import { instantText } from './texts.ts'

const id = 'jobs'

/** How many times a job may be due without a success. */
const mayMiss = 3

export const jobs: Check = {
  id,
  title: 'Jobs with a schedule',
  async run(patient) {
    const { config } = await patient.config()
    const { db } = await patient.state()
    const runs = await lastRuns(db)
    const begunAt = (await getMeta(db, 'created_at')) ?? ''
    const findings: Finding[] = []
    for (const [job, settings] of Object.entries(config.jobs)) {
      const { schedule, enabled, timezone } = settings
      if (!schedule || !enabled || !known.some((one) => one.id === job)) continue
      const due = await lastDue(schedule, timezone ?? config.timezone, patient.now)
      findings.push(...ofJob(job, settings, runs.get(job), { due, begunAt }))
    }
    const isKept = [...runs.values()].some(({ scheduledAt }) => scheduledAt !== null)
    return findings.length > 0 && !isKept ? [...findings, unkept(findings.length)] : findings
  },
}

/** The last instants at which it was due, newest first. */
async function lastDue(schedule: string, timezone: string, now: Date): Promise<Date[]> {
  const { previousOccurrence } = await import('../../core/schedule/previous.ts')
  const due: Date[] = []
  for (let at: Date | undefined = now; due.length < mayMiss; due.push(at)) {
    at = previousOccurrence(schedule, timezone, at)
    if (!at) break
  }
  return due
}

function ofJob(
  job: string,
  { schedule }: JobConfig,
  runs: LastRuns | undefined,
  { due, begunAt }: { due: Date[]; begunAt: string },
): Finding[] {
  const mend = job === '1c-catalog' ? 'caravan import 1c <folder>' : `caravan sync ${job}`
  const since = due.at(-1)?.toISOString()
  if (!runs) {
    const wasDue = due.some((at) => at.toISOString() > begunAt)
    const severity = wasDue ? 'warning' : 'note'
    return [{ check: id, severity, what: `the job ${job} ("${schedule}") never ran`, mend }]
  }
  if (runs.runningAt || since === undefined || (runs.successAt ?? '') >= since) return []
  if (runs.successAt === null && runs.firstAt >= since) return []
  const last = runs.successAt ? `is of ${instantText(runs.successAt)}` : 'is still to come'
  return [
    {
      check: id,
      severity: 'warning',
      what: `the last success of the job ${job} ("${schedule}") ${last}`,
      why: `it was due ${mayMiss} times since; the last run was ${runs.lastStatus}`,
      mend,
    },
  ]
}

const unkept = (count: number): Finding => ({
  check: id,
  severity: 'note',
  what: `nothing has ever started ${count === 1 ? 'this job' : 'these jobs'} by the schedule`,
  mend: 'Keep the daemon running, or let cron or a systemd timer run "caravan sync <job>".',
})
