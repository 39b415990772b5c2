/** Moves staged products into their table: pure SQL, which is several times as fast as sending rows from here. */
import { sql, type Expression, type SqlBool } from 'kysely'
import type { Change } from '../../core/change.ts'
import { valuesOf } from '../dialect.ts'
import type { Db } from '../schema.ts'
import { describeChange } from './merge.ts'
import { productSpec } from './products.ts'
import { staged, stagedProductColumns } from './staging.ts'

/** Keys of the next staged products in order. */
export async function nextStaged(
  db: Db,
  after: string | undefined,
  limit: number,
): Promise<string[]> {
  const rows = await staged(db)
    .selectFrom('staged_products')
    .select('external_id')
    .$if(after !== undefined, (query) => query.where('external_id', '>', after ?? ''))
    .orderBy('external_id')
    .limit(limit)
    .execute()
  return rows.map(({ external_id }) => external_id)
}

export type Moved = { created: number; updated: number; unchanged: number; marked: number }

type Range = { first: string; last: string }

/** Moves the staged products between two keys, both included, into the table. */
export async function moveProducts(tx: Db, source: string, range: Range, at: Date): Promise<Moved> {
  const before = await countBefore(tx, source, range)
  const now = at.toISOString()
  const taken = stagedProductColumns.filter((column) => column !== 'external_id')
  const result = await staged(tx)
    .insertInto('products')
    .columns(['source', 'external_id', ...taken, 'revision', 'created_at', 'updated_at'])
    .expression(
      (eb) =>
        eb
          .selectFrom('staged_products')
          .select([
            eb.val(source).as('source'),
            'external_id',
            ...taken,
            eb.lit(1).as('revision'),
            eb.val(now).as('created_at'),
            eb.val(now).as('updated_at'),
          ])
          .where(inRange(range))
          .orderBy('external_id'), // in the order of the unique index: three times as fast
    )
    .onConflict((conflict) =>
      conflict
        .columns(['source', 'external_id'])
        .doUpdateSet(({ ref }) => ({
          ...Object.fromEntries(taken.map((column) => [column, ref(`excluded.${column}`)])),
          updated_at: ref('excluded.updated_at'),
          revision: sql<number>`products.revision + 1`,
        }))
        .whereRef('products.content_hash', 'is distinct from', 'excluded.content_hash' as never),
    )
    .executeTakeFirstOrThrow()
  const written = Number(result.numInsertedOrUpdatedRows ?? 0n)
  const created = before.staged - before.known
  return {
    created,
    updated: written - created,
    unchanged: before.staged - written,
    marked: before.marking,
  }
}

async function countBefore(tx: Db, source: string, range: Range) {
  const counts = await staged(tx)
    .selectFrom('staged_products')
    .leftJoin('products', (join) =>
      join
        .onRef('products.external_id', '=', 'staged_products.external_id')
        .on('products.source', '=', source),
    )
    .select(({ fn }) => [
      fn.countAll<number>().as('staged'),
      fn.count<number>('products.id').as('known'),
      sql<number>`count(case when products.status = 'active' and staged_products.status = 'marked' then 1 end)`.as(
        'marking',
      ),
    ])
    .where(inRange(range, 'staged_products.'))
    .executeTakeFirstOrThrow()
  return {
    staged: Number(counts.staged),
    known: Number(counts.known),
    marking: Number(counts.marking),
  }
}

const inRange = ({ first, last }: Range, table = ''): Expression<SqlBool> =>
  sql<SqlBool>`${sql.raw(table)}external_id between ${first} and ${last}`

/** What `moveProducts` would change, field by field. */
export async function previewMove(db: Db, source: string, range: Range): Promise<Change[]> {
  const rows = await staged(db)
    .selectFrom('staged_products')
    .selectAll()
    .where(inRange(range))
    .orderBy('external_id')
    .execute()
  const ids = rows.map(({ external_id }) => external_id)
  const present = await db
    .selectFrom('products')
    .selectAll()
    .where('source', '=', source)
    .where('external_id', 'in', valuesOf(ids))
    .execute()
  const before = new Map(present.map((row) => [row.external_id, row]))
  return rows.map((row) => {
    const known = before.get(row.external_id)
    return describeChange(productSpec, known, { ...productSpec.blank, ...known, ...row })
  })
}
