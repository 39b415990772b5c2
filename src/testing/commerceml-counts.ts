import { addDecimals } from '../core/decimal.ts'
import type {
  CommerceDocument,
  CommerceOffer,
  CommerceRecord,
} from '../formats/commerceml/records.ts'

type Batches = AsyncIterable<CommerceRecord[]>

/** All records of a reading, in order. */
export async function allRecords(batches: Batches): Promise<CommerceRecord[]> {
  const records: CommerceRecord[] = []
  for await (const batch of batches) records.push(...batch)
  return records
}

/**
 * The counts and sums that `expected.json` of a folder of CommerceML samples holds for each file. Money and quantities
 * are summed exactly; names and meanings are those of the README beside it.
 */
export function countCommerceml(records: readonly CommerceRecord[]): Record<string, unknown> {
  const of = <T extends CommerceRecord['type']>(type: T) =>
    records.filter((record): record is Extract<CommerceRecord, { type: T }> => record.type === type)
  const header = of('header')[0]
  return {
    encoding: header?.encoding,
    bom: header?.hasBom,
    root: header && 'КоммерческаяИнформация',
    version: header?.version ?? null,
    namespace: header?.namespace ?? null,
    formed_at: header?.formedAt ?? null,
    ...countBlocks(records),
    groups: of('group').length,
    root_groups: of('group').filter((group) => group.depth === 1).length,
    group_depth: Math.max(0, ...of('group').map((group) => group.depth)),
    properties: of('property').length,
    property_variants: of('property').flatMap((property) => property.variants).length,
    price_types: of('priceType').length,
    warehouses: of('warehouse').length,
    units: of('unit').length,
    ...countProducts(of('product')),
    ...countOffers(of('offer')),
    ...countCustomers(of('customer')),
    ...countDocuments(of('document')),
  }
}

function countBlocks(records: readonly CommerceRecord[]) {
  const topLevel: string[] = []
  const changesOnly: Record<string, string> = {}
  let containers = 0
  for (const record of records) {
    if (record.type === 'document' && record.container === undefined) topLevel.push('Документ')
    if (record.type !== 'block' || record.phase !== 'begin') continue
    topLevel.push(record.name)
    if (record.name === 'Контейнер') containers++
    if (record.changesOnlyRaw !== undefined) changesOnly[record.name] = record.changesOnlyRaw
  }
  return { top_level: topLevel, changes_only: changesOnly, containers }
}

type Of<T extends CommerceRecord['type']> = Extract<CommerceRecord, { type: T }>[]

function countProducts(products: Of<'product'>) {
  return {
    products: products.length,
    distinct_product_ids: new Set(products.map((product) => product.id)).size,
    products_deleted: products.filter((product) => product.isDeleted).length,
    products_with_barcode: products.filter((product) => product.barcode !== undefined).length,
    products_with_article: products.filter((product) => product.article !== undefined).length,
    pictures: products.flatMap((product) => product.pictures).length,
    product_property_values: products.flatMap((product) => product.propertyValues).length,
    product_requisites: products.flatMap((product) => product.requisites).length,
  }
}

const sum = (decimals: readonly (string | undefined)[]): string =>
  addDecimals(...decimals.filter((decimal) => decimal !== undefined))

function countOffers(offers: CommerceOffer[]) {
  const prices = offers.flatMap((offer) => offer.prices)
  const stocks = offers.map((offer) => offer.stock).filter((stock) => stock !== undefined)
  const rows = stocks.flatMap((stock) => stock.rows)
  const byWarehouse = Map.groupBy(rows, (row) => row.warehouseId ?? '')
  return {
    offers: offers.length,
    distinct_offer_ids: new Set(offers.map((offer) => offer.id)).size,
    offers_deleted: offers.filter((offer) => offer.isDeleted).length,
    offers_with_characteristic: offers.filter((offer) => offer.characteristicId !== undefined)
      .length,
    distinct_offer_product_ids: new Set(offers.map((offer) => offer.productId)).size,
    prices: prices.length,
    price_sum: sum(prices.map((price) => price.amount)),
    currencies: [...new Set(prices.map((price) => price.currencyRaw))]
      .filter((currency) => currency !== undefined)
      .toSorted(),
    stock_offers: stocks.length,
    stock_total: sum(stocks.map((stock) => stock.quantity)),
    stock_rows: rows.length,
    stock_total_from_quantity: sum(stocks.map((stock) => stock.fromQuantity)),
    stock_total_from_warehouses: sum(stocks.map((stock) => stock.fromRows)),
    stock_by_warehouse: Object.fromEntries(
      [...byWarehouse].map(([id, list]) => [id, sum(list.map((row) => row.quantity))]),
    ),
  }
}

function countCustomers(customers: Of<'customer'>) {
  return {
    customers: customers.length,
    customers_deleted: customers.filter((customer) => customer.isDeleted).length,
    customers_with_inn: customers.filter((customer) => customer.inn !== undefined).length,
    customers_inn_checksum_ok: customers.filter((customer) => isInn(customer.inn ?? '')).length,
    customers_with_kpp: customers.filter((customer) => customer.kpp !== undefined).length,
    customers_legal: customers.filter((customer) => customer.officialName !== undefined).length,
    customer_contacts: customers.flatMap((customer) => customer.contacts).length,
    customer_accounts: customers.flatMap((customer) => customer.accounts).length,
  }
}

function countDocuments(documents: CommerceDocument[]) {
  const lines = documents.flatMap((document) => document.lines)
  const operations = Map.groupBy(documents, (document) => document.operation ?? '')
  const isOrder = (document: CommerceDocument) => document.operation === 'Заказ товара'
  return {
    documents: documents.length,
    documents_by_operation: Object.fromEntries(
      [...operations].map(([name, list]) => [name, list.length]),
    ),
    orders: documents.filter(isOrder).length,
    order_lines: lines.length,
    order_sum: sum(documents.map((document) => document.amount)),
    order_lines_sum: sum(lines.map((line) => line.amount)),
    order_lines_quantity: sum(lines.map((line) => line.quantity)),
    order_customers: documents.flatMap((document) => document.customers).length,
    order_requisites: documents.flatMap((document) => document.requisites).length,
    order_numbers: documents.map((document) => document.number),
  }
}

const weights = [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]

/** Whether the check digits of a Russian tax number are right: 10 digits with one, 12 with two. */
function isInn(inn: string): boolean {
  if (!/^(?:\d{10}|\d{12})$/.test(inn) || /^0+$/.test(inn)) return false
  const digits = [...inn].map(Number)
  const isRight = (at: number): boolean => {
    const own = weights.slice(weights.length - at)
    const total = own.reduce((all, weight, index) => all + weight * (digits[index] ?? 0), 0)
    return (total % 11) % 10 === digits[at]
  }
  return digits.length === 10 ? isRight(9) : isRight(10) && isRight(11)
}
