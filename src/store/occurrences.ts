/** The ledger: one row for each occurrence of a schedule, with what became of it or why it did not run. */
import { type Selectable, sql } from 'kysely'
import { rowsOf, valuesOf } from './dialect.ts'
import type { ProcessIdentity } from './process-identity.ts'
import type { Database, Db } from './schema.ts'
import type { OccurrenceStatus, SkipReason } from './schema-daemon.ts'

export type { OccurrenceStatus, SkipReason }

export type Occurrence = {
  job: string
  dueAt: string
  /** Of the last one, where the row stands for several that were missed. */
  lastDueAt: string | null
  /** How many occurrences the row stands for. */
  count: number
  status: OccurrenceStatus
  reason: SkipReason | null
  /** In words: what a change of the clocks did, why it did not run, what its run failed with. */
  note: string | null
  /** `dueAt` and the jitter. */
  beginsAt: string
  decidedAt: string
  startedAt: string | null
  /** Null: it waits, runs, or is to be continued. */
  finishedAt: string | null
  /** The latest of its runs. */
  runId: string | null
  runs: number
  /** Runs in a row whose process was gone before they had saved anything. */
  crashes: number
  /** Of a row for several: the schedule they are counted by. */
  spec: string | null
  /** Who runs it, or ran it last. */
  owner: ProcessIdentity | null
}

export type NewOccurrence = Omit<Occurrence, 'runs' | 'crashes'>

const columns = [
  'job',
  'due_at',
  'last_due_at',
  'count',
  'status',
  'reason',
  'note',
  'begins_at',
  'decided_at',
  'started_at',
  'finished_at',
  'run_id',
  'runs',
  'spec',
  'host',
  'pid',
  'process_started_at',
] as const

/** Those that are there already stay as they are; returns the due instants of the new ones as `job due_at`. */
export async function addOccurrences(
  db: Db,
  occurrences: readonly NewOccurrence[],
): Promise<Set<string>> {
  if (occurrences.length === 0) return new Set()
  const rows = occurrences.map((one) => [
    one.job,
    one.dueAt,
    one.lastDueAt,
    one.count,
    one.status,
    one.reason,
    one.note,
    one.beginsAt,
    one.decidedAt,
    one.startedAt,
    one.finishedAt,
    one.runId,
    0,
    one.spec,
    one.owner?.host ?? null,
    one.owner?.pid ?? null,
    one.owner?.startedAt ?? null,
  ])
  const names = sql.join(columns.map((name) => sql.ref(name)))
  const added = await sql<{ job: string; due_at: string }>`
    insert into occurrences (${names}) select ${names} from ${rowsOf(columns, rows)} as given where true
    on conflict (job, due_at) do nothing returning job, due_at`.execute(db)
  return new Set(added.rows.map((row) => `${row.job} ${row.due_at}`))
}

/** Everything that waits, runs or is to be continued, what begins first in front. */
export async function openOccurrences(db: Db): Promise<Occurrence[]> {
  const rows = await db
    .selectFrom('occurrences')
    .selectAll()
    .where('finished_at', 'is', null)
    .orderBy('begins_at')
    .orderBy('job')
    .execute()
  return rows.map(toOccurrence)
}

export type OccurrenceKey = Pick<Occurrence, 'job' | 'dueAt'>

/** A note is added to the one that is there. */
const addedNote = sql`coalesce(coalesce(occurrences.note || '; ', '') || given.note, occurrences.note)`

