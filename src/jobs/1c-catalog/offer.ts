import type { CommerceOffer, CommercePrice } from '../../formats/commerceml/records.ts'
import type { CatalogPrice } from '../../store/catalog/offer-prices.ts'
import type { OfferStatement } from '../../store/catalog/offers.ts'
import { deletedReason, itemDetails, put } from './product.ts'

/**
 * What a `Предложение` says of its SKU. Names, prices and stock come in one file or in three, so only the parts it has
 * are told: a file of prices or of stock never wipes a name, a deletion mark removes only this SKU, and a file that does
 * not name the SKU does not bring a deleted one back.
 */
export function toOffer(
  offer: CommerceOffer & { id: string },
  package_: { isFull: boolean },
): OfferStatement {
  const { id } = offer
  const productId = offer.productId ?? id
  const has = new Set(offer.has)
  const isDescribed = offer.name !== undefined && !offer.isChange
  return {
    externalId: id,
    values: { product_external_id: productId, ...(isDescribed && described(offer, has)) },
    standing: offer.isDeleted ? { markedFor: deletedReason } : isDescribed ? 'listed' : 'same',
    mayCreate: !offer.isChange,
    prices: has.has('Цены') ? { isFull: package_.isFull, rows: toPrices(offer.prices) } : undefined,
    stock: offer.stock && {
      externalId: id,
      productExternalId: productId,
      quantity: offer.stock.quantity ?? null,
      warehouses: offer.stock.rows.map(({ warehouseId, quantity }) => ({
        warehouseId: warehouseId ?? null,
        quantity,
      })),
    },
  }
}

/** Only the fields the file has an element for; an empty element means that there is no value. */
function described(offer: CommerceOffer, has: ReadonlySet<string>): OfferStatement['values'] {
  const details = itemDetails(offer)
  delete details['characteristics'] // these have a column
  put(details, 'groupIds', offer.groupIds)
  put(details, 'pictures', offer.pictures)
  put(details, 'description', offer.description)
  put(details, 'taxes', offer.taxes)
  put(details, 'goodsGroupCode', offer.goodsGroupCode)
  return {
    name: offer.name,
    article: has.has('Артикул') ? (offer.article ?? null) : undefined,
    barcode: has.has('Штрихкод') ? (offer.barcode ?? null) : undefined,
    characteristics: has.has('ХарактеристикиТовара')
      ? JSON.stringify(offer.characteristics)
      : undefined,
    details: JSON.stringify(details),
  }
}

/** Of two prices for the same type, quantity and unit the later one counts; a price without a type says nothing. */
function toPrices(prices: readonly CommercePrice[]): CatalogPrice[] {
  const rows = new Map<string, CatalogPrice>()
  for (const price of prices) {
    if (price.priceTypeId === undefined) continue
    const details: Record<string, unknown> = {}
    put(details, 'text', price.text)
    put(details, 'taxes', price.taxes)
    put(details, 'unitId', price.unitId)
    const unit = price.unit ?? price.unitId
    rows.set(JSON.stringify([price.priceTypeId, price.minQuantity, unit]), {
      priceTypeId: price.priceTypeId,
      price: price.amount,
      currency: price.currency,
      currencyRaw: price.currencyRaw,
      minQuantity: price.minQuantity,
      unit,
      ratio: price.ratio,
      details,
    })
  }
  return [...rows.values()]
}
