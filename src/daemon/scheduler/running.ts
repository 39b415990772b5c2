/** The runs of this process: begun, followed, and written down when they end. */
import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '../../core/clock.ts'
import { CaravanError, messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import {
  noteRun,
  type OccurrenceKey,
  type Settlement,
  settleOccurrences,
} from '../../store/occurrences.ts'
import type { ProcessIdentity } from '../../store/process-identity.ts'
import { valuesOf } from '../../store/dialect.ts'
import type { Db } from '../../store/schema.ts'
import { atomically } from '../../store/transaction.ts'
import type { ScheduledJob } from '../scheduled-job.ts'
import { tellRun } from '../tell-run.ts'
import type { Begun } from './begin.ts'

export type Running = {
  begin(job: ScheduledJob, occurrence: Begun): void
  /** Whether a run has ended that is not written down yet. */
  hasEnded(): boolean
  /** Writes down what has ended, in one transaction with `work`. When that fails nothing is forgotten. */
  settle<T>(work: (tx: Db) => Promise<T>): Promise<T>
  /** Whether this process runs the occurrence, or has yet to write down how it ended. */
  has(job: string, dueAt: string): boolean
  jobs(): string[]
  count(): number
  /** Asks all to stop at their next checkpoint; returns the jobs that did not in time. */
  stop(graceMs: number): Promise<string[]>
}

export type RunningOptions = {
  db: Db
  clock: Clock
  log: Log
  me: ProcessIdentity
  /** Called once for all runs that ended in the same turn of the event loop. */
  onEnd(): void
}

export function createRunning({ db, clock, log, me, onEnd }: RunningOptions): Running {
  const going = new Map<string, { dueAt: string; done: Promise<void> }>()
  const stopping = new AbortController()
  let ended: Settlement[] = []
  let isToldSoon = false

  async function follow(job: ScheduledJob, occurrence: Begun): Promise<void> {
    const end = await execute(job, occurrence)
    going.delete(job.id)
    if (end) ended = [...ended, end]
    if (isToldSoon) return
    isToldSoon = true
    await turn()
    isToldSoon = false
    onEnd()
  }

  /** What to write down; undefined: somebody else does. */
  async function execute(job: ScheduledJob, occurrence: Begun): Promise<Settlement | undefined> {
    const key: OccurrenceKey = { job: job.id, dueAt: occurrence.dueAt }
    const back: Settlement = {
      ...key,
      status: occurrence.isResumed ? 'interrupted' : 'waiting',
      reason: null,
      note: null,
      finishedAt: null,
      runId: null,
      crashes: occurrence.crashes,
    }
    let run: string | undefined
    try {
      const result = await job.run({
        trigger: occurrence.isResumed ? 'resume' : 'schedule',
        dueAt: new Date(occurrence.dueAt),
        signal: stopping.signal,
        async onStarted(tx, id) {
          if (!(await noteRun(tx, key, { me, run: id, at: clock.now() }))) throw taken(job.id)
          run = id
        },
      })
      tellRun(log, { ...result, job: job.id })
      const status = result.status === 'running' ? 'interrupted' : result.status
      const isOver = status !== 'interrupted'
      const finishedAt = isOver ? clock.now().toISOString() : null
      return { ...back, status, finishedAt, note: isOver ? result.error : null, crashes: 0 }
    } catch (error) {
      if (stopping.signal.aborted) return back
      const code = error instanceof CaravanError ? error.code : undefined
      if (code === 'job_running' && run !== undefined) {
        log.warn(`${job.id}: ${messageOf(error)}`, { job: job.id, run })
        return undefined
      }
      if (code && passing.has(code)) {
        log.warn(`${job.id} could not begin yet`, { job: job.id, error })
        return back
      }
      if (code === 'job_running' && occurrence.isResumed) return back
      if (code === 'job_running' && job.overlap === 'queue') return back
      const finishedAt = clock.now().toISOString()
      const note = messageOf(error)
      if (code === 'job_running') {
        return { ...back, status: 'skipped', reason: 'overlap', note, finishedAt }
      }
      log.error(`${job.id} could not begin`, { job: job.id, error })
      return { ...back, status: 'failed', note, finishedAt }
    }
  }

  async function write(tx: Db, some: readonly Settlement[]): Promise<void> {
    const cancelled = await cancelledAmong(tx, some)
    const at = clock.now().toISOString()
    const settlements = some.map((one) =>
      cancelled.has(one.job) ? { ...one, finishedAt: at, note: 'it was cancelled' } : one,
    )
    await settleOccurrences(tx, settlements, me)
  }

  return {
    begin(job, occurrence) {
      going.set(job.id, { dueAt: occurrence.dueAt, done: follow(job, occurrence) })
    },
    hasEnded: () => ended.length > 0,
    async settle(work) {
      const some = ended
      const result = await atomically(db, async (tx) => {
        if (some.length > 0) await write(tx, some)
        return work(tx)
      })
      ended = ended.filter((one) => !some.includes(one))
      return result
    },
    has: (job, dueAt) =>
      going.get(job)?.dueAt === dueAt ||
      ended.some((one) => one.job === job && one.dueAt === dueAt),
    jobs: () => [...going.keys()],
    count: () => going.size,
    async stop(graceMs) {
      stopping.abort(new Error('the scheduler stops'))
      const rested = new AbortController()
      const all = Promise.all([...going.values()].map(({ done }) => done))
      await Promise.race([all, clock.sleep(graceMs, rested.signal).catch(() => undefined)])
      rested.abort()
      return [...going.keys()]
    },
  }
}

/** What ends by itself: the occurrence is kept for then. */
const passing: ReadonlySet<string> = new Set(['state_full', 'state_busy', 'state_io'])

/** Jobs whose interrupted run an operator has cancelled: it is not continued. */
async function cancelledAmong(tx: Db, ended: readonly Settlement[]): Promise<Set<string>> {
  const jobs = ended.filter(({ status }) => status === 'interrupted').map(({ job }) => job)
  if (jobs.length === 0) return new Set()
  const rows = await tx
    .selectFrom('occurrences')
    .innerJoin('runs', 'runs.id', 'occurrences.run_id')
    .select('occurrences.job')
    .where('occurrences.job', 'in', valuesOf(jobs))
    .where('occurrences.finished_at', 'is', null)
    .where('runs.cancelled_at', 'is not', null)
    .execute()
  return new Set(rows.map(({ job }) => job))
}

const taken = (job: string): CaravanError =>
  new CaravanError({
    code: 'job_running',
    message: `${job}: another process has taken this occurrence`,
    hint: 'Look at: caravan jobs ledger',
  })
