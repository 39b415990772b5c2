import type { Change } from '../../core/change.ts'
import type { Db } from '../schema.ts'
import { searchText, type Content, type RecordSpec } from './content.ts'
import { mergeRecords, previewRecords, type Merged, type Statement } from './merge.ts'

/**
 * A product as any source tells it. A field left out was not spoken of and stays as it is in the table; null says that
 * there is none. Prices are minor units of `currency`.
 */
export type CatalogProduct = {
  externalId: string
  /** The listing it belongs to; a full listing marks only what is missing from itself. */
  catalogId?: string | null
  name?: string
  model?: string | null
  fullName?: string | null
  article?: string | null
  code?: string | null
  barcode?: string | null
  brand?: string | null
  groupName?: string | null
  unit?: string | null
  description?: string | null
  /** Percent as a decimal, or the source's own word for no tax. */
  vatRate?: string | null
  currency?: string | null
  supplyPrice?: number | null
  invoicePrice?: number | null
  marketPrice?: number | null
  stockRebate?: string | null
  rebateType?: string | null
  rebateMoney?: number | null
  imageUrl?: string | null
  pageUrls?: string[]
  isSales?: boolean | null
  noSalesReason?: string | null
  /** What has no column of its own. Replaced as a whole. */
  details?: Record<string, unknown>
  /** The source says that it is gone. The row stays, marked with this reason. */
  markedFor?: string
}

export const productSpec: RecordSpec<'products'> = {
  table: 'products',
  blank: {
    catalog_id: null,
    name: '',
    search: '',
    model: null,
    full_name: null,
    article: null,
    code: null,
    barcode: null,
    brand: null,
    group_name: null,
    unit: null,
    description: null,
    vat_rate: null,
    currency: null,
    supply_price: null,
    invoice_price: null,
    market_price: null,
    stock_rebate: null,
    rebate_type: null,
    rebate_money: null,
    image_url: null,
    page_urls: '[]',
    is_sales: null,
    no_sales_reason: null,
    details: '{}',
    synced_at: '',
  },
  stamped: ['synced_at'],
  derive: (content) => ({
    search: searchText(...searchedColumns.map((column) => content[column])),
  }),
}

/** What people look for when they look for a product. */
export const searchedColumns = ['name', 'model', 'article', 'code', 'barcode'] as const

/**
 * Saves one batch of a source's products, about 500 at most, in the caller's transaction. A product that was marked and
 * is listed again becomes active in its old row.
 */
export const saveProducts = (
  tx: Db,
  source: string,
  products: readonly CatalogProduct[],
  at: Date,
): Promise<Merged> => mergeRecords(tx, productSpec, source, statementsOf(products, at), at)

/** What `saveProducts` would change, field by field. */
export const previewProducts = (
  db: Db,
  source: string,
  products: readonly CatalogProduct[],
  at: Date,
): Promise<Change[]> => previewRecords(db, productSpec, source, statementsOf(products, at), at)

const statementsOf = (products: readonly CatalogProduct[], at: Date): Statement<'products'>[] =>
  products.map((product) => ({
    externalId: product.externalId,
    standing: product.markedFor === undefined ? 'listed' : { markedFor: product.markedFor },
    values: { ...productColumns(product), synced_at: at.toISOString() },
  }))

/** The columns a product speaks about; what it leaves out is undefined. */
export const productColumns = (product: CatalogProduct): Partial<Content<'products'>> => ({
  catalog_id: product.catalogId,
  name: product.name,
  model: product.model,
  full_name: product.fullName,
  article: product.article,
  code: product.code,
  barcode: product.barcode,
  brand: product.brand,
  group_name: product.groupName,
  unit: product.unit,
  description: product.description,
  vat_rate: product.vatRate,
  currency: product.currency,
  supply_price: product.supplyPrice,
  invoice_price: product.invoicePrice,
  market_price: product.marketPrice,
  stock_rebate: product.stockRebate,
  rebate_type: product.rebateType,
  rebate_money: product.rebateMoney,
  image_url: product.imageUrl,
  page_urls: product.pageUrls && JSON.stringify(product.pageUrls),
  is_sales: flag(product.isSales),
  no_sales_reason: product.noSalesReason,
  details: product.details && JSON.stringify(product.details),
})

/** A yes or no as it stands in an integer column. */
export const flag = (value: boolean | null | undefined): 0 | 1 | null | undefined =>
  typeof value === 'boolean' ? (value ? 1 : 0) : value
