/** What becomes of an occurrence that is due: it runs, waits, or is skipped for a reason. */
import { utcText } from '../../core/words.ts'
import type { NewOccurrence, Occurrence } from '../../store/occurrences.ts'
import type { Pause } from '../../store/pauses.ts'
import type { ProcessIdentity } from '../../store/process-identity.ts'
import type { ScheduledJob } from '../scheduled-job.ts'
import { skipped } from './plan.ts'
import type { Slot } from './missed.ts'

/** The state of things in the transaction that decides. */
export type Sight = {
  now: Date
  me: ProcessIdentity
  random(): number
  /** Why nothing was begun at an instant; undefined: there was somebody who would have. */
  absenceAt(at: string): string | undefined
  pauses: ReadonlyMap<string, Pause>
  /** What waits, runs or is to be continued. */
  open: readonly Occurrence[]
  /** Runs that are going on, by job; also those that were started by hand. */
  runs: ReadonlyMap<string, { id: string; trigger: string }>
  /** How many more may run in this process now. */
  free: number
}

/** Later than this is not on time any more, in milliseconds: it is up to `missed` then. */
const lateAfterMs = 30_000

export const isLate = (at: string, now: Date): boolean =>
  now.getTime() - Date.parse(at) > lateAfterMs

const whyMissed = ({ absenceAt }: Pick<Sight, 'absenceAt'>, at: string): string =>
  absenceAt(at) ?? 'nothing looked for it in time'

/** The row of the latest occurrence that is due; with status `running` it is to be begun at once. */
export function decide(sight: Sight, job: ScheduledJob, spec: string, slot: Slot): NewOccurrence {
  const { now } = sight
  const skip = (reason: 'paused' | 'missed' | 'overlap', note: string): NewOccurrence =>
    skipped(job.id, slot, { spec, reason, note, now })

  const pause = sight.pauses.get(job.id)
  if (pause) return skip('paused', pauseNote(pause))
  const why = isLate(slot.dueAt, now) ? whyMissed(sight, slot.dueAt) : undefined
  if (why !== undefined && job.missed === 'skip') return skip('missed', why)

  const lateNote = why === undefined ? undefined : `run late: ${why}`
  const note = [slot.note, lateNote].filter(Boolean).join('; ') || null
  const met = metBy(sight, job.id, slot.dueAt)
  if (met && (job.overlap === 'skip' || met.waits)) {
    return { ...skip('overlap', met.note), runId: met.run }
  }
  const delayMs = job.jitterMs > 0 ? Math.floor(sight.random() * job.jitterMs) : 0
  const beginsAt = new Date(Date.parse(slot.dueAt) + delayMs)
  const isNow = !met && beginsAt <= now && sight.free > 0
  return {
    job: job.id,
    dueAt: slot.dueAt,
    lastDueAt: null,
    count: 1,
    status: isNow ? 'running' : 'waiting',
    reason: null,
    note,
    beginsAt: beginsAt.toISOString(),
    decidedAt: now.toISOString(),
    startedAt: null,
    finishedAt: null,
    runId: null,
    spec: null,
    owner: isNow ? sight.me : null,
  }
}

/** The rows of what nobody looked at in time and will not be run. */
export function writeOff(
  sight: Sight,
  job: string,
  spec: string,
  slots: readonly Slot[],
): NewOccurrence[] {
  const { now } = sight
  const pause = sight.pauses.get(job)
  return slots.map((slot) =>
    pause && slot.dueAt >= pause.setAt
      ? skipped(job, slot, { spec, reason: 'paused', note: pauseNote(pause), now })
      : skipped(job, slot, { spec, reason: 'missed', note: whyMissed(sight, slot.dueAt), now }),
  )
}

export const pauseNote = ({ setBy, setAt, reason, until }: Pause): string =>
  `paused by ${setBy} since ${utcText(setAt)}${until ? ` until ${utcText(until)}` : ''}: ${reason}`

type Met = { note: string; run: string | null; waits: boolean }

/** What of the same job is in the way. `waits`: one is in the queue already. */
function metBy({ open, runs }: Sight, job: string, dueAt: string): Met | undefined {
  const mine = open.filter((one) => one.job === job)
  // One of a later instant is left from a clock that was ahead; it must not keep off all until then.
  const waiting = mine.find((one) => one.status === 'waiting' && one.dueAt <= dueAt)
  const busy = mine.find(({ status }) => status !== 'waiting')
  const run = runs.get(job)
  const note = busy
    ? `the occurrence of ${utcText(busy.dueAt)} ${busy.status === 'running' ? 'was still running' : 'is to be continued first'}`
    : run
      ? `run ${run.id} (${run.trigger}) was still going on`
      : waiting && `the occurrence of ${utcText(waiting.dueAt)} had not begun yet`
  if (note === undefined) return undefined
  return { note, run: busy?.runId ?? run?.id ?? null, waits: waiting !== undefined }
}
