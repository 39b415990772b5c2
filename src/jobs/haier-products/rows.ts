import type { Money } from '../../core/money.ts'
import type { CatalogProduct } from '../../store/catalog/products.ts'
import type { CatalogStock } from '../../store/catalog/stock.ts'
import type { Item } from './details.ts'

/** A product as the table keeps it. What was not asked for is left out, so that it stays as it was. */
export const toProduct = ({ product, price }: Item): CatalogProduct => ({
  externalId: product.code,
  code: product.code,
  name: product.model || product.code,
  model: product.model,
  brand: product.brand,
  groupName: product.group,
  imageUrl: product.imageUrl,
  pageUrls: product.pageUrls,
  isSales: product.isSales,
  noSalesReason: product.noSalesReason,
  ...(price !== undefined && {
    currency: currencyOf(price),
    supplyPrice: minor(price?.supplyPrice),
    invoicePrice: minor(price?.invoicePrice),
    stockRebate: price?.stockRebate ?? null,
    rebateType: price?.rebateType ?? null,
    rebateMoney: minor(price?.rebateMoney),
  }),
})

/** Left as it was where no price says it. */
const currencyOf = (price: Item['price']): string | undefined =>
  (price?.supplyPrice ?? price?.invoicePrice ?? price?.rebateMoney)?.currency

const minor = (money: Money | null | undefined): number | null => money?.minor ?? null

/** Nothing when stock was not asked for. */
export const toStock = ({ product, stock }: Item): CatalogStock[] =>
  stock
    ? [
        {
          externalId: product.code,
          productExternalId: product.code,
          county: stock.county,
          quantity: stock.quantity === null ? null : String(stock.quantity),
          warehouses: stock.warehouses,
        },
      ]
    : []
