/** Prices of offers: every one is kept as the source gives it; some are mapped to the price columns of the offer. */
import { scaleDecimal } from '../../core/decimal.ts'
import { minorDigits, parseMoney } from '../../core/money.ts'
import type { OfferPriceTable } from '../schema-catalog.ts'
import type { Content } from './content.ts'
import type { Statement } from './merge.ts'

export type CatalogPrice = {
  priceTypeId: string
  /** Canonical decimal, for a pack of `ratio` units. Undefined when the figure cannot be read. */
  price?: string
  /** ISO code; undefined when the source names none we know. */
  currency?: string
  currencyRaw?: string
  /** From how many units on the price holds. */
  minQuantity?: string
  unit?: string
  ratio?: string
  details?: Record<string, unknown>
}

/** What a source says about the prices of one offer. */
export type OfferPrices = {
  /** True: a price type that is not named has no price. False: it is not spoken of. */
  isFull: boolean
  rows: CatalogPrice[]
}

export type PriceField = 'supply_price' | 'invoice_price' | 'market_price'

export const priceFields: readonly PriceField[] = ['supply_price', 'invoice_price', 'market_price']

/** What is known of a price type when its prices are saved. */
export type PriceTypeUse = { field?: PriceField; currency?: string }

type PriceRow = Content<'offer_prices'> & Pick<OfferPriceTable, 'external_id'>

/** Two statements as one; the later overrides the earlier type by type, a full one altogether. */
export function foldPrices(
  before: OfferPrices | undefined,
  next: OfferPrices | undefined,
): OfferPrices | undefined {
  if (!before || !next || next.isFull) return next ?? before
  const spokenOf = new Set(next.rows.map(({ priceTypeId }) => priceTypeId))
  const left = before.rows.filter(({ priceTypeId }) => !spokenOf.has(priceTypeId))
  return { isFull: before.isFull, rows: [...left, ...next.rows] }
}

export type PricePlan = {
  statements: Statement<'offer_prices'>[]
  /** The price columns of the offer as they follow from all its prices. */
  values: Pick<Content<'offers'>, PriceField | 'currency'>
  /** What could not be mapped, as sentences. */
  problems: string[]
}

/** What saving these prices of an offer means, given the active rows it has. */
export function planPrices(
  offerId: string,
  prices: OfferPrices,
  present: readonly PriceRow[],
  types: ReadonlyMap<string, PriceTypeUse>,
): PricePlan {
  const stated = prices.rows.map((price) => toRow(offerId, price, types.get(price.priceTypeId)))
  const ids = new Set(stated.map(({ external_id }) => external_id))
  const spokenOf = new Set(stated.map((row) => row.price_type_external_id))
  const kept: PriceRow[] = []
  const gone: PriceRow[] = []
  for (const row of present) {
    if (ids.has(row.external_id)) continue
    const isGone = prices.isFull || spokenOf.has(row.price_type_external_id)
    ;(isGone ? gone : kept).push(row)
  }
  return {
    statements: [
      ...stated.map(({ external_id: externalId, ...values }) => ({ externalId, values })),
      ...gone.map(({ external_id }) => ({
        externalId: external_id,
        values: {},
        standing: { markedFor: 'no longer among the prices of the offer' },
      })),
    ],
    ...mapFields(offerId, [...stated, ...kept], types),
  }
}

function toRow(offerId: string, price: CatalogPrice, type: PriceTypeUse | undefined): PriceRow {
  const { priceTypeId, minQuantity, unit } = price
  const currency = price.currency ?? (price.currencyRaw ? undefined : type?.currency)
  const money = price.price && currency ? parseMoney(price.price, currency) : undefined
  return {
    external_id: [offerId, priceTypeId, minQuantity ?? '', unit ?? ''].join('|'),
    offer_external_id: offerId,
    price_type_external_id: priceTypeId,
    min_quantity: minQuantity ?? null,
    unit: unit ?? null,
    ratio: price.ratio ?? null,
    price: price.price ?? null,
    minor: money?.minor ?? null,
    currency: currency ?? null,
    currency_raw: price.currencyRaw ?? null,
    details: JSON.stringify(price.details ?? {}),
  }
}

function mapFields(
  offerId: string,
  rows: readonly PriceRow[],
  types: ReadonlyMap<string, PriceTypeUse>,
): Pick<PricePlan, 'values' | 'problems'> {
  const values: PricePlan['values'] = {
    currency: null,
    supply_price: null,
    invoice_price: null,
    market_price: null,
  }
  const problems: string[] = []
  for (const field of priceFields) {
    const fitting = rows.filter((one) => types.get(one.price_type_external_id)?.field === field)
    const named = new Set(fitting.map((row) => row.price_type_external_id))
    if (named.size > 1) {
      problems.push(
        `${field} of ${offerId} is claimed by ${named.size} price types; none was taken`,
      )
      continue
    }
    const row = baseRow(fitting)
    if (!row?.price) continue
    const minor = row.currency ? pricePerUnit(row.price, row.ratio, row.currency) : undefined
    if (minor === undefined || row.currency === null) {
      problems.push(
        `${field} of ${offerId} has no currency we know (${row.currency_raw ?? 'none given'})`,
      )
    } else if (values.currency !== null && values.currency !== row.currency) {
      problems.push(
        `${field} of ${offerId} is in ${row.currency}, its other prices in ${values.currency}; it is kept in offer_prices alone`,
      )
    } else {
      values.currency = row.currency
      values[field] = minor
    }
  }
  return { values, problems }
}

/** The price that holds from the smallest quantity on. */
const baseRow = (rows: readonly PriceRow[]): PriceRow | undefined =>
  rows.toSorted((a, b) => Number(a.min_quantity ?? 0) - Number(b.min_quantity ?? 0))[0]

/** Price of one unit in minor units, rounded half up, from the price of a pack. Undefined when it cannot be kept exactly. */
export function pricePerUnit(
  price: string,
  ratio: string | null,
  currency: string,
): number | undefined {
  if (ratio === null || ratio === '1') return parseMoney(price, currency)?.minor
  const digits = 9 // more than any file gives for a price or a ratio
  const divisor = scaleDecimal(ratio, digits)
  if (divisor <= 0n) return parseMoney(price, currency)?.minor
  const scaled = scaleDecimal(price, digits) * 10n ** BigInt(minorDigits(currency))
  const isNegative = scaled < 0n
  const size = isNegative ? -scaled : scaled
  const minor = Number((2n * size + divisor) / (2n * divisor))
  if (!Number.isSafeInteger(minor)) return undefined
  return isNegative ? -minor : minor
}
