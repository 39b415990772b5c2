/** Reads the files of an exchange into the staging tables. The catalogue itself is not touched. */
import type { CommerceBlock, CommerceRecord } from '../../formats/commerceml/records.ts'
import { FindingBox } from '../../store/catalog/run-details.ts'
import { stageProducts, toStaged, type StagedProduct } from '../../store/catalog/stage-products.ts'
import {
  stageRecords,
  type StagedEntity,
  type StagedRecord,
} from '../../store/catalog/stage-records.ts'
import type { Db } from '../../store/schema.ts'
import type { ItemFailure } from '../define.ts'
import { checkCustomer, customerKey, isBuyer, toCustomer } from './customer.ts'
import { toGroup, toPriceType, toProperty, toUnit, toWarehouse } from './dictionaries.ts'
import { documentKey, toOrderStatus } from './document.ts'
import { toOffer } from './offer.ts'
import { toProduct } from './product.ts'

export type StageOptions = { source: string; timezone: string; at: Date }

/** What was read, beside what stands in the staging tables. */
export type Exchange = {
  failures: ItemFailure[]
  /** By table, how many records could not be kept. */
  failed: Map<string, number>
  findings: FindingBox
  /** Ids of all price types that prices were given for. */
  pricedTypes: Set<string>
  hasPriceTypes: boolean
  /** Catalogues with a full listing, and how many products each catalogue named. */
  fullCatalogs: Set<string>
  productsOf: Map<string, number>
}

export const newExchange = (): Exchange => ({
  failures: [],
  failed: new Map(),
  findings: new FindingBox(),
  pricedTypes: new Set(),
  hasPriceTypes: false,
  fullCatalogs: new Set(),
  productsOf: new Map(),
})

type Waiting = {
  products: StagedProduct[]
  records: { [Name in StagedEntity]: StagedRecord<Name>[] }
}

const nothingWaiting = (): Waiting => ({
  products: [],
  records: {
    price_types: [],
    warehouses: [],
    properties: [],
    units: [],
    product_groups: [],
    offers: [],
    customers: [],
    order_statuses: [],
  },
})

const batchSize = 500

/** Stages the records of one file, as the reader yields them. Throws what the reader throws. */
export async function stageFile(
  db: Db,
  file: string,
  batches: AsyncIterable<CommerceRecord[]>,
  exchange: Exchange,
  options: StageOptions,
): Promise<void> {
  let block: CommerceBlock | undefined
  let waiting = nothingWaiting()
  for await (const records of batches) {
    for (const record of records) {
      if (record.type === 'block') block = record.phase === 'begin' ? record : undefined
      if (record.type === 'block') noteBlock(exchange, record, file)
      else take(record, { file, block, waiting, exchange, options })
    }
    if (sizeOf(waiting) < batchSize) continue
    await flush(db, waiting, exchange, options)
    waiting = nothingWaiting()
  }
  await flush(db, waiting, exchange, options)
}

/** Catalogues the exchange lists in full. A full listing that names no product is no listing and concludes nothing. */
export const fullListings = ({ fullCatalogs, productsOf }: Exchange): string[] =>
  [...fullCatalogs].filter((id) => (productsOf.get(id) ?? 0) > 0)

function noteBlock(exchange: Exchange, block: CommerceBlock, file: string): void {
  if (block.name !== 'Каталог' || block.changesOnly) return
  if (block.catalogueId !== undefined) exchange.fullCatalogs.add(block.catalogueId)
  else if (block.phase === 'end') {
    exchange.findings.add({
      kind: 'catalogue_nameless',
      file,
      text: 'A full listing does not say which catalogue it is of, so nothing is missing from it.',
    })
  }
}

type Place = {
  file: string
  block: CommerceBlock | undefined
  waiting: Waiting
  exchange: Exchange
  options: StageOptions
}

