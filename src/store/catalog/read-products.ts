/** Products as others read them: with their offers, prices and stock, a page at a time. */
import type { Selectable } from 'kysely'
import { addDecimals } from '../../core/decimal.ts'
import { containing } from '../dialect.ts'
import { sql } from 'kysely'
import type { OfferPriceTable, OfferTable, ProductTable, StockTable } from '../schema-catalog.ts'
import type { Db } from '../schema.ts'
import { searchText } from './content.ts'

/** Prices are minor units of `currency`; null is no price. */
export type StoredProduct = {
  source: string
  externalId: string
  catalogId: string | null
  status: 'active' | 'marked'
  markedAt: string | null
  markedReason: string | null
  name: string
  model: string | null
  fullName: string | null
  article: string | null
  code: string | null
  barcode: string | null
  brand: string | null
  groupName: string | null
  unit: string | null
  description: string | null
  vatRate: string | null
  currency: string | null
  supplyPrice: number | null
  invoicePrice: number | null
  marketPrice: number | null
  stockRebate: string | null
  rebateType: string | null
  rebateMoney: number | null
  imageUrl: string | null
  pageUrls: string[]
  isSales: boolean | null
  noSalesReason: string | null
  details: Record<string, unknown>
  revision: number
  createdAt: string
  updatedAt: string
  /** What can be sold of all its SKUs together, as a decimal; null when nothing is known. */
  stock: string | null
  /** Stock of the product itself and of its offers, by SKU and county. */
  stockRows: StoredStock[]
  offers: StoredOffer[]
}

export type StoredStock = {
  externalId: string
  county: string
  quantity: string | null
  rawQuantity: string | null
  warehouses: Record<string, unknown>[]
  observedAt: string
}

export type StoredOffer = {
  externalId: string
  status: 'active' | 'marked'
  name: string | null
  article: string | null
  barcode: string | null
  characteristics: { id?: string; name?: string; value?: string }[]
  currency: string | null
  supplyPrice: number | null
  invoicePrice: number | null
  marketPrice: number | null
  details: Record<string, unknown>
  stock: string | null
  /** Every price it has, of every type, marked ones left out. */
  prices: StoredPrice[]
}

export type StoredPrice = {
  priceTypeId: string
  minQuantity: string | null
  unit: string | null
  ratio: string | null
  price: string | null
  minor: number | null
  currency: string | null
  currencyRaw: string | null
  details: Record<string, unknown>
}

export type ProductFilter = {
  source?: string
  status?: 'active' | 'marked'
  /** Found anywhere in name, model, article, code or barcode, whatever the case. */
  search?: string
}

/** All products in the order of source and external id, a batch at a time; memory does not grow with their number. */
export async function* streamProducts(
  db: Db,
  filter: ProductFilter = {},
  batch = 500,
): AsyncGenerator<StoredProduct[]> {
  let last: { source: string; external_id: string } | undefined
  for (;;) {
    const rows: Selectable<ProductTable>[] = await pageOf(db, filter, last, batch)
    if (rows.length === 0) return
    yield await withOffers(db, rows)
    last = rows.at(-1)
  }
}

/** The first products that match, with offers, prices and stock. */
export const findProducts = async (
  db: Db,
  filter: ProductFilter,
  limit = 50,
): Promise<StoredProduct[]> => withOffers(db, await pageOf(db, filter, undefined, limit))

function pageOf(
  db: Db,
  { source, status, search }: ProductFilter,
  after: { source: string; external_id: string } | undefined,
  limit: number,
): Promise<Selectable<ProductTable>[]> {
  let query = db.selectFrom('products').selectAll()
  if (source) query = query.where('source', '=', source)
  if (status) query = query.where('status', '=', status)
  if (search) {
    const pattern = containing(searchText(search))
    query = query.where(sql<boolean>`search like ${pattern} escape '\\'`)
  }
  if (after) {
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('source', 'external_id'), '>', tuple(after.source, after.external_id)),
    )
  }
  return query.orderBy('source').orderBy('external_id').limit(limit).execute()
}