/** Takes what waits, or is to be continued, for this process. Returns those that nobody else took before, as `job due_at`. */
export async function takeOccurrences(
  db: Db,
  keys: readonly (OccurrenceKey & { note: string | null })[],
  me: ProcessIdentity,
): Promise<Set<string>> {
  if (keys.length === 0) return new Set()
  const rows = keys.map(({ job, dueAt, note }) => [job, dueAt, note])
  const taken = await sql<{ job: string; due_at: string }>`
    update occurrences set status = 'running', host = ${me.host}, pid = ${me.pid},
      process_started_at = ${me.startedAt}, note = ${addedNote}
    from ${rowsOf(['job', 'due_at', 'note'], rows)} as given
    where occurrences.job = given.job and occurrences.due_at = given.due_at
      and occurrences.status in ('waiting', 'interrupted') and occurrences.finished_at is null
    returning occurrences.job as job, occurrences.due_at as due_at`.execute(db)
  return new Set(taken.rows.map((row) => `${row.job} ${row.due_at}`))
}

/** Joins a run to the occurrence it serves, in the transaction that makes the run. False: it is no longer ours. */
export async function noteRun(
  db: Db,
  { job, dueAt }: OccurrenceKey,
  { me, run, at }: { me: ProcessIdentity; run: string; at: Date },
): Promise<boolean> {
  const result = await db
    .updateTable('occurrences')
    .set(({ eb, fn, val }) => ({
      run_id: run,
      runs: eb('runs', '+', 1),
      started_at: fn.coalesce('started_at', val(at.toISOString())),
    }))
    .where('job', '=', job)
    .where('due_at', '=', dueAt)
    .where('status', '=', 'running')
    .where('host', '=', me.host)
    .where('pid', '=', me.pid)
    .executeTakeFirstOrThrow()
  return result.numUpdatedRows === 1n
}

/** What is to stand in the row of an occurrence from now on. */
export type Settlement = OccurrenceKey &
  Pick<Occurrence, 'status' | 'reason' | 'note' | 'finishedAt' | 'runId' | 'crashes'>

const settled = [
  'job',
  'due_at',
  'status',
  'reason',
  'note',
  'finished_at',
  'run_id',
  'crashes',
] as const

/**
 * Writes down what became of occurrences. `owner`: only while they are still its own, so that what somebody took over
 * in the meantime is left alone. A note is added to the one that is there.
 */
export async function settleOccurrences(
  db: Db,
  settlements: readonly Settlement[],
  owner?: ProcessIdentity,
): Promise<void> {
  if (settlements.length === 0) return
  const rows = settlements.map((one) => [
    one.job,
    one.dueAt,
    one.status,
    one.reason,
    one.note,
    one.finishedAt,
    one.runId,
    one.crashes,
  ])
  const mine = owner
    ? sql`and occurrences.status = 'running' and occurrences.host = ${owner.host} and occurrences.pid = ${owner.pid}`
    : sql``
  await sql`
    update occurrences set status = given.status, reason = given.reason,
      note = ${addedNote}, finished_at = given.finished_at, run_id = coalesce(given.run_id, occurrences.run_id), crashes = given.crashes
    from ${rowsOf(settled, rows)} as given
    where occurrences.job = given.job and occurrences.due_at = given.due_at
      and occurrences.finished_at is null ${mine}`.execute(db)
}

/** Rows of a job that stand for anything from `from` to `until`, both included, in order. */
export async function occurrencesBetween(
  db: Db,
  job: string,
  { from, until, limit }: { from: string; until: string; limit: number },
): Promise<Pick<Occurrence, 'dueAt' | 'lastDueAt'>[]> {
  const rows = await db
    .selectFrom('occurrences')
    .select(['due_at', 'last_due_at'])
    .where('job', '=', job)
    .where('due_at', '>=', from)
    .where('due_at', '<=', until)
    .orderBy('due_at')
    .limit(limit)
    .execute()
  return rows.map((row) => ({ dueAt: row.due_at, lastDueAt: row.last_due_at }))
}

/** The rows for several that began before `at` and reach to it or beyond. */
export async function rangesOver(db: Db, at: string): Promise<Occurrence[]> {
  const rows = await db
    .selectFrom('occurrences')
    .selectAll()
    .where('due_at', '<=', at)
    .where('last_due_at', '>', at)
    .execute()
  return rows.map(toOccurrence)
}

