/** What the alert rules look at in the state and the call log. Each is one short query over an index. */
import { sql } from 'kysely'
import type { RunStatus } from './runs.ts'
import type { Db, LogDb } from './schema.ts'

/** Counts of calls that wait for a person; alerts are left out, for they are sent again by themselves. */
export async function countStuck(db: Db): Promise<{ dead: number; unknown: number }> {
  const rows = await db
    .selectFrom('outbox')
    .select(['status', sql<number>`count(*)`.as('count')])
    .where('status', 'in', ['dead', 'unknown'])
    .where('kind', '<>', 'alert')
    .groupBy('status')
    .execute()
  const counts = Object.fromEntries(rows.map(({ status, count }) => [status, Number(count)]))
  return { dead: counts.dead ?? 0, unknown: counts.unknown ?? 0 }
}

/** How many webhooks of each service could not be handled. */
export async function countFailedHooks(db: Db): Promise<{ service: string; count: number }[]> {
  const rows = await db
    .selectFrom('hook_events')
    .select(['service', sql<number>`count(*)`.as('count')])
    .where('status', '=', 'failed')
    .groupBy('service')
    .orderBy('service')
    .execute()
  return rows.map(({ service, count }) => ({ service, count: Number(count) }))
}

export type LiveDaemon = {
  id: string
  host: string
  startedAt: string
  tickedAt: string | null
  /** Why the file as it stands now is not in force. */
  configError: string | null
  /** Why it does not listen where the config says. */
  listenError: string | null
}

/** Those whose lease holds. */
export async function liveDaemons(db: Db, now: Date): Promise<LiveDaemon[]> {
  const rows = await db
    .selectFrom('daemons')
    .select(['id', 'host', 'started_at', 'ticked_at', 'config_error', 'listen_error'])
    .where('stopped_at', 'is', null)
    .where('lease_until', '>', now.toISOString())
    .orderBy('id')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    host: row.host,
    startedAt: row.started_at,
    tickedAt: row.ticked_at,
    configError: row.config_error,
    listenError: row.listen_error,
  }))
}

export type CheckedHealth = { ok: boolean; at: string; errorKind: string | null }

/** The last checks of a service, newest first. */
export async function lastChecks(
  db: Db,
  service: string,
  { limit, since }: { limit: number; since: Date },
): Promise<CheckedHealth[]> {
  const rows = await db
    .selectFrom('health_checks')
    .select(['ok', 'at', 'error_kind'])
    .where('service', '=', service)
    .where('at', '>=', since.toISOString())
    .orderBy('at', 'desc')
    .orderBy('position', 'desc')
    .limit(limit)
    .execute()
  return rows.map((row) => ({ ok: row.ok === 1, at: row.at, errorKind: row.error_kind }))
}

export type EndedRun = { id: string; status: RunStatus; startedAt: string; error: string | null }

/** Jobs of which a run began after an instant, by name. */
export async function jobsRunSince(db: Db, since: Date): Promise<string[]> {
  const rows = await db
    .selectFrom('runs')
    .select('job')
    .distinct()
    .where('started_at', '>=', since.toISOString())
    .orderBy('job')
    .execute()
  return rows.map(({ job }) => job)
}

/** Nobody waits for another one of these to come. */
const byHand = ['manual', 'api']

/**
 * The last runs of a job that came to an end of their own, newest first: dry and interrupted ones say nothing, and neither
 * do those by hand from before `byHandSince`.
 */
export async function lastEnds(
  db: Db,
  job: string,
  { limit, byHandSince }: { limit: number; byHandSince: Date },
): Promise<EndedRun[]> {
  const rows = await db
    .selectFrom('runs')
    .select(['id', 'status', 'started_at', 'error'])
    .where('job', '=', job)
    .where('trigger', '<>', 'dry-run')
    .where('status', 'in', ['success', 'partial', 'failed', 'guarded'])
    .where('cancelled_at', 'is', null)
    .where(({ eb, or }) =>
      or([eb('trigger', 'not in', byHand), eb('started_at', '>=', byHandSince.toISOString())]),
    )
    .orderBy('started_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    id: row.id,
    status: row.status,
    startedAt: row.started_at,
    error: row.error,
  }))
}

