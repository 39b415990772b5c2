import type { CommerceItem, CommerceProduct } from '../../formats/commerceml/records.ts'
import type { CatalogProduct } from '../../store/catalog/products.ts'

/**
 * A `Товар` as the table keeps it. 1C writes a product whole or not at all, so what is absent is no longer there: a
 * picture, a group, a description. Prices and stock come with offers. The first picture is the main one, `pageUrls` are
 * the others; groups and units stay ids and are looked up when read, for they may arrive later than the product.
 */
export const toProduct = (
  product: CommerceProduct & { id: string },
  catalogId: string | undefined,
): CatalogProduct => ({
  externalId: product.id,
  catalogId: catalogId ?? null,
  name: product.name ?? product.fullName ?? product.article ?? product.id,
  fullName: product.fullName ?? requisite(product, 'полноенаименование') ?? null,
  article: product.article ?? null,
  code: product.code ?? requisite(product, 'код') ?? null,
  barcode: product.barcode ?? null,
  brand: product.brand ?? null,
  unit: product.unit?.shortName ?? product.unit?.id ?? null,
  description: product.description ?? product.descriptionHtml ?? null,
  vatRate: vatOf(product),
  imageUrl: product.pictures[0] ?? null,
  pageUrls: product.pictures.slice(1),
  details: productDetails(product),
  markedFor: product.isDeleted ? deletedReason : undefined,
})

export const deletedReason = 'marked for deletion in 1C'

function vatOf({ taxes }: CommerceProduct): string | null {
  const vat = taxes.find(({ name }) => name === undefined || /^ндс$/iu.test(name))
  return vat?.rate ?? vat?.rateRaw ?? null
}

/** Names of requisites differ in blanks and case. */
const requisite = ({ requisites }: CommerceItem, plainName: string): string | undefined =>
  requisites.find(({ name }) => name && name.replace(/\s+/g, '').toLowerCase() === plainName)
    ?.values[0]

function productDetails(product: CommerceProduct): Record<string, unknown> {
  const details = itemDetails(product)
  put(details, 'groupIds', product.groupIds)
  put(details, 'categoryId', product.categoryId)
  put(details, 'taxes', product.taxes)
  put(details, 'manufacturer', product.manufacturer)
  put(details, 'brandOwner', product.brandOwner)
  put(details, 'country', product.country)
  put(details, 'descriptionHtml', product.descriptionHtml)
  put(details, 'counterpartyProductId', product.counterpartyProductId)
  put(details, 'goodsGroupCode', product.goodsGroupCode)
  return details
}

/** What products and offers have in common and no column is there for. Empty fields are left out. */
export function itemDetails(item: CommerceItem): Record<string, unknown> {
  const details: Record<string, unknown> = {}
  put(details, 'characteristicId', item.characteristicId)
  put(details, 'propertyValues', item.propertyValues)
  put(details, 'requisites', item.requisites)
  put(details, 'unit', item.unit)
  put(details, 'weight', item.weight)
  put(details, 'netWeight', item.netWeight)
  put(details, 'width', item.width)
  put(details, 'length', item.length)
  put(details, 'height', item.height)
  put(details, 'characteristics', item.characteristics)
  return details
}

/** Sets a field unless it is undefined or an empty list. */
export function put(details: Record<string, unknown>, name: string, value: unknown): void {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return
  details[name] = value
}
