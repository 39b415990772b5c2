/** Prices and stock of a piece of the catalogue: 20 codes in a price call, one in a stock call, all side by side. */
import { IntegrationError, messageOf } from '../../core/errors.ts'
import type { SupplierPrice, SupplierProduct, SupplierStock } from '../../core/kinds/supplier.ts'
import type { ItemFailure } from '../define.ts'
import type { Lane } from './ahead.ts'
import type { Context } from './listing.ts'

export type Item = {
  product: SupplierProduct
  /** Null: asked for, and the supplier has none. Undefined: not asked for. */
  price?: SupplierPrice | null
  stock?: SupplierStock
}

export type Details = { items: Item[]; failures: ItemFailure[] }

/**
 * Asks for what the options want of at most 20 products. A product whose price or stock could not be had is a failure
 * as a whole: half a product would look like a fresh one.
 */
export async function addDetails(
  context: Context,
  products: readonly SupplierProduct[],
  lane: Lane,
  isFirst: boolean,
): Promise<Details> {
  const { options } = context
  const [prices, stock] = await Promise.all([
    options.prices ? askPrices(context, products, lane) : undefined,
    options.stock ? askStock(context, products, lane, isFirst) : undefined,
  ])
  lane.signal.throwIfAborted()
  const items: Item[] = []
  const failures: ItemFailure[] = []
  for (const [position, product] of products.entries()) {
    const price = prices instanceof IntegrationError ? prices : prices?.get(product.code)
    const shelf = stock?.get(product.code)
    const failed = [price, shelf].find((answer) => answer instanceof IntegrationError)
    if (failed) failures.push({ ...failureOf(product, failed), position })
    else {
      const known = prices && ((price as SupplierPrice | undefined) ?? null)
      items.push({ product, price: known, stock: shelf as SupplierStock | undefined })
    }
  }
  return { items, failures }
}

async function askPrices(
  { use }: Context,
  products: readonly SupplierProduct[],
  lane: Lane,
): Promise<Map<string, SupplierPrice> | IntegrationError> {
  const { signal } = lane
  const codes = products.map(({ code }) => code)
  const answer = await settle(lane, () => use.haier.getPrices({ codes }, { signal }))
  if (answer instanceof IntegrationError) return answer
  return new Map(answer.prices.map((price) => [price.code, price]))
}

async function askStock(
  { use, options: { county } }: Context,
  products: readonly SupplierProduct[],
  lane: Lane,
  isFirst: boolean,
): Promise<Map<string, SupplierStock | IntegrationError>> {
  const answers = new Map<string, SupplierStock | IntegrationError>()
  const { signal } = lane
  const ask = async ({ code }: SupplierProduct) => {
    answers.set(code, await settle(lane, () => use.haier.getStock({ code, county }, { signal })))
  }
  const [first, ...rest] = products
  if (isFirst && first) await ask(first)
  await Promise.all((isFirst ? rest : products).map(ask))
  return answers
}

/**
 * A failure that concerns one item is kept with it. One that will meet every item alike, such as refused credentials,
 * an open breaker or a service that was switched off, ends the run: it goes on at this piece once the cause is mended.
 */
async function settle<T>(lane: Lane, make: () => Promise<T>): Promise<T | IntegrationError> {
  try {
    return await lane.call(() => {
      lane.signal.throwIfAborted()
      return make()
    })
  } catch (error) {
    if (!(error instanceof IntegrationError)) throw error
    if (concernsAll(error)) lane.stop(error)
    return error
  }
}

const concernsAll = ({ kind, code }: IntegrationError): boolean =>
  kind === 'auth' ||
  kind === 'config' ||
  kind === 'cancelled' ||
  kind === 'rate_limited' ||
  code === 'breaker_open' ||
  code === 'service_disabled'

const failureOf = (product: SupplierProduct, error: IntegrationError): ItemFailure => {
  const call = error.callId ? ` (call ${error.callId})` : ''
  const reason = `${error.operation ?? 'call'}: ${messageOf(error)}${call}`
  return { key: product.code, reason, raw: product }
}
