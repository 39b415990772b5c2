import type { Selectable } from 'kysely'
import { CaravanError } from '../core/errors.ts'
import { propose, nearestId } from '../core/nearest.ts'
import { fromJson, toJson } from './json.ts'
import type { Database, Db } from './schema.ts'
import { atomically } from './transaction.ts'

/** What a run did, in items. */
export type Counters = {
  read: number
  created: number
  updated: number
  unchanged: number
  failed: number
  marked: number
}

export type RunStatus = Database['runs']['status']

export type RunError = { code: string; message: string; hint?: string }

export type Run = {
  id: string
  job: string
  /** Who or what started it: `manual`, `schedule`, … */
  trigger: string
  /** Whose account or token it was; null: nobody's. */
  startedBy: string | null
  options: unknown
  status: RunStatus
  startedAt: string
  finishedAt: string | null
  counters: Counters
  error: RunError | undefined
  /** The checkpoint it began at; undefined: from the start. */
  checkpointFrom: unknown
  host: string
  pid: number
  processStartedAt: string | null
  heartbeatAt: string
  leaseUntil: string
  /** The interrupted run it goes on from. */
  resumedFrom: string | null
  /** The occurrence it serves; null: it was run by hand. */
  dueAt: string | null
  /** Somebody wants it to stop; it does at its next checkpoint. */
  cancelled: Cancellation | undefined
}

export type Cancellation = { by: string; reason: string; at: string }

export const noCounters = (): Counters => ({
  read: 0,
  created: 0,
  updated: 0,
  unchanged: 0,
  failed: 0,
  marked: 0,
})

export type Heartbeat = {
  nowMs: number
  /** How long other hosts take the run for alive without hearing from it again, in milliseconds. */
  leaseMs: number
  /** Stored when given; belongs into the transaction of the batch they count. */
  counters?: Counters
}

/**
 * Says that a run is alive and keeps its lease. Throws `job_running` when the run was taken over in the meantime, as
 * after a long stop: in the transaction of a batch that undoes the batch, which the other run will write itself.
 * Returns who wants the run to stop; undefined when nobody does.
 */
export async function heartbeat(
  db: Db,
  id: string,
  { nowMs, leaseMs, counters }: Heartbeat,
): Promise<Cancellation | undefined> {
  const row = await db
    .updateTable('runs')
    .set({
      heartbeat_at: new Date(nowMs).toISOString(),
      lease_until: new Date(nowMs + leaseMs).toISOString(),
      ...(counters && { counters: JSON.stringify(counters) }),
    })
    .where('id', '=', id)
    .where('status', '=', 'running')
    .returning(['cancelled_at', 'cancelled_by', 'cancel_reason'])
    .executeTakeFirst()
  if (!row) throw takenOver(id)
  return cancellationOf(row)
}

/** The same look without a beat, which costs no write. Throws `job_running` likewise. */
export async function readCancellation(db: Db, id: string): Promise<Cancellation | undefined> {
  const row = await db
    .selectFrom('runs')
    .select(['cancelled_at', 'cancelled_by', 'cancel_reason'])
    .where('id', '=', id)
    .where('status', '=', 'running')
    .executeTakeFirst()
  if (!row) throw takenOver(id)
  return cancellationOf(row)
}

/**
 * Asks a run to stop, whichever process runs it. Returns the run as it stood before: one that has ended, or that was
 * cancelled already, is left as it is.
 */
export function cancelRun(
  db: Db,
  id: string,
  { by, reason, at }: { by: string; reason: string; at: Date },
): Promise<Run> {
  return atomically(db, async (tx) => {
    const run = await getRun(tx, id)
    if (run.status !== 'running' || run.cancelled) return run
    await tx
      .updateTable('runs')
      .set({ cancelled_at: at.toISOString(), cancelled_by: by, cancel_reason: reason })
      .where('id', '=', run.id)
      .execute()
    return run
  })
}

export type Finish = {
  status: Exclude<RunStatus, 'running'>
  at: Date
  counters: Counters
  error?: RunError
}

