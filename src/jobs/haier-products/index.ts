/** Copies the Haier catalogue, its prices and its stock into the state. */
import { z } from 'zod'
import type { Change } from '../../core/change.ts'
import { supplier, SupplierProduct } from '../../core/kinds/supplier.ts'
import { findMissing, markMissing } from '../../store/catalog/missing.ts'
import { previewProducts, saveProducts } from '../../store/catalog/products.ts'
import { previewStock, saveStock } from '../../store/catalog/stock.ts'
import { dropListing, openListingOf, readListing } from '../../store/listings.ts'
import { defineSync } from '../define.ts'
import { addDetails, type Item } from './details.ts'
import { fetchListing, guardOf, keptListing } from './listing.ts'
import { HaierProductsOptions, isFullListing } from './options.ts'
import { toProduct, toStock } from './rows.ts'
import { listedIn } from './seen.ts'

/** Products in a batch: five price calls and a hundred stock calls, fetched side by side and saved at once. */
const batchSize = 100

export const haierProducts = defineSync({
  id: 'haier-products',
  title: 'Haier catalogue, prices and stock',
  needs: { haier: supplier },
  options: HaierProductsOptions,
  checkpoint: z.object({ listing: z.string(), seq: z.int() }),

  retry: (options, keys) => ({ ...options, codes: keys, brand: undefined, group: undefined }),

  async *read(context, from) {
    const { db } = context
    const listing = (await keptListing(context)) ?? (await fetchListing(context))
    let seq = from?.listing === listing.id ? from.seq : 0
    context.expect(listing.count - seq, 'products')
    for (;;) {
      const listed = await readListing(db, listing.id, seq, batchSize)
      const last = listed.at(-1)
      if (!last) break
      const products = listed.map(({ body }) => SupplierProduct.parse(JSON.parse(body)))
      const batch = await addDetails(context, products)
      seq = last.seq
      yield { ...batch, checkpoint: { listing: listing.id, seq } }
    }
  },

  async write(tx, items: Item[], { source, clock }) {
    const now = clock.now()
    const products = await saveProducts(tx, source.haier, items.map(toProduct), now)
    await saveStock(tx, source.haier, items.flatMap(toStock), now)
    return products
  },

  async preview(db, items, { source, clock }) {
    const now = clock.now()
    const products = await previewProducts(db, source.haier, items.map(toProduct), now)
    const stock = await previewStock(db, source.haier, items.flatMap(toStock), now)
    return joinChanges(products, stock)
  },

  async finish(tx, { source, options, clock, scope, isDryRun }) {
    const listing = await openListingOf(tx, scope)
    if (!listing || !isFullListing(options)) return { marked: [] }
    const missing = { source: source.haier, seen: listedIn(listing.id) }
    if (isDryRun) return { marked: await findMissing(tx, missing) }
    return { marked: await markMissing(tx, missing, guardOf(options), clock.now()) }
  },

  async cleanUp({ db, scope }) {
    const listing = await openListingOf(db, scope)
    if (listing) await dropListing(db, listing.id)
  },
})

/** A change of price or of stock changes the product; what both say is told once. */
function joinChanges(products: Change[], stock: Change[]): Change[] {
  const joined = new Map(products.map((change) => [change.key, change]))
  for (const change of stock) {
    const known = joined.get(change.key)
    const fields = change.fields.map((field) => ({ ...field, field: `stock ${field.field}` }))
    if (known) joined.set(change.key, { ...known, fields: [...known.fields, ...fields] })
    else joined.set(change.key, { ...change, action: 'change', fields })
  }
  return [...joined.values()]
}
