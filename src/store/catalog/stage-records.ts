/** Everything but products on its way through the staging tables: one statement for each outside record. */
import type { RecordTables } from '../schema-catalog.ts'
import type { Db } from '../schema.ts'
import type { Statement } from './merge.ts'
import { foldPrices, type OfferPrices } from './offer-prices.ts'
import { recordSpecs } from './specs.ts'
import { staged } from './staging.ts'
import type { CatalogStock } from './stock.ts'

/** Tables that are filled record by record. */
export type StagedEntity = Exclude<keyof RecordTables, 'products' | 'offer_prices' | 'stock'>

/** What all files of an exchange say about one record, taken together. */
export type StagedRecord<Name extends StagedEntity = StagedEntity> = Statement<Name> & {
  /** False: only a file of changes names it, which creates nothing. */
  mayCreate?: boolean
  /** Of an offer: its prices and stock, where they are spoken of. */
  prices?: OfferPrices
  stock?: CatalogStock
}

/** Stages statements of one table. What was staged of the same record before is completed by the later word. */
export async function stageRecords<Name extends StagedEntity>(
  db: Db,
  entity: Name,
  statements: readonly StagedRecord<Name>[],
): Promise<void> {
  if (statements.length === 0) return
  const folded = await readStaged(db, entity, [
    ...new Set(statements.map(({ externalId }) => externalId)),
  ])
  for (const statement of statements) {
    const before = folded.get(statement.externalId)
    folded.set(statement.externalId, before ? fold(entity, before, statement) : statement)
  }
  await staged(db)
    .insertInto('staged_records')
    .values(
      [...folded].map(([external_id, body]) => ({
        entity,
        external_id,
        body: JSON.stringify(body),
      })),
    )
    .onConflict((conflict) =>
      conflict
        .columns(['entity', 'external_id'])
        .doUpdateSet(({ ref }) => ({ body: ref('excluded.body') })),
    )
    .execute()
}

async function readStaged<Name extends StagedEntity>(
  db: Db,
  entity: Name,
  externalIds: readonly string[],
): Promise<Map<string, StagedRecord<Name>>> {
  const rows = await staged(db)
    .selectFrom('staged_records')
    .select(['external_id', 'body'])
    .where('entity', '=', entity)
    .where('external_id', 'in', externalIds)
    .execute()
  return new Map(rows.map((row) => [row.external_id, JSON.parse(row.body) as StagedRecord<Name>]))
}

function fold<Name extends StagedEntity>(
  entity: Name,
  before: StagedRecord<Name>,
  next: StagedRecord<Name>,
): StagedRecord<Name> {
  const { combine } = recordSpecs[entity]
  const told = combine?.(before.values, next.values) ?? next.values
  const isSilent = next.standing === 'same'
  return {
    ...before,
    ...next,
    values: { ...before.values, ...defined(told) },
    standing: isSilent ? before.standing : next.standing,
    mayCreate: before.mayCreate !== false || next.mayCreate !== false,
    prices: foldPrices(before.prices, next.prices),
    stock: next.stock ?? before.stock,
  }
}

/** Without the columns that are left open: those stay as an earlier word said. */
const defined = <T extends object>(values: T): Partial<T> =>
  Object.fromEntries(Object.entries(values).filter(([, cell]) => cell !== undefined)) as Partial<T>

/** The next staged records of a table, in the order of their ids. */
export async function nextRecords<Name extends StagedEntity>(
  db: Db,
  entity: Name,
  after: string | undefined,
  limit: number,
): Promise<StagedRecord<Name>[]> {
  const rows = await staged(db)
    .selectFrom('staged_records')
    .select('body')
    .where('entity', '=', entity)
    .$if(after !== undefined, (query) => query.where('external_id', '>', after ?? ''))
    .orderBy('external_id')
    .limit(limit)
    .execute()
  return rows.map(({ body }) => JSON.parse(body) as StagedRecord<Name>)
}
