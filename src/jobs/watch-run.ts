/** What goes on beside a run: its heartbeat, and what may end it before its time. */
import type { Clock } from '../core/clock.ts'
import { CaravanError } from '../core/errors.ts'
import { durationText } from '../core/words.ts'
import { type Cancellation, heartbeat, readCancellation } from '../store/runs.ts'
import type { Db } from '../store/schema.ts'

export const leaseMs = 60_000
const heartbeatMs = 10_000
/** How soon a run that is waiting for a vendor sees that it was cancelled. */
const lookMs = 2000

export type Watch = {
  /** Aborted when the run is to stop, for a reason of its own or of the program's. */
  signal: AbortSignal
  end(): void
}

type Watched = { db: Db; clock: Clock; signal: AbortSignal; timeoutMs?: number }

/** Keeps the lease while a batch is being fetched, and stops a run that was cancelled, taken over, or takes too long. */
export function watchRun({ db, clock, signal, timeoutMs }: Watched, id: string): Watch {
  const stop = new AbortController()
  const end = new AbortController()
  const look = async () => {
    for (let beatMs = clock.monotonicMs() + heartbeatMs; !end.signal.aborted;) {
      await clock.sleep(lookMs, end.signal)
      const isDue = clock.monotonicMs() >= beatMs
      if (isDue) beatMs = clock.monotonicMs() + heartbeatMs
      try {
        const found = isDue
          ? await heartbeat(db, id, { nowMs: clock.now().getTime(), leaseMs })
          : await readCancellation(db, id)
        if (found && !end.signal.aborted) stop.abort(cancelled(id, found))
      } catch (error) {
        // A busy file or a full disk now says nothing about the next time.
        if (isLost(error) && !end.signal.aborted) stop.abort(error)
      }
    }
  }
  const wait = async (ms: number) => {
    await clock.sleep(ms, end.signal)
    stop.abort(tooLong(id, ms))
  }
  look().catch(() => undefined)
  if (timeoutMs !== undefined) wait(timeoutMs).catch(() => undefined)
  return { signal: AbortSignal.any([signal, stop.signal]), end: () => end.abort() }
}

/** The reason of our own for which a run ends early; undefined for any other. */
export function stopOf(error: unknown): CaravanError | undefined {
  if (!(error instanceof CaravanError)) return undefined
  return ['run_cancelled', 'run_timeout', 'job_running'].includes(error.code) ? error : undefined
}

/** Another run goes on in its place. */
export const isLost = (error: unknown): boolean =>
  error instanceof CaravanError && error.code === 'job_running'

export const cancelled = (id: string, { by, reason }: Cancellation): CaravanError =>
  new CaravanError({
    code: 'run_cancelled',
    message: `Run ${id} was cancelled by ${by}${reason && `: ${reason}`}`,
    hint: 'What it saved stays; the next run goes on where it was.',
  })

const tooLong = (id: string, ms: number): CaravanError =>
  new CaravanError({
    code: 'run_timeout',
    message: `Run ${id} took longer than the ${durationText(ms)} that its job is given`,
    hint: 'What it saved stays; the next run goes on where it was. "timeout" of the job in integrations.yaml gives it more time.',
  })
