import { CaravanError } from '../core/errors.ts'
import { newId } from '../core/ids.ts'
import { utcText } from '../core/words.ts'
import { clearCheckpoint, getCheckpoint } from './checkpoints.ts'
import { toJson } from './json.ts'
import { isAlive, type ProcessIdentity, thisProcess } from './process-identity.ts'
import { noCounters, type Run, runningRun } from './runs.ts'
import type { Db } from './schema.ts'
import { atomically } from './transaction.ts'

export type StartOptions = {
  job: string
  trigger: string
  options: unknown
  now: Date
  /** How long other hosts take the run for alive without hearing from it, in milliseconds. */
  leaseMs: number
  /** Forgets the checkpoint and begins anew. */
  fromStart?: boolean
  /** Key of the checkpoint, where a job keeps one for each way it is run; default: the job. */
  checkpointKey?: string
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
 * Takes the job for this process. Throws `job_running` when another run of it is alive: on this host when its process
 * is, elsewhere while its lease lasts. One immediate transaction, so two starters never both get it.
 */
export function startRun(db: Db, start: StartOptions): Promise<Started> {
  return atomically(db, async (tx) => {
    const me = start.process ?? thisProcess()
    const other = await runningRun(tx, start.job)
    if (other && isStillRunning(other, me, start.now)) throw running(other)
    if (other) await interrupt(tx, other, start.now)

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
      })
      .execute()
    return {
      id,
      checkpoint: checkpoint?.value,
      interrupted: other,
      resumedFrom: checkpoint?.runId ?? null,
    }
  })
}

/** Marks every run whose process is gone; for `runs` and `status`, which should not call the dead alive. */
export function interruptDeadRuns(db: Db, now: Date, me = thisProcess()): Promise<Run[]> {
  return atomically(db, async (tx) => {
    const rows = await tx.selectFrom('runs').select('job').where('status', '=', 'running').execute()
    const dead: Run[] = []
    for (const { job } of rows) {
      const run = await runningRun(tx, job)
      if (!run || isStillRunning(run, me, now)) continue
      await interrupt(tx, run, now)
      dead.push({ ...run, status: 'interrupted', finishedAt: now.toISOString() })
    }
    return dead
  })
}

/** Whether the process of a run is alive: on this host for certain, elsewhere as long as its lease lasts. */
export function isStillRunning(run: Run, me: ProcessIdentity, now: Date): boolean {
  if (run.host !== me.host) return now.toISOString() < run.leaseUntil
  return isAlive({ host: run.host, pid: run.pid, startedAt: run.processStartedAt })
}

async function interrupt(tx: Db, run: Run, now: Date): Promise<void> {
  const message = `Its process (${run.pid} on ${run.host}) ended without a word; last heard of at ${utcText(run.heartbeatAt)}`
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

const running = (run: Run): CaravanError =>
  new CaravanError({
    code: 'job_running',
    message: `${run.job} is already running: run ${run.id}, process ${run.pid} on ${run.host}, since ${utcText(run.startedAt)}`,
    hint: `Wait for it, or look how far it is: caravan runs show ${run.id}`,
  })
