/** Moves a staged exchange into the catalogue, a batch at a time. */
import type { Change } from '../../core/change.ts'
import { moveProducts, nextStaged, previewMove } from '../../store/catalog/move-products.ts'
import type { PriceTypeUse } from '../../store/catalog/offer-prices.ts'
import { previewOffers, saveOffers, type OfferStatement } from '../../store/catalog/offers.ts'
import { previewTable, saveRecords } from '../../store/catalog/records.ts'
import { addCounts, addFindings, FindingBox } from '../../store/catalog/run-details.ts'
import {
  nextRecords,
  type StagedEntity,
  type StagedRecord,
} from '../../store/catalog/stage-records.ts'
import type { Db } from '../../store/schema.ts'
import type { Saved } from '../define.ts'

/** One record on its way into the catalogue. A batch holds records of one table in the order of their ids. */
export type Item =
  | { table: 'products'; key: string; isKnown?: boolean }
  | { table: StagedEntity; key: string; record: StagedRecord }

export type Target = {
  source: string
  runId: string
  types: ReadonlyMap<string, PriceTypeUse>
  at: Date
}

const batchSize = 500
/** Products are moved by the database alone, which takes 2000 in less time than 500 rows take from here. */
const productBatch = 2000

/** Dictionaries before what refers to them, products before their offers. */
const order: readonly (StagedEntity | 'products')[] = [
  'price_types',
  'warehouses',
  'units',
  'properties',
  'product_groups',
  'products',
  'offers',
  'customers',
  'order_statuses',
]

/** Everything staged, in batches; first the products that are in the table just so already, which only count. */
export async function* stagedItems(db: Db, unchangedProducts: number): AsyncGenerator<Item[]> {
  for (let left = unchangedProducts; left > 0; left -= 10 * batchSize) {
    const length = Math.min(left, 10 * batchSize)
    yield Array.from({ length }, () => ({ table: 'products' as const, key: '', isKnown: true }))
  }
  for (const table of order) {
    if (table === 'products') yield* stagedProducts(db)
    else yield* stagedRecords(db, table)
  }
}

async function* stagedProducts(db: Db): AsyncGenerator<Item[]> {
  let last: string | undefined
  for (;;) {
    const keys = await nextStaged(db, last, productBatch)
    if (keys.length === 0) return
    last = keys.at(-1)
    yield keys.map((key) => ({ table: 'products' as const, key }))
  }
}

async function* stagedRecords(db: Db, table: StagedEntity): AsyncGenerator<Item[]> {
  let last: string | undefined
  for (;;) {
    const records = await nextRecords(db, table, last, batchSize)
    if (records.length === 0) return
    last = records.at(-1)?.externalId
    yield records.map((record) => ({ table, key: record.externalId, record }))
  }
}

/** Saves one batch in the caller's transaction. */
export async function applyItems(
  tx: Db,
  items: readonly Item[],
  { source, runId, types, at }: Target,
): Promise<Saved> {
  const [first] = items
  if (!first) return { created: 0, updated: 0, unchanged: 0 }
  if (first.table === 'products') {
    const saved = first.isKnown
      ? { created: 0, updated: 0, unchanged: items.length }
      : await moveProducts(tx, source, rangeOf(items), at)
    await addCounts(tx, runId, 'products', saved)
    return saved
  }
  if (first.table === 'offers') {
    const offers = recordsOf<OfferStatement>(items)
    const saved = await saveOffers(tx, source, offers, types, at)
    for (const table of ['offers', 'offer_prices', 'stock'] as const) {
      await addCounts(tx, runId, table, saved[table])
    }
    const findings = new FindingBox()
    for (const key of saved.unknown) findings.add(unknownOffer(key))
    for (const problem of saved.problems) findings.add({ kind: 'price_unusable', ...problem })
    for (const key of await withoutProduct(tx, source, offers)) findings.add(orphan(key))
    await addFindings(tx, runId, findings)
    return saved.total
  }
  const saved = await saveRecords(tx, first.table, source, recordsOf(items), at)
  await addCounts(tx, runId, first.table, saved)
  return saved
}

/** What `applyItems` would change, field by field. */
export async function previewItems(
  db: Db,
  items: readonly Item[],
  { source, types, at }: Omit<Target, 'runId'>,
): Promise<Change[]> {
  const [first] = items
  if (!first) return []
  if (first.table === 'products') {
    return first.isKnown ? [] : previewMove(db, source, rangeOf(items))
  }
  if (first.table === 'offers') {
    return previewOffers(db, source, recordsOf<OfferStatement>(items), types, at)
  }
  return previewTable(db, first.table, source, recordsOf(items), at)
}

const rangeOf = (items: readonly Item[]) => ({
  first: items[0]?.key ?? '',
  last: items.at(-1)?.key ?? '',
})

const recordsOf = <Record extends StagedRecord>(items: readonly Item[]): Record[] =>
  items.flatMap((item) => (item.table === 'products' ? [] : [item.record as Record]))

const unknownOffer = (key: string) => ({
  kind: 'offer_unknown',
  key,
  text: `${key} is changed, but no file ever described it; it was not created`,
})

const orphan = (key: string) => ({
  kind: 'offer_without_product',
  key,
  text: `${key} is an offer of a product that no file ever described`,
})

async function withoutProduct(
  tx: Db,
  source: string,
  offers: readonly OfferStatement[],
): Promise<string[]> {
  const productOf = new Map(
    offers.map(({ externalId, values }) => [externalId, values.product_external_id ?? externalId]),
  )
  const rows = await tx
    .selectFrom('products')
    .select('external_id')
    .where('source', '=', source)
    .where('external_id', 'in', [...new Set(productOf.values())])
    .execute()
  const known = new Set(rows.map(({ external_id }) => external_id))
  return [...productOf].filter(([, product]) => !known.has(product)).map(([offer]) => offer)
}
