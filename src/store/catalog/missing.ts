/** What a full listing no longer has: counted first, marked only while the guard allows it. */
import { sql, type Expression, type SqlBool } from 'kysely'
import { CaravanError } from '../../core/errors.ts'
import type { Db } from '../schema.ts'
import { markedPrefix } from './content.ts'

export type Listing = {
  source: string
  /** Only products of this listing can be missing from it; left out: all of the source. */
  catalogId?: string
  /** Query of one column: the external ids that were listed. */
  seen: Expression<unknown>
}

export type ShrinkGuard = {
  /** Most of the active products that may vanish at once, in percent. */
  maxShrinkPercent: number
  /** The operator has looked at the numbers and lets it through. */
  acceptShrink: boolean
}

/** Active products of a source, or of one listing of it. */
export async function countActive(db: Db, source: string, catalogId?: string): Promise<number> {
  const { count } = await db
    .selectFrom('products')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('source', '=', source)
    .where('status', '=', 'active')
    .$if(catalogId !== undefined, (query) => query.where('catalog_id', '=', catalogId ?? ''))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Keys of active products that the listing does not have, in order. */
export async function findMissing(db: Db, listing: Listing): Promise<string[]> {
  const rows = await db
    .selectFrom('products')
    .select('external_id')
    .where('status', '=', 'active')
    .where(isMissing(listing))
    .orderBy('external_id')
    .execute()
  return rows.map(({ external_id }) => external_id)
}

/**
 * Marks what is missing and returns its keys. Nothing is deleted, and a product that comes back finds its old row.
 * Throws `guard_shrunk` when more would vanish than the guard allows; then nothing was changed.
 */
export async function markMissing(
  tx: Db,
  listing: Listing,
  guard: ShrinkGuard,
  at: Date,
): Promise<string[]> {
  const missing = await findMissing(tx, listing)
  if (missing.length === 0) return []
  checkShrink(await countActive(tx, listing.source, listing.catalogId), missing.length, guard)
  const now = at.toISOString()
  await tx
    .updateTable('products')
    .set({
      status: 'marked',
      marked_at: now,
      marked_reason: 'not in the last full listing',
      // Whoever looks for what can be bought must not find it; a source that never said stays unknown.
      is_sales: sql<0 | null>`case when is_sales is null then null else 0 end`,
      content_hash: sql<string>`${markedPrefix} || content_hash`,
      revision: sql<number>`revision + 1`,
      updated_at: now,
    })
    .where('status', '=', 'active')
    .where(isMissing(listing))
    .execute()
  return missing
}

/** Throws `guard_shrunk` when more than the allowed share of the active products would be marked. */
export function checkShrink(active: number, missing: number, guard: ShrinkGuard): void {
  const percent = (missing / Math.max(1, active)) * 100
  if (guard.acceptShrink || percent <= guard.maxShrinkPercent) return
  throw new CaravanError({
    code: 'guard_shrunk',
    message: `The full listing lacks ${missing} of ${active} active products (${percent.toFixed(1)} %); at most ${guard.maxShrinkPercent} % may vanish at once. Nothing was marked.`,
    hint: 'Look at the source first: a listing cut short looks just like this. If the products are really gone, repeat with --accept-shrink.',
  })
}

const isMissing = ({ source, catalogId, seen }: Listing): Expression<SqlBool> =>
  sql<SqlBool>`source = ${source} and (${catalogId ?? null} is null or catalog_id = ${catalogId ?? null}) and external_id not in ${seen}`
