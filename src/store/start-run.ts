import { CaravanError } from '../core/errors.ts'
import { newId } from '../core/ids.ts'
import { utcText } from '../core/words.ts'
import { clearCheckpoint, getCheckpoint } from './checkpoints.ts'
import { toJson } from './json.ts'
import { isAlive, isStopped, type ProcessIdentity, thisProcess } from './process-identity.ts'
import { noCounters, type Run, runningRun } from './runs.ts'
import type { Db } from './schema.ts'
import { atomically } from './transaction.ts'

export type StartOptions = {
  job: string
  trigger: string
  /** Whose account or token it is; left out: nobody's. */
  startedBy?: string
  options: unknown
  now: Date
  /** How long other hosts take the run for alive without hearing from it, in milliseconds. */
  leaseMs: number
  /** Forgets the checkpoint and begins anew. */
  fromStart?: boolean
  /** Key of the checkpoint, where a job keeps one for each way it is run; default: the job. */
  checkpointKey?: string
  /** The occurrence it serves; left out: it is run by hand. */
  dueAt?: Date
  /** Called in the transaction that makes the run, so that what belongs to it is there with it; what it throws undoes both. */
  onStarted?(tx: Db, run: string): Promise<void>
  /** For tests; default: this process. */
  process?: ProcessIdentity
}

export type Started = {
  id: string
  /** Where to go on; undefined: from the start. */
  checkpoint: unknown
  /** The run that left the checkpoint. */
  resumedFrom: string | null
  /** A run whose process is gone; it is `interrupted` now. It may have been run in another way, with another checkpoint. */
  interrupted: Run | undefined
}

/**
 * Takes the job for this process. Throws `job_running` when another run of it is alive: on this host while its process
 * does something, elsewhere while its lease lasts. One immediate transaction, so two starters never both get it.
 */
export function startRun(db: Db, start: StartOptions): Promise<Started> {
  return atomically(db, async (tx) => {
    const me = start.process ?? thisProcess()
    const { goingOn, lost } = await makeWay(tx, start.job, { me, now: start.now })
    if (goingOn) throw running(goingOn)

    const key = start.checkpointKey ?? start.job
    if (start.fromStart) await clearCheckpoint(tx, key)
    const checkpoint = await getCheckpoint(tx, key)
    const id = newId()
    await tx
      .insertInto('runs')
      .values({
        id,
        job: start.job,
        trigger: start.trigger,
        options: toJson(start.options) ?? '{}',
        status: 'running',
        started_at: start.now.toISOString(),
        finished_at: null,
        counters: JSON.stringify(noCounters()),
        error: null,
        checkpoint_from: toJson(checkpoint?.value),
        host: me.host,
        pid: me.pid,
        process_started_at: me.startedAt,
        heartbeat_at: start.now.toISOString(),
        lease_until: new Date(start.now.getTime() + start.leaseMs).toISOString(),
        resumed_from: checkpoint?.runId ?? null,
        started_by: start.startedBy ?? null,
        due_at: start.dueAt?.toISOString() ?? null,
      })
      .execute()
    await start.onStarted?.(tx, id)
    return {
      id,
      checkpoint: checkpoint?.value,
      interrupted: lost,
      resumedFrom: checkpoint?.runId ?? null,
    }
  })
}

/**
 * For somebody who wants to run a job: the run that goes on and stands in the way, or the one that was lost and is
 * interrupted now. To be called in a transaction.
 */
export async function makeWay(
  tx: Db,
  job: string,
  { me, now }: { me: ProcessIdentity; now: Date },
): Promise<{ goingOn?: Run; lost?: Run }> {
  const other = await runningRun(tx, job)
  if (!other) return {}
  if (isStillRunning(other, me, now)) return { goingOn: other }
  await interrupt(tx, other, me, now)
  return { lost: other }
}

/**
 * Marks every run whose process is gone; for `runs` and `status`, which should not call the dead alive. One that was
 * merely stopped is left alone: it goes on when it is woken, unless somebody has wanted its job in the meantime.
 */
export function interruptDeadRuns(db: Db, now: Date, me = thisProcess()): Promise<Run[]> {
  return atomically(db, async (tx) => {
    const rows = await tx.selectFrom('runs').select('job').where('status', '=', 'running').execute()
    const dead: Run[] = []
    for (const { job } of rows) {
      const run = await runningRun(tx, job)
      if (!run || !isGone(run, me, now)) continue
      await interrupt(tx, run, me, now)
      dead.push({ ...run, status: 'interrupted', finishedAt: now.toISOString() })
    }
    return dead
  })
}

/**
 * Whether the process of a run goes on with it. Elsewhere that is so as long as its lease lasts. On this host it is told
 * by the process: one that is gone has lost the run at once, one that was stopped loses it with its lease, and one that
 * works keeps it even if the lease is over, for a clock that was set, or a machine that slept, ends leases too.
 */
export function isStillRunning(run: Run, me: ProcessIdentity, now: Date): boolean {
  if (isGone(run, me, now)) return false
  return run.host !== me.host || hasLease(run, now) || !isStopped(processOf(run))
}

/** The same for a process that will never go on: gone from this host, or from what is heard of another one. */
export function isGone(run: Run, me: ProcessIdentity, now: Date): boolean {
  if (run.host !== me.host) return !hasLease(run, now)
  return abandoned.has(run.id) || !isAlive(processOf(run))
}

const hasLease = (run: Run, now: Date): boolean => now.toISOString() < run.leaseUntil

const abandoned = new Set<string>()

/** A run of this process is over, though not even that could be written down; the next one finds it dead. */
export const abandonRun = (id: string): void => void abandoned.add(id)

const processOf = (run: Run): ProcessIdentity => ({
  host: run.host,
  pid: run.pid,
  startedAt: run.processStartedAt,
})

async function interrupt(tx: Db, run: Run, me: ProcessIdentity, now: Date): Promise<void> {
  const message = `Its process (${run.pid} on ${run.host}) ${fateOf(run, me)}; last heard of at ${utcText(run.heartbeatAt)}`
  await tx
    .updateTable('runs')
    .set({
      status: 'interrupted',
      finished_at: now.toISOString(),
      error: JSON.stringify({ code: 'interrupted', message }),
    })
    .where('id', '=', run.id)
    .execute()
}

function fateOf(run: Run, me: ProcessIdentity): string {
  if (abandoned.has(run.id)) return 'could not write down how it ended'
  const isStopping = run.host === me.host && isAlive(processOf(run))
  return isStopping ? 'was stopped and lost its lease' : 'ended without a word'
}

const running = (run: Run): CaravanError =>
  new CaravanError({
    code: 'job_running',
    message: `${run.job} is already running: run ${run.id}, process ${run.pid} on ${run.host}, since ${utcText(run.startedAt)}`,
    hint: `Wait for it, or look how far it is: caravan runs show ${run.id}`,
  })
