import type { Change } from '../../core/change.ts'
import type { Db } from '../schema.ts'
import type { RecordSpec } from './content.ts'
import { mergeRecords, previewRecords, type Merged, type Statement } from './merge.ts'

/** Stock of one product or SKU in one county, as its source tells it. */
export type CatalogStock = {
  externalId: string
  /** The product it belongs to; the same as `externalId` where products have no SKUs. */
  productExternalId: string
  /** Left out where the source knows no counties. */
  county?: string
  /** Canonical decimal; null is unknown, which is not zero. A negative one is kept raw and sold as 0. */
  quantity: string | null
  /** One row for each warehouse, in the source's own terms. */
  warehouses: readonly Record<string, unknown>[]
}

export const stockSpec: RecordSpec<'stock'> = {
  table: 'stock',
  alsoKey: 'county',
  blank: {
    county: '',
    product_external_id: '',
    quantity: null,
    raw_quantity: null,
    warehouses: '[]',
    observed_at: '',
  },
  stamped: ['observed_at'],
}

/** Saves one batch of stock figures, about 500 at most, in the caller's transaction. */
export const saveStock = (
  tx: Db,
  source: string,
  stock: readonly CatalogStock[],
  at: Date,
): Promise<Merged> => mergeRecords(tx, stockSpec, source, statementsOf(stock, at), at)

/** What `saveStock` would change, field by field. */
export const previewStock = (
  db: Db,
  source: string,
  stock: readonly CatalogStock[],
  at: Date,
): Promise<Change[]> => previewRecords(db, stockSpec, source, statementsOf(stock, at), at)

const statementsOf = (stock: readonly CatalogStock[], at: Date): Statement<'stock'>[] =>
  stock.map(({ externalId, productExternalId, county, quantity, warehouses }) => ({
    externalId,
    also: county,
    values: {
      product_external_id: productExternalId,
      quantity: quantity?.startsWith('-') ? '0' : quantity,
      raw_quantity: quantity,
      warehouses: JSON.stringify(warehouses),
      observed_at: at.toISOString(),
    },
  }))
