import type { Change } from '../../core/change.ts'
import type { Db } from '../schema.ts'
import { mergeRecords, previewRecords, type Merged, type Statement } from './merge.ts'
import { planPrices, type PriceTypeUse } from './offer-prices.ts'
import { recordSpecs } from './specs.ts'
import type { StagedRecord } from './stage-records.ts'
import { previewStock, saveStock, type CatalogStock } from './stock.ts'

export type OfferStatement = StagedRecord<'offers'>

export type SavedOffers = {
  /** In offers: one counts as updated when any of its three parts was. */
  total: { created: number; updated: number; unchanged: number }
  offers: Merged
  offer_prices: Merged
  stock: Merged
  /** Offers that only a file of changes names; nothing of them was saved. */
  unknown: string[]
  problems: { key: string; text: string }[]
}

type Types = ReadonlyMap<string, PriceTypeUse>

/**
 * Saves one batch of offers with what was said of their prices and stock, in the caller's transaction. A part that was
 * not spoken of stays. Offers that only a file of changes names are not created; their prices and stock are not saved.
 */
export async function saveOffers(
  tx: Db,
  source: string,
  offers: readonly OfferStatement[],
  types: Types,
  at: Date,
): Promise<SavedOffers> {
  const plan = await planOffers(tx, source, offers, types)
  const saved = await mergeRecords(tx, recordSpecs.offers, source, plan.offers, at)
  const prices = await mergeRecords(tx, recordSpecs.offer_prices, source, plan.prices, at)
  const stock = await saveStock(tx, source, plan.stock, at)
  const offerOf = new Map(plan.prices.map(({ externalId, offerId }) => [externalId, offerId]))
  const priced = prices.written.map((key) => offerOf.get(key) ?? key)
  const written = new Set([...saved.written, ...priced, ...stock.written]).size
  return {
    total: {
      created: saved.created,
      updated: written - saved.created,
      unchanged: offers.length - written,
    },
    offers: saved,
    offer_prices: prices,
    stock,
    unknown: plan.unknown,
    problems: plan.problems,
  }
}

/** What `saveOffers` would change, field by field; one change for each offer. */
export async function previewOffers(
  db: Db,
  source: string,
  offers: readonly OfferStatement[],
  types: Types,
  at: Date,
): Promise<Change[]> {
  const plan = await planOffers(db, source, offers, types)
  const joined = new Map<string, Change>()
  for (const change of await previewRecords(db, recordSpecs.offers, source, plan.offers, at)) {
    joined.set(change.key, change)
  }
  for (const change of await previewStock(db, source, plan.stock, at)) {
    join(joined, change.key, change, 'stock')
  }
  const offerOf = new Map(plan.prices.map(({ externalId, offerId }) => [externalId, offerId]))
  for (const change of await previewRecords(
    db,
    recordSpecs.offer_prices,
    source,
    plan.prices,
    at,
  )) {
    join(joined, offerOf.get(change.key) ?? change.key, change, `price ${change.key}`)
  }
  return [...joined.values()]
}

function join(joined: Map<string, Change>, key: string, change: Change, what: string): void {
  const fields = change.fields.map((field) => ({ ...field, field: `${what} ${field.field}` }))
  const known = joined.get(key)
  if (known) known.fields.push(...fields)
  else joined.set(key, { key, action: 'change', fields })
}

type OfferPlan = {
  offers: Statement<'offers'>[]
  prices: (Statement<'offer_prices'> & { offerId: string })[]
  stock: CatalogStock[]
} & Pick<SavedOffers, 'unknown' | 'problems'>

async function planOffers(
  db: Db,
  source: string,
  offers: readonly OfferStatement[],
  types: Types,
): Promise<OfferPlan> {
  const present = await presentPrices(db, source, offers)
  const unknown = await findUnknown(db, source, offers)
  const plan: OfferPlan = { offers: [], prices: [], stock: [], unknown: [], problems: [] }
  for (const { prices, stock, mayCreate, ...statement } of offers) {
    const { externalId } = statement
    if (mayCreate === false && unknown.has(externalId)) {
      plan.unknown.push(externalId)
      continue
    }
    const priced = prices && planPrices(externalId, prices, present.get(externalId) ?? [], types)
    plan.offers.push({ ...statement, values: { ...statement.values, ...priced?.values } })
    for (const price of priced?.statements ?? [])
      plan.prices.push({ ...price, offerId: externalId })
    for (const text of priced?.problems ?? []) plan.problems.push({ key: externalId, text })
    if (stock) plan.stock.push(stock)
  }
  return plan
}

async function presentPrices(db: Db, source: string, offers: readonly OfferStatement[]) {
  const ids = offers.filter(({ prices }) => prices).map(({ externalId }) => externalId)
  if (ids.length === 0) return new Map<string, never[]>()
  const rows = await db
    .selectFrom('offer_prices')
    .selectAll()
    .where('source', '=', source)
    .where('status', '=', 'active')
    .where('offer_external_id', 'in', ids)
    .execute()
  return Map.groupBy(rows, (row) => row.offer_external_id)
}

async function findUnknown(
  db: Db,
  source: string,
  offers: readonly OfferStatement[],
): Promise<Set<string>> {
  const ids = offers.filter(({ mayCreate }) => mayCreate === false).map((one) => one.externalId)
  if (ids.length === 0) return new Set()
  const rows = await db
    .selectFrom('offers')
    .select('external_id')
    .where('source', '=', source)
    .where('external_id', 'in', ids)
    .execute()
  return new Set(ids).difference(new Set(rows.map(({ external_id }) => external_id)))
}
