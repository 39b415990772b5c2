/** Copies the Haier catalogue, its prices and its stock into the state. */
import { z } from 'zod'
import type { Change } from '../../core/change.ts'
import { supplier } from '../../core/kinds/supplier.ts'
import { findMissing, markMissing } from '../../store/catalog/missing.ts'
import { previewProducts, saveProducts } from '../../store/catalog/products.ts'
import { previewStock, saveStock } from '../../store/catalog/stock.ts'
import { closeListings, countListingTo, dropListing, openListingOf } from '../../store/listings.ts'
import { defineSync, type ItemFailure } from '../define.ts'
import { workAhead } from './ahead.ts'
import { addDetails, type Details, type Item } from './details.ts'
import {
  codesPerCall,
  dropForgotten,
  fetchListing,
  guardOf,
  keptListing,
  piecesOf,
  unlisted,
} from './listing.ts'
import { HaierProductsOptions, isFullListing } from './options.ts'
import { toProduct, toStock } from './rows.ts'
import { listedIn } from './seen.ts'

/**
 * A piece is one price call. Five are under way at once, so a hundred products at most are asked for again after a kill;
 * four are saved together while the others go on.
 */
const pieceSize = codesPerCall
/** Somewhat more calls than the service lets out at once, so that it is never idle, and few enough to wait in a row. */
const ahead = { depth: 5, together: 4, calls: 32 }

export const haierProducts = defineSync({
  id: 'haier-products',
  title: 'Haier catalogue, prices and stock',
  needs: { haier: supplier },
  options: HaierProductsOptions,
  onlyFlags: ['accept_shrink'],
  checkpoint: z.object({ listing: z.string(), seq: z.int() }),

  retry: (options, keys) => ({ ...options, codes: keys, brand: undefined, group: undefined }),

  async *read(context, from) {
    const { db, signal } = context
    const listing = (await keptListing(context)) ?? (await fetchListing(context))
    let seq = from?.listing === listing.id ? from.seq : 0
    context.expect(listing.count - (await countListingTo(db, listing.id, seq)), 'products')
    const fetched = workAhead(
      piecesOf(db, listing.id, seq, pieceSize),
      async (piece, lane, isFirst) => ({
        ...(await addDetails(context, piece.products, lane, isFirst)),
        seq: piece.seq,
      }),
      { ...ahead, signal },
    )
    for await (const pieces of fetched) {
      seq = pieces.at(-1)?.seq ?? seq
      yield { ...joinPieces(pieces), checkpoint: { listing: listing.id, seq } }
    }
    const missing = await unlisted(context, listing.id)
    if (missing.length === 0) return
    // Told last, and asked for anew by the next run.
    await dropListing(db, listing.id)
    const failures = missing.map(notListed)
    yield { items: [], failures, checkpoint: { listing: listing.id, seq } }
  },

  async write(tx, items: Item[], { source, clock }) {
    const now = clock.now()
    const products = await saveProducts(tx, source.haier, items.map(toProduct), now)
    const stock = await saveStock(tx, source.haier, items.flatMap(toStock), now)
    const written = new Set(products.written)
    const inStockAlone = new Set(stock.written.filter((code) => !written.has(code))).size
    return {
      created: products.created,
      updated: products.updated + inStockAlone,
      unchanged: products.unchanged - inStockAlone,
    }
  },

  async preview(db, items, { source, clock }) {
    const now = clock.now()
    const products = await previewProducts(db, source.haier, items.map(toProduct), now)
    const stock = await previewStock(db, source.haier, items.flatMap(toStock), now)
    return joinChanges(products, stock)
  },

  async finish(tx, { source, options, clock, job, scope, isDryRun }) {
    const listing = await openListingOf(tx, scope)
    // A run that breaks off behind this point has nothing left to go on with.
    await closeListings(tx, { scope })
    if (!listing || !isFullListing(options)) return { marked: [] }
    const missing = { source: source.haier, seen: listedIn(listing.id) }
    if (isDryRun) return { marked: await findMissing(tx, missing) }
    // An older list that another way of running still keeps must not overrule this one.
    await closeListings(tx, { job })
    return { marked: await markMissing(tx, missing, guardOf(options), clock.now()) }
  },

  async cleanUp(context) {
    if (context.isDryRun) await closeListings(context.db, { scope: context.scope })
    await dropForgotten(context)
  },
})

/** Pieces as one batch: what failed keeps its place in it. */
function joinPieces(pieces: readonly Details[]): Details {
  const batch: Details = { items: [], failures: [] }
  for (const { items, failures } of pieces) {
    const before = batch.items.length + batch.failures.length
    batch.items.push(...items)
    for (const failure of failures) {
      batch.failures.push({ ...failure, position: before + (failure.position ?? 0) })
    }
  }
  return batch
}

const notListed = (code: string): ItemFailure => ({
  key: code,
  reason: 'the supplier does not list this code',
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