/** Of the last occurrences of a job, how many were decided to be missed since an instant, and the last of them. */
export async function countMissed(
  db: Db,
  job: string,
  since: Date,
): Promise<{ count: number; lastDueAt: string | null }> {
  const rows = await db
    .selectFrom('occurrences')
    .select(['due_at', 'last_due_at', 'count', 'status', 'reason', 'decided_at', 'finished_at'])
    .where('job', '=', job)
    .orderBy('due_at', 'desc')
    .limit(lookedAt)
    .execute()
  const missed = rows.filter(
    (row) =>
      row.status === 'skipped' &&
      row.reason === 'missed' &&
      // One that waited was decided long before it was written off.
      (row.finished_at ?? row.decided_at) >= since.toISOString(),
  )
  return {
    count: missed.reduce((sum, row) => sum + row.count, 0),
    lastDueAt: missed[0] ? (missed[0].last_due_at ?? missed[0].due_at) : null,
  }
}

const lookedAt = 50

/** When each job is due next, as the scheduler has planned it. */
export async function nextDues(db: Db): Promise<Map<string, string>> {
  const rows = await db
    .selectFrom('schedules')
    .select(['job', 'next_due_at'])
    .where('next_due_at', 'is not', null)
    .execute()
  return new Map(rows.map((row) => [row.job, row.next_due_at ?? '']))
}

export type Expiry = { name: string; at: string }

/** Secrets that end before an instant, those that have ended included. */
export async function expiringSecrets(db: Db, before: Date): Promise<Expiry[]> {
  const rows = await db
    .selectFrom('secrets')
    .select(['name', 'expires_at'])
    .where('expires_at', '<', before.toISOString())
    .orderBy('name')
    .execute()
  return rows.map((row) => ({ name: row.name, at: row.expires_at ?? '' }))
}

/** The same for tokens of the listener that nobody has revoked. */
export async function expiringTokens(db: Db, before: Date): Promise<Expiry[]> {
  const rows = await db
    .selectFrom('tokens')
    .select(['name', 'expires_at'])
    .where('expires_at', '<', before.toISOString())
    .where('revoked_at', 'is', null)
    .orderBy('name')
    .execute()
  return rows.map((row) => ({ name: row.name, at: row.expires_at ?? '' }))
}

/** A call as the rates are judged by it. */
export type JudgedCall = {
  seq: number
  id: string
  service: string
  operation: string
  outcome: string
  errorKind: string | null
  errorCode: string | null
  startedAt: string
}

/** With the requests that it made to its service, and what these took; none: an open breaker or the like refused it. */
export type TimedCall = JudgedCall & { requests: number; requestMs: number }

const judged = [
  'seq',
  'id',
  'service',
  'operation',
  'outcome',
  'error_kind',
  'error_code',
  'started_at',
] as const

/** A `seq` that every call stands behind which was begun after an instant; undefined when there is none. */
export async function firstSeqSince(log: LogDb, since: Date): Promise<number | undefined> {
  const row = await log
    .selectFrom('calls')
    .select(({ fn }) => fn.min('seq').as('seq'))
    .where('started_at', '>=', since.toISOString())
    .executeTakeFirst()
  return row?.seq === null || row?.seq === undefined ? undefined : Number(row.seq)
}

/** Calls from a `seq` on, in the order in which they were stored. */
export async function callsFrom(log: LogDb, seq: number, limit: number): Promise<TimedCall[]> {
  const ofCall = sql`from attempts
    where call_id = calls.id and coalesce(attempts.service, calls.service) = calls.service`
  const rows = await log
    .selectFrom('calls')
    .select(judged)
    .select([
      sql<number>`(select count(*) ${ofCall})`.as('requests'),
      sql<number>`(select coalesce(sum(duration_ms), 0) ${ofCall})`.as('request_ms'),
    ])
    .where('seq', '>=', seq)
    .orderBy('seq')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    ...toJudged(row),
    requests: Number(row.requests),
    requestMs: Number(row.request_ms),
  }))
}

/** The last calls of a service that tell of it, newest first: tests, and what was given up or still goes on, do not. */
export async function lastJudged(
  log: LogDb,
  service: string,
  { limit, since }: { limit: number; since: Date },
): Promise<JudgedCall[]> {
  const rows = await log
    .selectFrom('calls')
    .select(judged)
    .where('service', '=', service)
    .where('started_at', '>=', since.toISOString())
    .where('operation', '<>', 'check')
    .where('outcome', 'not in', ['running', 'accepted'])
    .where(({ eb, or }) => or([eb('error_kind', 'is', null), eb('error_kind', '<>', 'cancelled')]))
    .orderBy('started_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.map(toJudged)
}

const toJudged = (row: {
  seq: number
  id: string
  service: string
  operation: string
  outcome: string
  error_kind: string | null
  error_code: string | null
  started_at: string
}): JudgedCall => ({
  seq: row.seq,
  id: row.id,
  service: row.service,
  operation: row.operation,
  outcome: row.outcome,
  errorKind: row.error_kind,
  errorCode: row.error_code,
  startedAt: row.started_at,
})