async function withOffers(
  db: Db,
  rows: readonly Selectable<ProductTable>[],
): Promise<StoredProduct[]> {
  const products: StoredProduct[] = []
  for (const [source, some] of Map.groupBy(rows, (row) => row.source)) {
    const ids = some.map(({ external_id }) => external_id)
    const offers = await db
      .selectFrom('offers')
      .selectAll()
      .where('source', '=', source)
      .where('product_external_id', 'in', ids)
      .orderBy('external_id')
      .execute()
    const stock = await db
      .selectFrom('stock')
      .selectAll()
      .where('source', '=', source)
      .where('product_external_id', 'in', ids)
      .orderBy('external_id')
      .orderBy('county')
      .execute()
    const prices = Map.groupBy(await pricesOf(db, source, ids), (row) => row.offer_external_id)
    const stockOf = Map.groupBy(stock, (row) => row.product_external_id)
    const offersOf = Map.groupBy(offers, (row) => row.product_external_id)
    for (const row of some) {
      const shelf = stockOf.get(row.external_id) ?? []
      const own = (offersOf.get(row.external_id) ?? []).map((offer) =>
        toOffer(offer, prices.get(offer.external_id) ?? [], shelf),
      )
      products.push(toProduct(row, own, shelf))
    }
  }
  return products
}

const pricesOf = (db: Db, source: string, productIds: readonly string[]) =>
  db
    .selectFrom('offer_prices')
    .innerJoin('offers', (join) =>
      join
        .onRef('offers.external_id', '=', 'offer_prices.offer_external_id')
        .onRef('offers.source', '=', 'offer_prices.source'),
    )
    .selectAll('offer_prices')
    .where('offer_prices.source', '=', source)
    .where('offer_prices.status', '=', 'active')
    .where('offers.product_external_id', 'in', productIds)
    .orderBy('offer_prices.external_id')
    .execute()

const parse = <T>(text: string): T => JSON.parse(text) as T

function toProduct(
  row: Selectable<ProductTable>,
  offers: StoredOffer[],
  shelf: readonly Selectable<StockTable>[],
): StoredProduct {
  // A product of 1C without characteristics has its prices at the offer of the same id.
  const priced = offers.find(({ externalId }) => externalId === row.external_id) ?? undefined
  return {
    source: row.source,
    externalId: row.external_id,
    catalogId: row.catalog_id,
    status: row.status,
    markedAt: row.marked_at,
    markedReason: row.marked_reason,
    name: row.name,
    model: row.model,
    fullName: row.full_name,
    article: row.article,
    code: row.code,
    barcode: row.barcode,
    brand: row.brand,
    groupName: row.group_name,
    unit: row.unit,
    description: row.description,
    vatRate: row.vat_rate,
    currency: row.currency ?? priced?.currency ?? null,
    supplyPrice: row.supply_price ?? priced?.supplyPrice ?? null,
    invoicePrice: row.invoice_price ?? priced?.invoicePrice ?? null,
    marketPrice: row.market_price ?? priced?.marketPrice ?? null,
    stockRebate: row.stock_rebate,
    rebateType: row.rebate_type,
    rebateMoney: row.rebate_money,
    imageUrl: row.image_url,
    pageUrls: parse(row.page_urls),
    isSales: row.is_sales === null ? null : row.is_sales === 1,
    noSalesReason: row.no_sales_reason,
    details: parse(row.details),
    revision: row.revision,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    stock: totalStock(shelf),
    stockRows: shelf.map(toStock),
    offers,
  }
}

function toOffer(
  row: Selectable<OfferTable>,
  prices: readonly Selectable<OfferPriceTable>[],
  shelf: readonly Selectable<StockTable>[],
): StoredOffer {
  return {
    externalId: row.external_id,
    status: row.status,
    name: row.name,
    article: row.article,
    barcode: row.barcode,
    characteristics: parse(row.characteristics),
    currency: row.currency,
    supplyPrice: row.supply_price,
    invoicePrice: row.invoice_price,
    marketPrice: row.market_price,
    details: parse(row.details),
    stock: totalStock(shelf.filter(({ external_id }) => external_id === row.external_id)),
    prices: prices.map((price) => ({
      priceTypeId: price.price_type_external_id,
      minQuantity: price.min_quantity,
      unit: price.unit,
      ratio: price.ratio,
      price: price.price,
      minor: price.minor,
      currency: price.currency,
      currencyRaw: price.currency_raw,
      details: parse(price.details),
    })),
  }
}

const toStock = (row: Selectable<StockTable>): StoredStock => ({
  externalId: row.external_id,
  county: row.county,
  quantity: row.quantity,
  rawQuantity: row.raw_quantity,
  warehouses: parse(row.warehouses),
  observedAt: row.observed_at,
})

/** Counties see the same goods from different places, so only the one observed last counts for each SKU. */
function totalStock(shelf: readonly Selectable<StockTable>[]): string | null {
  const latest = new Map<string, Selectable<StockTable>>()
  for (const row of shelf) {
    const other = latest.get(row.external_id)
    if (!other || row.observed_at > other.observed_at) latest.set(row.external_id, row)
  }
  const known = [...latest.values()].flatMap(({ quantity }) => quantity ?? [])
  return known.length > 0 ? addDecimals(...known) : null
}
