/** The dictionaries of a source, whole: groups, properties, price types, warehouses, units. */
import type { Selectable } from 'kysely'
import type { Database, Db } from '../schema.ts'

type Tables = Pick<
  Database,
  'product_groups' | 'properties' | 'price_types' | 'warehouses' | 'units'
>

/** What a dictionary says about one term; `details` is what the source told beside the columns. */
export type Term<Name extends keyof Tables> = Omit<Selectable<Tables[Name]>, 'details'> & {
  details: Record<string, unknown>
}

/** Every term in the order of source and id; of all sources when none is named. */
export async function listTerms<Name extends keyof Tables>(
  db: Db,
  table: Name,
  source: string | undefined,
): Promise<Term<Name>[]> {
  let query = db.selectFrom(table as 'units').selectAll()
  if (source) query = query.where('source', '=', source)
  const rows = await query.orderBy('source').orderBy('external_id').execute()
  return rows.map((row) => ({
    ...row,
    details: JSON.parse(row.details) as Record<string, unknown>,
  })) as unknown as Term<Name>[]
}

/** When anything of the catalogue was last written; undefined when there is nothing. */
export async function lastChangeOf(
  db: Db,
  tables: readonly ('products' | 'offers' | 'offer_prices' | 'stock' | 'customers')[],
  source: string | undefined,
): Promise<string | undefined> {
  const latest = await Promise.all(
    tables.map((table) => {
      const query = db
        .selectFrom(table as 'products')
        .select(({ fn }) => fn.max('updated_at').as('at'))
      return (source ? query.where('source', '=', source) : query).executeTakeFirst()
    }),
  )
  return latest
    .flatMap((row) => row?.at ?? [])
    .toSorted()
    .at(-1)
}
