/** Products of the state as the CommerceML writer takes them, whichever source they came from. */
import { formatMinor } from '../../core/money.ts'
import type {
  ExportOffer,
  ExportPrice,
  ExportProduct,
  ExportStock,
} from '../../formats/commerceml/write-model.ts'
import { stableId } from '../../formats/stable-id.ts'
import type { StoredOffer, StoredProduct, StoredStock } from '../../store/catalog/read-products.ts'

/** Our price fields as price types of their own, for sources that know no types. */
export const priceFields = [
  { field: 'supplyPrice', name: 'Закупочная цена' },
  { field: 'invoicePrice', name: 'Цена по счёту' },
  { field: 'marketPrice', name: 'Рыночная цена' },
] as const

export const groupIdOf = (source: string, name: string): string => stableId(source, 'group', name)

export const priceTypeIdOf = (source: string, field: string): string =>
  stableId(source, 'price-type', field)

export const warehouseIdOf = (source: string, name: string): string =>
  stableId(source, 'warehouse', name)

/** The goods. What 1C once told beside our columns is told back as it was. */
export function toExportProduct(product: StoredProduct): ExportProduct {
  const { source, details, brand, groupName } = product
  return {
    ...(details as Partial<ExportProduct>),
    id: product.externalId,
    name: product.name,
    fullName: product.fullName ?? undefined,
    article: product.article ?? product.model ?? undefined,
    code: product.code ?? undefined,
    barcode: product.barcode ?? undefined,
    brand: brand ?? undefined,
    description: product.description ?? undefined,
    isDeleted: product.status === 'marked',
    pictures: [product.imageUrl, ...product.pageUrls].filter((url) => url !== null),
    ...(groupName && { groupIds: [groupIdOf(source, groupName)] }),
    ...(brand &&
      !details.manufacturer && {
        manufacturer: { id: stableId(source, 'brand', brand), name: brand },
      }),
  }
}

/** The SKUs of a product: its offers, or the product itself where its source knows no offers. */
export function toExportOffers(product: StoredProduct): ExportOffer[] {
  if (product.offers.length === 0) return [ownOffer(product)]
  return product.offers.map((offer) => ({
    ...(offer.details as Partial<ExportOffer>),
    id: offer.externalId,
    name: offer.name ?? product.name,
    article: offer.article ?? undefined,
    barcode: offer.barcode ?? undefined,
    characteristics: offer.characteristics,
    isDeleted: offer.status === 'marked',
    prices: offer.prices.map(toPrice),
    stock: stockOf(product, offer.externalId),
  }))
}

const ownOffer = (product: StoredProduct): ExportOffer => ({
  id: product.externalId,
  name: product.name,
  article: product.article ?? product.model ?? undefined,
  barcode: product.barcode ?? undefined,
  isDeleted: product.status === 'marked',
  prices: priceFields.flatMap(({ field }) => ownPrice(product, field)),
  stock: stockOf(product, product.externalId),
})

function ownPrice(
  { source, currency, ...prices }: StoredProduct,
  field: (typeof priceFields)[number]['field'],
): ExportPrice[] {
  const minor = prices[field]
  if (minor === null || currency === null) return []
  const priceTypeId = priceTypeIdOf(source, field)
  return [{ priceTypeId, amount: formatMinor(minor, currency), currency, ratio: '1' }]
}

const toPrice = (price: StoredOffer['prices'][number]): ExportPrice => ({
  ...(price.details as Partial<ExportPrice>),
  priceTypeId: price.priceTypeId,
  amount: price.price ?? undefined,
  currency: price.currency ?? undefined,
  currencyRaw: price.currencyRaw ?? undefined,
  unit: price.unit ?? undefined,
  ratio: price.ratio ?? undefined,
  minQuantity: price.minQuantity ?? undefined,
})

/** Counties see the same goods from different places, so only what was observed last counts. Unknown is left out. */
function stockOf(product: StoredProduct, externalId: string): ExportStock | undefined {
  const [latest] = product.stockRows
    .filter((row) => row.externalId === externalId)
    .toSorted((a, b) => (a.observedAt < b.observedAt ? 1 : -1))
  if (!latest || latest.rawQuantity === null) return undefined
  return { quantity: latest.rawQuantity, rows: warehouseRows(product.source, latest) }
}

/** 1C names warehouses by id; a supplier by a code of its own. */
function warehouseRows(source: string, { warehouses }: StoredStock): ExportStock['rows'] {
  return warehouses.flatMap(({ warehouseId, warehouse, quantity }) => {
    if (quantity === null || quantity === undefined) return []
    const id = warehouse ? warehouseIdOf(source, String(warehouse)) : warehouseId
    return id ? [{ warehouseId: String(id), quantity: String(quantity) }] : []
  })
}