function take(record: CommerceRecord, place: Place): void {
  const { waiting, exchange, file } = place
  const { records } = waiting
  switch (record.type) {
    case 'finding':
      exchange.findings.add({
        kind: record.code,
        file,
        key: record.id,
        text: [record.message, record.element, at(record)].filter(Boolean).join('; '),
      })
      break
    case 'product':
      if (hasId(record)) {
        waiting.products.push(toStaged(toProduct(record, place.block?.catalogueId)))
      } else fail(place, 'products', record)
      break
    case 'offer':
      if (hasId(record)) takeOffer(record, place)
      else fail(place, 'offers', record)
      break
    case 'group':
      if (hasId(record)) records.product_groups.push(toGroup(record))
      else fail(place, 'product_groups', record)
      break
    case 'property':
      if (hasId(record)) records.properties.push(toProperty(record))
      else fail(place, 'properties', record)
      break
    case 'priceType':
      exchange.hasPriceTypes = true
      if (hasId(record)) records.price_types.push(toPriceType(record))
      else fail(place, 'price_types', record)
      break
    case 'warehouse':
      if (hasId(record)) records.warehouses.push(toWarehouse(record))
      else fail(place, 'warehouses', record)
      break
    case 'unit': {
      const id = record.id ?? record.code ?? record.shortName // units without a code do occur
      if (id !== undefined) records.units.push(toUnit({ ...record, id }))
      else fail(place, 'units', record)
      break
    }
    case 'customer':
      takeCustomer(record, place)
      break
    case 'document': {
      const key = documentKey(record)
      if (key === undefined) fail(place, 'order_statuses', record)
      else records.order_statuses.push(toOrderStatus(record, key, place.options.timezone))
      break
    }
    default: // header, block, category and end tell nothing that has a table
  }
}

const at = ({ offset }: { offset?: number }): string =>
  offset === undefined ? '' : `byte ${offset}`

const hasId = <T extends { id?: string }>(record: T): record is T & { id: string } =>
  record.id !== undefined

function takeOffer(record: Extract<CommerceRecord, { type: 'offer' }>, place: Place): void {
  if (!hasId(record)) return
  const isFull = place.block?.changesOnly === false
  const offer = toOffer(record, { isFull })
  for (const { priceTypeId } of offer.prices?.rows ?? [])
    place.exchange.pricedTypes.add(priceTypeId)
  place.waiting.records.offers.push(offer)
}

function takeCustomer(record: Extract<CommerceRecord, { type: 'customer' }>, place: Place): void {
  const { exchange, file, waiting } = place
  const key = customerKey(record)
  if (key === undefined) return fail(place, 'customers', record)
  if (!isBuyer(record)) {
    const text = `${record.name ?? key} is ${record.roles.join(', ')}, not a buyer, and is not kept`
    return exchange.findings.add({ kind: 'customer_not_buyer', file, key, text })
  }
  for (const text of checkCustomer(record)) {
    exchange.findings.add({ kind: 'customer_odd', file, key, text })
  }
  waiting.records.customers.push(toCustomer(record, key))
}

/** Without an id a record would become another one at every exchange. */
function fail({ exchange, file }: Place, entity: string, { offset }: { offset?: number }): void {
  exchange.failed.set(entity, (exchange.failed.get(entity) ?? 0) + 1)
  exchange.failures.push({
    key: `${file}@${offset ?? 0}`,
    reason: `a record for ${entity} has no identifier and cannot be kept`,
  })
}

const sizeOf = ({ products, records }: Waiting): number =>
  products.length + Object.values(records).reduce((sum, { length }) => sum + length, 0)

async function flush(
  db: Db,
  { products, records }: Waiting,
  exchange: Exchange,
  { source, at: now }: StageOptions,
): Promise<void> {
  for (const product of products) {
    const catalog = product.catalogId ?? ''
    exchange.productsOf.set(catalog, (exchange.productsOf.get(catalog) ?? 0) + 1)
  }
  await stageProducts(db, source, products, now)
  for (const entity of Object.keys(records) as StagedEntity[]) {
    await stageRecords(db, entity, records[entity])
  }
}
