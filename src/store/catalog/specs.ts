/** How the rows of each table of the catalogue are made, compared and found; products and stock have their own files. */
import type { RecordTables } from '../schema-catalog.ts'
import { searchText, type RecordSpec } from './content.ts'
import { productSpec } from './products.ts'
import { stockSpec } from './stock.ts'

const group: RecordSpec<'product_groups'> = {
  table: 'product_groups',
  blank: { parent_external_id: null, name: '', search: '', details: '{}' },
  derive: ({ name }) => ({ search: searchText(name) }),
}

export type Variant = { id: string | null; value: string | null }

const property: RecordSpec<'properties'> = {
  table: 'properties',
  blank: {
    name: '',
    search: '',
    value_type: 'text',
    applies_to: 'goods',
    variants: '[]',
    details: '{}',
  },
  // One property may be split over several files with other variants each time, so they are united.
  combine: (before, told) =>
    before.variants && told.variants
      ? { ...told, variants: uniteVariants(before.variants, told.variants) }
      : told,
  derive: ({ name }) => ({ search: searchText(name) }),
}

/** Both lists as one: known variants keep their place and take the newer value. */
function uniteVariants(before: string, told: string): string {
  const united = new Map<string, Variant>()
  for (const variant of [...parseVariants(before), ...parseVariants(told)]) {
    united.set(variant.id ?? `=${variant.value}`, variant)
  }
  return JSON.stringify([...united.values()])
}

const parseVariants = (text: string): Variant[] => JSON.parse(text) as Variant[]

const priceType: RecordSpec<'price_types'> = {
  table: 'price_types',
  blank: { name: '', currency: null, currency_raw: null, is_tax_included: null, details: '{}' },
}

const warehouse: RecordSpec<'warehouses'> = {
  table: 'warehouses',
  blank: { name: '', address: null, details: '{}' },
}

const unit: RecordSpec<'units'> = {
  table: 'units',
  blank: { code: null, name: '', full_name: null, international: null, details: '{}' },
}

const customer: RecordSpec<'customers'> = {
  table: 'customers',
  blank: {
    onec_id: null,
    kind: 'person',
    name: '',
    search: '',
    full_name: null,
    tax_id: null,
    kpp: null,
    okpo: null,
    email: null,
    phone: null,
    phone_raw: null,
    last_name: null,
    first_name: null,
    middle_name: null,
    legal_address: null,
    address: null,
    contacts: '[]',
    accounts: '[]',
    details: '{}',
    findings: '[]',
  },
  derive: ({ name, full_name, tax_id, email, phone }) => ({
    search: searchText(name, full_name === name ? null : full_name, tax_id, email, phone),
  }),
}

const orderStatus: RecordSpec<'order_statuses'> = {
  table: 'order_statuses',
  blank: {
    number: null,
    onec_id: null,
    onec_number: null,
    onec_date: null,
    operation: null,
    status_raw: null,
    is_posted: null,
    is_cancelled: null,
    is_deleted: null,
    paid_at: null,
    shipped_at: null,
    sum: null,
    currency: null,
    details: '{}',
  },
  combine: (before, told) => ({ ...told, details: uniteDetails(before.details, told.details) }),
}

const offer: RecordSpec<'offers'> = {
  table: 'offers',
  blank: {
    product_external_id: '',
    name: null,
    search: '',
    article: null,
    barcode: null,
    characteristics: '[]',
    currency: null,
    supply_price: null,
    invoice_price: null,
    market_price: null,
    details: '{}',
  },
  // Names, prices and stock of an offer come in different files, none of which wipes the others.
  combine: (before, told) => ({ ...told, details: uniteDetails(before.details, told.details) }),
  derive: ({ name, article, barcode }) => ({ search: searchText(name, article, barcode) }),
}

/** Two JSON objects as one; the later fields win. Undefined when there is nothing new. */
function uniteDetails(before: string | undefined, told: string | undefined): string | undefined {
  if (before === undefined || told === undefined) return told
  return JSON.stringify({ ...parseObject(before), ...parseObject(told) })
}

const parseObject = (text: string): Record<string, unknown> =>
  JSON.parse(text) as Record<string, unknown>

const offerPrice: RecordSpec<'offer_prices'> = {
  table: 'offer_prices',
  blank: {
    offer_external_id: '',
    price_type_external_id: '',
    min_quantity: null,
    unit: null,
    ratio: null,
    price: null,
    minor: null,
    currency: null,
    currency_raw: null,
    details: '{}',
  },
}

export const recordSpecs: { [Name in keyof RecordTables]: RecordSpec<Name> } = {
  products: productSpec,
  offers: offer,
  offer_prices: offerPrice,
  stock: stockSpec,
  product_groups: group,
  properties: property,
  price_types: priceType,
  warehouses: warehouse,
  units: unit,
  customers: customer,
  order_statuses: orderStatus,
}