/** Ends a run. Throws `job_running` when it was taken over in the meantime. */
export async function finishRun(db: Db, id: string, end: Finish): Promise<void> {
  const result = await db
    .updateTable('runs')
    .set({
      status: end.status,
      finished_at: end.at.toISOString(),
      counters: JSON.stringify(end.counters),
      error: toJson(end.error),
    })
    .where('id', '=', id)
    .where('status', '=', 'running')
    .executeTakeFirstOrThrow()
  if (result.numUpdatedRows === 0n) throw takenOver(id)
}

/** Throws `run_unknown`, with the nearest of the latest ids. */
export async function getRun(db: Db, id: string): Promise<Run> {
  const row = await db.selectFrom('runs').selectAll().where('id', '=', id).executeTakeFirst()
  if (row) return toRun(row)
  const latest = await db.selectFrom('runs').select('id').orderBy('id', 'desc').limit(500).execute()
  const near = nearestId(
    id,
    latest.map((run) => run.id),
  )
  throw new CaravanError({
    code: 'run_unknown',
    message: `there is no run ${id}`,
    hint: propose(near, 'The latest ones: caravan runs'),
  })
}

/** A run by its id or by a beginning that only one has. Throws `run_unknown`, or `usage` when several have it. */
export async function findRun(db: Db, idOrStart: string): Promise<Run> {
  const start = idOrStart.trim().toUpperCase()
  const rows = await db
    .selectFrom('runs')
    .select('id')
    .where('id', '>=', start)
    .where('id', '<', `${start}~`) // sorts after every character of an id
    .orderBy('id')
    .limit(2)
    .execute()
  if (start === '' || rows.length <= 1) return getRun(db, rows[0]?.id ?? idOrStart)
  throw new CaravanError({
    code: 'usage',
    message: `${idOrStart} is the beginning of several runs`,
    hint: 'Give more of it; "caravan runs" shows whole ids.',
  })
}

export type RunFilter = { job?: string; status?: RunStatus; since?: Date; until?: Date }

/** Where a page ended; the next one begins below it. */
export type RunCursor = Pick<Run, 'startedAt' | 'id'>

/** Newest first. */
export async function listRuns(
  db: Db,
  { job, status, since, until }: RunFilter = {},
  { limit = 20, before }: { limit?: number; before?: RunCursor } = {},
): Promise<Run[]> {
  let query = db.selectFrom('runs').selectAll()
  if (job) query = query.where('job', '=', job)
  if (status) query = query.where('status', '=', status)
  if (since) query = query.where('started_at', '>=', since.toISOString())
  if (until) query = query.where('started_at', '<', until.toISOString())
  if (before) {
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('started_at', 'id'), '<', tuple(before.startedAt, before.id)),
    )
  }
  const rows = await query
    .orderBy('started_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.map(toRun)
}

/** The unfinished run of a job, whether its process lives or not. */
export async function runningRun(db: Db, job: string): Promise<Run | undefined> {
  const row = await db
    .selectFrom('runs')
    .selectAll()
    .where('job', '=', job)
    .where('status', '=', 'running')
    .executeTakeFirst()
  return row && toRun(row)
}

const takenOver = (id: string): CaravanError =>
  new CaravanError({
    code: 'job_running',
    message: `Run ${id} is no longer ours: it was taken for dead and another one goes on in its place`,
    hint: 'Its last batch was not saved; the other run does it. Look at: caravan runs',
  })

const toRun = (row: Selectable<Database['runs']>): Run => ({
  id: row.id,
  job: row.job,
  trigger: row.trigger,
  startedBy: row.started_by,
  options: fromJson(row.options),
  status: row.status,
  startedAt: row.started_at,
  finishedAt: row.finished_at,
  counters: fromJson<Counters>(row.counters) ?? noCounters(),
  error: fromJson<RunError>(row.error),
  checkpointFrom: fromJson(row.checkpoint_from),
  host: row.host,
  pid: row.pid,
  processStartedAt: row.process_started_at,
  heartbeatAt: row.heartbeat_at,
  leaseUntil: row.lease_until,
  resumedFrom: row.resumed_from,
  dueAt: row.due_at,
  cancelled: cancellationOf(row),
})

const cancellationOf = (
  row: Pick<Selectable<Database['runs']>, 'cancelled_at' | 'cancelled_by' | 'cancel_reason'>,
): Cancellation | undefined =>
  row.cancelled_at === null
    ? undefined
    : { at: row.cancelled_at, by: row.cancelled_by ?? '', reason: row.cancel_reason ?? '' }
