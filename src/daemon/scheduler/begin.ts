/** What waits or is to be continued, and may begin now. */
import {
  type NewOccurrence,
  type Occurrence,
  openOccurrences,
  type Settlement,
  settleOccurrences,
  type SkipReason,
  takeOccurrences,
} from '../../store/occurrences.ts'
import { listPauses } from '../../store/pauses.ts'
import { valuesOf } from '../../store/dialect.ts'
import type { ProcessIdentity } from '../../store/process-identity.ts'
import { listRuns } from '../../store/runs.ts'
import type { Db } from '../../store/schema.ts'
import { isStillRunning } from '../../store/start-run.ts'
import type { ScheduledJob } from '../scheduled-job.ts'
import { isLate, pauseNote, type Sight } from './decide.ts'
import { notScheduled } from './plan.ts'

/** There is one run of a job at a time. */
const mostRuns = 10_000

/** An occurrence that this process has taken. */
export type Begun = Pick<Occurrence, 'job' | 'dueAt' | 'crashes'> & { isResumed: boolean }

/** What a decision depends on, read in its transaction. A run that was lost is in nobody's way. */
export async function lookAround(
  tx: Db,
  { me, now }: { me: ProcessIdentity; now: Date },
): Promise<Pick<Sight, 'me' | 'now' | 'open' | 'runs' | 'pauses'>> {
  const running = await listRuns(tx, { status: 'running' }, { limit: mostRuns })
  const runs = running.filter((run) => isStillRunning(run, me, now))
  return {
    me,
    now,
    open: await openOccurrences(tx),
    runs: new Map(runs.map((run) => [run.job, run])),
    pauses: await listPauses(tx, now),
  }
}

export type Beginning = Omit<Sight, 'random'> & {
  jobs: ReadonlyMap<string, ScheduledJob>
  /** Taken a moment ago, in the same transaction. */
  plannedNow: readonly NewOccurrence[]
}

/** Takes what may begin: first what was interrupted, then what waits, the longest waiting in front. */
export async function beginOpen(tx: Db, beginning: Beginning): Promise<Begun[]> {
  const { now, open, runs, pauses, me } = beginning
  const at = now.toISOString()
  const busy = new Set([
    ...runs.keys(),
    ...beginning.plannedNow.map(({ job }) => job),
    ...open.filter(({ status }) => status === 'running').map(({ job }) => job),
  ])
  const ready = open
    .filter(
      ({ status, beginsAt }) =>
        status === 'interrupted' || (status === 'waiting' && beginsAt <= at),
    )
    .toSorted((a, b) => order(a) - order(b))
  const closed = ready.flatMap((one) => closing(beginning, one) ?? [])
  await settleOccurrences(tx, closed)
  const isClosed = new Set(closed.map(({ job, dueAt }) => `${job} ${dueAt}`))
  const wanted: Occurrence[] = []
  const continued = await continuedElsewhere(tx, ready)
  for (const one of ready) {
    if (wanted.length >= beginning.free) break
    if (busy.has(one.job) || pauses.has(one.job) || isClosed.has(`${one.job} ${one.dueAt}`))
      continue
    if (continued.has(one.runId)) continue
    busy.add(one.job)
    wanted.push(one)
  }
  const taken = await takeOccurrences(
    tx,
    wanted.map((one) => ({ ...one, note: lateNoteOf(beginning, one) })),
    me,
  )
  return wanted
    .filter(({ job, dueAt }) => taken.has(`${job} ${dueAt}`))
    .map(({ job, dueAt, status, crashes }) => ({
      job,
      dueAt,
      crashes,
      isResumed: status === 'interrupted',
    }))
}

/** How an occurrence ends that is not to begin any more; undefined: it is. */
function closing(
  { jobs, pauses, now, absenceAt }: Beginning,
  one: Occurrence,
): Settlement | undefined {
  const job = jobs.get(one.job)
  const end = { ...one, finishedAt: now.toISOString() }
  if (one.status === 'interrupted') {
    return job ? undefined : { ...end, note: 'not continued: the job is no longer scheduled' }
  }
  const skip = (reason: SkipReason, note: string): Settlement => ({
    ...end,
    status: 'skipped',
    reason,
    note,
  })
  if (!job) return skip('unscheduled', notScheduled)
  const pause = pauses.get(one.job)
  if (pause) return skip('paused', pauseNote(pause))
  const why = isLate(one.beginsAt, now) ? absenceAt(one.beginsAt) : undefined
  return job.missed === 'skip' && why !== undefined ? skip('missed', why) : undefined
}

/** Of one that was decided in time; the others have it already. */
function lateNoteOf({ now, absenceAt }: Beginning, one: Occurrence): string | null {
  if (one.status === 'interrupted' || isLate(one.dueAt, new Date(one.decidedAt))) return null
  const why = isLate(one.beginsAt, now) ? absenceAt(one.beginsAt) : undefined
  return why === undefined ? null : `run late: ${why}`
}

/** Runs that were interrupted and that another one has gone on with, by hand for example: recovery writes down its end. */
async function continuedElsewhere(
  tx: Db,
  ready: readonly Occurrence[],
): Promise<ReadonlySet<string | null>> {
  const interrupted = ready.flatMap(({ status, runId }) =>
    status === 'interrupted' && runId !== null ? [runId] : [],
  )
  if (interrupted.length === 0) return new Set()
  const rows = await tx
    .selectFrom('runs')
    .select('resumed_from')
    .where('resumed_from', 'in', valuesOf(interrupted))
    .where('trigger', '<>', 'dry-run')
    .execute()
  return new Set(rows.map((row) => row.resumed_from))
}

const order = ({ status }: Occurrence): number => (status === 'interrupted' ? 0 : 1)
