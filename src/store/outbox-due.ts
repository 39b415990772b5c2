/** What waits in the outbox: taken up when it is due, by one process alone, and given up when it is too late. */
import { valuesOf } from './dialect.ts'
import {
  type Claim,
  endWhere,
  type Entry,
  type Sender,
  sentBy,
  type StoredFailure,
} from './outbox.ts'
import type { Db } from './schema.ts'
import { atomically } from './transaction.ts'

/** The kinds of which calls are due. A cheap look: one of them may still have to wait for an earlier call. */
export async function kindsDue(db: Db, now: Date): Promise<string[]> {
  const rows = await db
    .selectFrom('outbox')
    .select('kind')
    .distinct()
    .where('status', '=', 'waiting')
    .where('finished_at', 'is', null)
    .where('next_at', '<=', now.toISOString())
    .execute()
  return rows.map(({ kind }) => kind)
}

/**
 * Takes up the next call that is due, for this process alone; `only`, `kind`: none but these. One whose recipient an
 * earlier call still waits for is passed over.
 */
export function takeDue(
  db: Db,
  sender: Sender,
  now: Date,
  { only, kind }: { only?: readonly string[]; kind?: string } = {},
): Promise<Entry | undefined> {
  return atomically(db, async (tx) => {
    const due = await tx
      .selectFrom('outbox')
      .selectAll()
      .where('status', '=', 'waiting')
      .where('finished_at', 'is', null) // says nothing more; the index is of these
      .where('next_at', '<=', now.toISOString())
      .where('deadline_at', '>', now.toISOString())
      .$if(only !== undefined, (query) => query.where('id', 'in', valuesOf(only ?? [])))
      .$if(kind !== undefined, (query) => query.where('kind', '=', kind ?? ''))
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('outbox_recipients as mine')
              .innerJoin('outbox_recipients as earlier', 'earlier.recipient', 'mine.recipient')
              .whereRef('mine.position', '=', 'outbox.position')
              .whereRef('earlier.position', '<', 'mine.position')
              .select('earlier.position'),
          ),
        ),
      )
      .orderBy('next_at')
      .orderBy('position')
      .limit(1)
      .executeTakeFirst()
    if (!due) return undefined
    const claim = { ...due, ...sentBy(sender), tries: due.tries + 1 }
    const { status, tries, host, pid, process_started_at, lease_until } = claim
    await tx
      .updateTable('outbox')
      .set({ status, tries, host, pid, process_started_at, lease_until, next_at: null })
      .where('position', '=', due.position)
      .execute()
    return { ...claim, next_at: null }
  })
}

/** What waits until later is due now, because a person wants it. */
export async function makeDue(db: Db, ids: readonly string[], now: Date): Promise<void> {
  await db
    .updateTable('outbox')
    .set({ next_at: now.toISOString() })
    .where('id', 'in', valuesOf(ids))
    .where('status', '=', 'waiting')
    .where('finished_at', 'is', null)
    .where('next_at', '>', now.toISOString())
    .execute()
}

/** Tells the others that this process is still at it. False: the call was taken away. */
export async function extendLease(
  db: Db,
  { id, tries }: Claim,
  leaseUntil: Date,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('outbox')
    .set({ lease_until: leaseUntil.toISOString() })
    .where('id', '=', id)
    .where('tries', '=', tries)
    .where('status', '=', 'sending')
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** What waited until its deadline: `dead` when it was certainly never done, else `unknown`. Returns how many. */
export async function expireWaiting(db: Db, now: Date): Promise<number> {
  const late = await db
    .selectFrom('outbox')
    .select(['id', 'tries', 'served_by', 'error', 'position'])
    .where('status', '=', 'waiting')
    .where('finished_at', 'is', null)
    .where('deadline_at', '<=', now.toISOString())
    .orderBy('position')
    .execute()
  for (const row of late) {
    const last = row.error === null ? undefined : (JSON.parse(row.error) as StoredFailure)
    const error: StoredFailure = {
      kind: last?.kind ?? 'timeout',
      code: last?.code ?? null,
      message: `not sent before its deadline${last ? `; the last try: ${last.message}` : ''}`,
      hint: last?.hint ?? null,
      outcome: row.served_by === null && last?.outcome !== 'unknown' ? 'not_done' : 'unknown',
    }
    await atomically(db, (tx) =>
      endWhere(tx, row, ['waiting'], {
        status: error.outcome === 'not_done' ? 'dead' : 'unknown',
        error: JSON.stringify(error),
        finished_at: now.toISOString(),
      }),
    )
  }
  return late.length
}

/** A clock that ran far ahead left instants that nobody would live to see: such calls are due now. */
export async function pullBackWaiting(db: Db, now: Date, furthestMs: number): Promise<void> {
  await db
    .updateTable('outbox')
    .set({ next_at: now.toISOString() })
    .where('status', '=', 'waiting')
    .where('finished_at', 'is', null)
    .where('next_at', '>', new Date(now.getTime() + furthestMs).toISOString())
    .execute()
}
