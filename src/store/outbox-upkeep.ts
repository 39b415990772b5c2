/** Looking after the outbox: what its senders have left, what is not wanted any more, and what is too old. */
import { sql } from 'kysely'
import {
  type Claim,
  type End,
  endOf,
  endWhere,
  type Entry,
  type Seen,
  type StoredFailure,
} from './outbox.ts'
import { isAlive, type ProcessIdentity } from './process-identity.ts'
import type { Db, OutboxStatus } from './schema.ts'
import { atomically } from './transaction.ts'

export const listSending = (db: Db): Promise<Entry[]> =>
  db
    .selectFrom('outbox')
    .selectAll()
    .where('status', '=', 'sending')
    .where('finished_at', 'is', null) // says nothing more; the index is of these
    .orderBy('position')
    .execute()

/** Calls at a service whose end nobody knows, or has told yet, oldest first. */
export const listDoubtful = (db: Db, service: string): Promise<Entry[]> =>
  db
    .selectFrom('outbox')
    .selectAll()
    .where('served_by', '=', service)
    .where(sql<boolean>`status in ('sending', 'unknown')`) // in the words of the partial index
    .orderBy('position')
    .execute()

/** The end of a call that nobody sends any more. False: it has gone on since it was looked at. */
export const finishForsaken = (db: Db, row: Seen, end: End, at: Date): Promise<boolean> =>
  endWhere(db, row, ['sending'], endOf(end, at))

/** A process that lives and has not been heard of for so long has forgotten the call, as after a disk that was full. */
const forgottenMs = 3_600_000

/**
 * Whether nobody sends the call any more: on this host, when its process is gone; elsewhere, when its lease is over.
 * `mine` are the calls that this process is sending at the moment.
 */
export function isForsaken(
  row: Entry,
  me: ProcessIdentity,
  now: Date,
  mine: ReadonlySet<string>,
): boolean {
  const { host, pid, process_started_at: startedAt, lease_until: until } = row
  if (host === null || pid === null) return true
  const overMs = until === null ? Infinity : now.getTime() - Date.parse(until)
  if (host !== me.host) return overMs > 0
  if (pid === me.pid && startedAt === me.startedAt) return !mine.has(row.id)
  return !isAlive({ host, pid, startedAt }) || overMs > forgottenMs
}

/** What became of a call that nobody knew it of. False: it has changed since. */
export const settleEntry = (db: Db, row: Seen, end: End, at: Date): Promise<boolean> =>
  endWhere(db, row, ['unknown'], endOf(end, at))

/** Ends a call because a person wants it. False: it has changed since. */
export function dropEntry(
  db: Db,
  row: Claim & Pick<Entry, 'status'>,
  error: StoredFailure,
  at: Date,
): Promise<boolean> {
  return atomically(db, (tx) =>
    endWhere(tx, row, [row.status], {
      status: 'dropped',
      input: null,
      error: JSON.stringify(error),
      finished_at: at.toISOString(),
    }),
  )
}

/** How many rows the outbox has that ended before an instant. */
export async function countEndedBefore(db: Db, before: Date): Promise<number> {
  const { count } = await db
    .selectFrom('outbox')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('finished_at', '<', before.toISOString())
    .where('status', 'not in', ['waiting', 'sending'])
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Deletes calls that ended before an instant, oldest first, up to `limit`; returns how many. What waits is never deleted. */
export async function deleteEndedBefore(db: Db, before: Date, limit = 500): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('outbox')
    .where('position', 'in', ({ selectFrom }) =>
      selectFrom('outbox')
        .select('position')
        .where('finished_at', '<', before.toISOString())
        .where('status', 'not in', ['waiting', 'sending'])
        .orderBy('finished_at')
        .limit(limit),
    )
    .executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}

/** Calls by status; those of nothing are left out. */
export async function countEntries(db: Db): Promise<Partial<Record<OutboxStatus, number>>> {
  const rows = await db
    .selectFrom('outbox')
    .select(['status', sql<number>`count(*)`.as('count')])
    .where('status', 'in', ['waiting', 'sending', 'dead', 'unknown'])
    .groupBy('status')
    .execute()
  return Object.fromEntries(rows.map(({ status, count }) => [status, Number(count)]))
}
