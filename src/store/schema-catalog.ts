/** The tables of the catalogue as kysely sees them: goods, what they cost and how many there are, and customers. */
import type { Generated } from 'kysely'

/** ISO 8601, UTC, milliseconds. */
type Instant = string
/** JSON as text. */
type JsonText = string
/** Minor units of the row's currency; null is no price, which is not zero. */
type Minor = number | null
/** Canonical decimal (core/decimal.ts). */
type Decimal = string

/** What every outside record has. `marked`: gone from the source or deleted there; the row stays and may come back. */
export type RecordColumns = {
  id: Generated<number>
  source: string
  external_id: string
  status: 'active' | 'marked'
  marked_at: Instant | null
  marked_reason: string | null
  content_hash: string
  revision: number
  created_at: Instant
  updated_at: Instant
}

export type ProductTable = RecordColumns & {
  catalog_id: string | null
  name: string
  search: string
  model: string | null
  full_name: string | null
  article: string | null
  code: string | null
  barcode: string | null
  brand: string | null
  group_name: string | null
  unit: string | null
  description: string | null
  vat_rate: string | null
  currency: string | null
  supply_price: Minor
  invoice_price: Minor
  market_price: Minor
  stock_rebate: string | null
  rebate_type: string | null
  rebate_money: Minor
  image_url: string | null
  page_urls: JsonText
  is_sales: 0 | 1 | null
  no_sales_reason: string | null
  details: JsonText
  synced_at: Instant
}

export type OfferTable = RecordColumns & {
  product_external_id: string
  name: string | null
  search: string
  article: string | null
  barcode: string | null
  characteristics: JsonText
  currency: string | null
  supply_price: Minor
  invoice_price: Minor
  market_price: Minor
  details: JsonText
}

export type OfferPriceTable = RecordColumns & {
  offer_external_id: string
  price_type_external_id: string
  min_quantity: Decimal | null
  unit: string | null
  ratio: Decimal | null
  price: Decimal | null
  minor: Minor
  currency: string | null
  currency_raw: string | null
  details: JsonText
}

export type StockTable = RecordColumns & {
  /** Empty where the source knows no counties. */
  county: string
  product_external_id: string
  /** What may be sold: never negative; null is unknown, which is not zero. */
  quantity: Decimal | null
  raw_quantity: Decimal | null
  warehouses: JsonText
  /** When the source first gave these figures. */
  observed_at: Instant
}

export type ProductGroupTable = RecordColumns & {
  parent_external_id: string | null
  name: string
  search: string
  details: JsonText
}

export type PropertyTable = RecordColumns & {
  name: string
  search: string
  value_type: string
  applies_to: string
  variants: JsonText
  details: JsonText
}

export type PriceTypeTable = RecordColumns & {
  name: string
  currency: string | null
  currency_raw: string | null
  is_tax_included: 0 | 1 | null
  details: JsonText
}

export type WarehouseTable = RecordColumns & {
  name: string
  address: string | null
  details: JsonText
}

export type UnitTable = RecordColumns & {
  code: string | null
  name: string
  full_name: string | null
  international: string | null
  details: JsonText
}

export type CustomerTable = RecordColumns & {
  onec_id: string | null
  kind: 'legal' | 'sole_proprietor' | 'person'
  name: string
  search: string
  full_name: string | null
  tax_id: string | null
  kpp: string | null
  okpo: string | null
  email: string | null
  phone: string | null
  phone_raw: string | null
  last_name: string | null
  first_name: string | null
  middle_name: string | null
  legal_address: string | null
  address: string | null
  contacts: JsonText
  accounts: JsonText
  details: JsonText
  findings: JsonText
}

export type OrderStatusTable = RecordColumns & {
  number: string | null
  onec_id: string | null
  onec_number: string | null
  onec_date: string | null
  operation: string | null
  status_raw: string | null
  is_posted: 0 | 1 | null
  is_cancelled: 0 | 1 | null
  is_deleted: 0 | 1 | null
  paid_at: string | null
  shipped_at: string | null
  sum: Minor
  currency: string | null
  details: JsonText
}

export type ImportFindingTable = {
  run_id: string
  seq: number
  kind: string
  file: string | null
  key: string | null
  text: string
}

export type ImportFindingTotalTable = { run_id: string; kind: string; total: number }

export type ImportCountTable = {
  run_id: string
  entity: string
  created: number
  updated: number
  unchanged: number
  failed: number
  marked: number
}

/** Tables whose rows are outside records. */
export type RecordTables = {
  products: ProductTable
  offers: OfferTable
  offer_prices: OfferPriceTable
  stock: StockTable
  product_groups: ProductGroupTable
  properties: PropertyTable
  price_types: PriceTypeTable
  warehouses: WarehouseTable
  units: UnitTable
  customers: CustomerTable
  order_statuses: OrderStatusTable
}

export type CatalogTables = RecordTables & {
  import_findings: ImportFindingTable
  import_finding_totals: ImportFindingTotalTable
  import_counts: ImportCountTable
}