/** Cuts a row for several short; with one alone it is a row like any other. */
export async function cutRange(
  db: Db,
  { job, dueAt }: OccurrenceKey,
  { lastDueAt, count, note }: { lastDueAt: string; count: number; note: string },
): Promise<void> {
  await db
    .updateTable('occurrences')
    .set({ last_due_at: count > 1 ? lastDueAt : null, count, note })
    .where('job', '=', job)
    .where('due_at', '=', dueAt)
    .execute()
}

/** Rows of later instants that never began: what they say was decided by a clock that was ahead. Returns how many. */
export async function forgetUnbegun(db: Db, after: string): Promise<number> {
  const result = await db
    .deleteFrom('occurrences')
    .where('due_at', '>', after)
    .where('status', 'in', ['skipped', 'waiting'])
    .where('runs', '=', 0)
    .executeTakeFirstOrThrow()
  return Number(result.numDeletedRows)
}

/** Whether a schedule is due, or something waits that may begin. All that an idle tick asks. */
export async function hasWork(db: Db, now: Date): Promise<boolean> {
  const at = now.toISOString()
  const { rows } = await sql<{ one: number }>`
    select 1 as one from schedules where next_due_at <= ${at}
    union all
    select 1 as one from occurrences
      where finished_at is null
        and (status = 'waiting' and begins_at <= ${at} or status = 'interrupted')
    limit 1`.execute(db)
  return rows.length > 0
}

export type OccurrenceFilter = {
  job?: string
  status?: OccurrenceStatus
  reason?: SkipReason
  since?: Date
  until?: Date
}

/** Newest first; `before` is the last one of the page before. */
export async function listOccurrences(
  db: Db,
  { job, status, reason, since, until }: OccurrenceFilter = {},
  { limit = 20, before }: { limit?: number; before?: OccurrenceKey } = {},
): Promise<Occurrence[]> {
  let query = db.selectFrom('occurrences').selectAll()
  if (job) query = query.where('job', '=', job)
  if (status) query = query.where('status', '=', status)
  if (reason) query = query.where('reason', '=', reason)
  if (since) query = query.where('due_at', '>=', since.toISOString())
  if (until) query = query.where('due_at', '<', until.toISOString())
  if (before) {
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('due_at', 'job'), '<', tuple(before.dueAt, before.job)),
    )
  }
  const rows = await query.orderBy('due_at', 'desc').orderBy('job', 'desc').limit(limit).execute()
  return rows.map(toOccurrence)
}

/** Of jobs: nothing that waits for them is begun any more. The note is added to the one that is there. */
export async function dropWaiting(
  db: Db,
  jobs: readonly string[],
  { note, at }: { note: string; at: Date },
): Promise<void> {
  if (jobs.length === 0) return
  await db
    .updateTable('occurrences')
    .set({
      status: 'skipped',
      reason: 'unscheduled',
      note: sql`coalesce(note || '; ', '') || ${note}`,
      finished_at: at.toISOString(),
    })
    .where('job', 'in', valuesOf(jobs))
    .where('status', '=', 'waiting')
    .where('finished_at', 'is', null)
    .execute()
}

export const toOccurrence = (row: Selectable<Database['occurrences']>): Occurrence => ({
  job: row.job,
  dueAt: row.due_at,
  lastDueAt: row.last_due_at,
  count: row.count,
  status: row.status,
  reason: row.reason,
  note: row.note,
  beginsAt: row.begins_at,
  decidedAt: row.decided_at,
  startedAt: row.started_at,
  finishedAt: row.finished_at,
  runId: row.run_id,
  runs: row.runs,
  crashes: row.crashes,
  spec: row.spec,
  owner:
    row.host === null
      ? null
      : { host: row.host, pid: row.pid ?? 0, startedAt: row.process_started_at },
})
