/** What an exchange named, so that the end of a full listing can tell what is missing. */
import { sql, type Expression } from 'kysely'
import { valuesOf } from '../dialect.ts'
import type { Db } from '../schema.ts'
import { indexStaged, staged } from './staging.ts'

/** Notes products that an exchange named, and whether they were staged or are in the table just so. */
export async function stageSeen(
  db: Db,
  externalIds: readonly string[],
  isStaged: boolean,
): Promise<void> {
  if (externalIds.length === 0) return
  await staged(db)
    .insertInto('staged_seen')
    .columns(['external_id', 'is_staged'])
    .expression(sql`select value, ${isStaged ? 1 : 0} from ${valuesOf(externalIds)}`)
    .execute()
}

/**
 * To be called when everything was read: of a product that was named several times the last word stays staged. Returns
 * how many of the named products are in the table just so.
 */
export async function settleProducts(db: Db): Promise<number> {
  await indexStaged(db)
  await db.schema
    .createIndex('staged_seen_id')
    .ifNotExists()
    .on('staged_seen')
    .columns(['external_id', 'seq', 'is_staged'])
    .execute()
  await sql`
    delete from staged_products
    where external_id in (
      select external_id from staged_seen group by external_id having count(*) > 1
    ) and (
      seq <> (select max(seq) from staged_products as later where later.external_id = staged_products.external_id)
      or 0 = (
        select is_staged from staged_seen where staged_seen.external_id = staged_products.external_id
        order by staged_seen.seq desc limit 1
      )
    )`.execute(db)
  const { named } = await staged(db)
    .selectFrom('staged_seen')
    .select(({ fn }) => fn.count<number>('external_id').distinct().as('named'))
    .executeTakeFirstOrThrow()
  const { waiting } = await staged(db)
    .selectFrom('staged_products')
    .select(({ fn }) => fn.countAll<number>().as('waiting'))
    .executeTakeFirstOrThrow()
  return Number(named) - Number(waiting)
}

/** Query of one column: every product the exchange named. */
export const stagedSeen: Expression<unknown> = sql`(select external_id from staged_seen)`
