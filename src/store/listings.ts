/**
 * A listing that is kept on disk while it arrives: a vendor that can only list everything at once is asked once, and a
 * run that is killed in the middle of working through the answer goes on without asking again.
 */
import { setImmediate as turn } from 'node:timers/promises'
import type { Selectable } from 'kysely'
import { newId } from '../core/ids.ts'
import type { Database, Db } from './schema.ts'
import { atomically } from './transaction.ts'

export type Listing = {
  id: string
  job: string
  source: string
  /** Names everything there is: what is not in it is gone. */
  isFull: boolean
  /** It arrived to its end. */
  isComplete: boolean
  count: number
  startedAt: string
  completedAt: string | null
}

export type ListingItem = {
  externalId: string
  /** JSON text, or empty where the id is all that matters. */
  body: string
}

export async function beginListing(
  db: Db,
  { job, source, isFull, now }: { job: string; source: string; isFull: boolean; now: Date },
): Promise<string> {
  const id = newId()
  await db
    .insertInto('listings')
    .values({
      id,
      job,
      source,
      is_full: isFull ? 1 : 0,
      complete: 0,
      count: 0,
      started_at: now.toISOString(),
      completed_at: null,
    })
    .execute()
  return id
}

const rowsOfStatement = 500

/** Adds a batch. An item whose id is there already replaces that one and keeps its place. */
export async function addToListing(
  db: Db,
  id: string,
  items: readonly ListingItem[],
): Promise<void> {
  const unique = [...new Map(items.map((item) => [item.externalId, item])).values()]
  await atomically(db, async (tx) => {
    let seq = await lastSeq(tx, id)
    for (let from = 0; from < unique.length; from += rowsOfStatement) {
      const rows = unique.slice(from, from + rowsOfStatement).map(({ externalId, body }) => ({
        listing_id: id,
        seq: ++seq,
        external_id: externalId,
        body,
      }))
      await tx
        .insertInto('listing_items')
        .values(rows)
        .onConflict((conflict) =>
          conflict
            .columns(['listing_id', 'external_id'])
            .doUpdateSet(({ ref }) => ({ body: ref('excluded.body') })),
        )
        .execute()
    }
  })
}

/** Says that the listing has arrived to its end. Returns how many items it has. */
export async function completeListing(db: Db, id: string, now: Date): Promise<number> {
  return atomically(db, async (tx) => {
    const { count } = await tx
      .selectFrom('listing_items')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('listing_id', '=', id)
      .executeTakeFirstOrThrow()
    await tx
      .updateTable('listings')
      .set({ complete: 1, count: Number(count), completed_at: now.toISOString() })
      .where('id', '=', id)
      .execute()
    return Number(count)
  })
}

/** Undefined when it was dropped. */
export async function getListing(db: Db, id: string): Promise<Listing | undefined> {
  const row = await db.selectFrom('listings').selectAll().where('id', '=', id).executeTakeFirst()
  return row && toListing(row)
}

/** The latest listing of a job that arrived to its end and was not dropped since. */
export async function openListingOf(db: Db, job: string): Promise<Listing | undefined> {
  const row = await db
    .selectFrom('listings')
    .selectAll()
    .where('job', '=', job)
    .where('complete', '=', 1)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && toListing(row)
}

/** Listings of a job that never arrived to their end, or were followed by another: good for `dropListing` only. */
export async function staleListingsOf(db: Db, job: string): Promise<string[]> {
  const open = await openListingOf(db, job)
  const rows = await db.selectFrom('listings').select('id').where('job', '=', job).execute()
  return rows.map(({ id }) => id).filter((id) => id !== open?.id)
}

/**
 * Ends listings: `openListingOf` no longer finds them. Belongs into the transaction that makes them worthless; what
 * they hold is removed by `dropListing`. `scope` is one way of running a job, `job` every way of it (`<job>#…`).
 */
export async function closeListings(
  tx: Db,
  which: { scope: string } | { job: string },
): Promise<void> {
  let update = tx.updateTable('listings').set({ complete: 0 })
  if ('scope' in which) update = update.where('job', '=', which.scope)
  else update = update.where('job', '>=', `${which.job}#`).where('job', '<', `${which.job}$`)
  await update.execute()
}

/** Listings of a job, whatever the way it is run, that nobody goes on with: not complete, closed, or older than `before`. */
export async function forgottenListings(db: Db, job: string, before: Date): Promise<string[]> {
  const rows = await db
    .selectFrom('listings')
    .select('id')
    .where('job', '>=', `${job}#`)
    .where('job', '<', `${job}$`) // the character after #
    .where(({ or, eb }) =>
      or([eb('complete', '=', 0), eb('started_at', '<', before.toISOString())]),
    )
    .execute()
  return rows.map(({ id }) => id)
}

/** The items after a place, in the order of arrival; begin at 0 and go on at the last `seq`. */
export async function readListing(
  db: Db,
  id: string,
  afterSeq: number,
  limit: number,
): Promise<(ListingItem & { seq: number })[]> {
  return db
    .selectFrom('listing_items')
    .select(['seq', 'external_id as externalId', 'body'])
    .where('listing_id', '=', id)
    .where('seq', '>', afterSeq)
    .orderBy('seq')
    .limit(limit)
    .execute()
}

/** How many items stand before a place: what is done of a listing that is worked through. */
export async function countListingTo(db: Db, id: string, seq: number): Promise<number> {
  const { count } = await db
    .selectFrom('listing_items')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('listing_id', '=', id)
    .where('seq', '<=', seq)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Removes a listing, its items in small batches with a turn of the event loop between. */
export async function dropListing(db: Db, id: string, batchSize = 1000): Promise<void> {
  await db.updateTable('listings').set({ complete: 0 }).where('id', '=', id).execute()
  for (let isMore = true; isMore; await turn()) {
    const end = await db
      .selectFrom('listing_items')
      .select('seq')
      .where('listing_id', '=', id)
      .orderBy('seq')
      .offset(batchSize - 1)
      .limit(1)
      .executeTakeFirst()
    let some = db.deleteFrom('listing_items').where('listing_id', '=', id)
    if (end) some = some.where('seq', '<=', end.seq)
    await some.execute()
    isMore = end !== undefined
  }
  await db.deleteFrom('listings').where('id', '=', id).execute()
}

async function lastSeq(tx: Db, id: string): Promise<number> {
  const row = await tx
    .selectFrom('listing_items')
    .select(({ fn }) => fn.max('seq').as('seq'))
    .where('listing_id', '=', id)
    .executeTakeFirst()
  return Number(row?.seq ?? 0)
}

const toListing = (row: Selectable<Database['listings']>): Listing => ({
  id: row.id,
  job: row.job,
  source: row.source,
  isFull: row.is_full === 1,
  isComplete: row.complete === 1,
  count: row.count,
  startedAt: row.started_at,
  completedAt: row.completed_at,
})
