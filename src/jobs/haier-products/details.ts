/** Prices and stock of a batch: 20 codes in a price call, one in a stock call, all of them side by side. */
import { IntegrationError, messageOf } from '../../core/errors.ts'
import type { SupplierPrice, SupplierProduct, SupplierStock } from '../../core/kinds/supplier.ts'
import type { ItemFailure } from '../define.ts'
import { chunks, codesPerCall, type Context } from './listing.ts'

export type Item = {
  product: SupplierProduct
  /** Null: asked for, and the supplier has none. Undefined: not asked for. */
  price?: SupplierPrice | null
  stock?: SupplierStock
}

/** A product whose price or stock could not be had is a failure as a whole: half a product would look like a fresh one. */
export async function addDetails(
  context: Context,
  products: readonly SupplierProduct[],
): Promise<{ items: Item[]; failures: ItemFailure[] }> {
  const [prices, stock] = await Promise.all([
    context.options.prices ? askPrices(context, products) : undefined,
    context.options.stock ? askStock(context, products) : undefined,
  ])
  const items: Item[] = []
  const failures: ItemFailure[] = []
  for (const product of products) {
    const price = prices?.get(product.code)
    const shelf = stock?.get(product.code)
    const failed = [price, shelf].find((answer) => answer instanceof IntegrationError)
    if (failed) failures.push({ key: product.code, reason: reasonOf(failed), raw: product })
    else items.push({ product, price: price as Item['price'], stock: shelf as Item['stock'] })
  }
  return { items, failures }
}

type Answers<T> = Map<string, T | IntegrationError>

async function askPrices(
  { use, signal }: Context,
  products: readonly SupplierProduct[],
): Promise<Answers<SupplierPrice | null>> {
  const answers: Answers<SupplierPrice | null> = new Map()
  const ask = async (some: readonly SupplierProduct[]) => {
    const codes = some.map(({ code }) => code)
    const answer = await settle(use.haier.getPrices({ codes }, { signal }))
    for (const code of codes) {
      const price =
        'error' in answer ? answer.error : answer.value.prices.find((one) => one.code === code)
      answers.set(code, price ?? null)
    }
  }
  await Promise.all(chunks(products, codesPerCall).map(ask))
  return answers
}

async function askStock(
  { use, signal, options }: Context,
  products: readonly SupplierProduct[],
): Promise<Answers<SupplierStock>> {
  const answers: Answers<SupplierStock> = new Map()
  const ask = async ({ code }: SupplierProduct) => {
    const answer = await settle(use.haier.getStock({ code, county: options.county }, { signal }))
    answers.set(code, 'error' in answer ? answer.error : answer.value)
  }
  await Promise.all(products.map(ask))
  return answers
}

/**
 * A failure that concerns one item is kept with it. One that will meet every item alike, such as refused credentials or
 * an open breaker, ends the run: it goes on at this batch once the cause is mended.
 */
async function settle<T>(call: Promise<T>): Promise<{ value: T } | { error: IntegrationError }> {
  try {
    return { value: await call }
  } catch (error) {
    if (!(error instanceof IntegrationError) || concernsAll(error)) throw error
    return { error }
  }
}

const concernsAll = ({ kind, code }: IntegrationError): boolean =>
  kind === 'auth' ||
  kind === 'config' ||
  kind === 'cancelled' ||
  kind === 'rate_limited' ||
  code === 'breaker_open'

const reasonOf = (error: IntegrationError): string =>
  `${error.operation ?? 'call'}: ${messageOf(error)}${error.callId ? ` (call ${error.callId})` : ''}`
