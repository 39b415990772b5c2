/** The catalogue arrives as one list; it is kept in the state while it is worked through. */
import { type supplier, SupplierProduct } from '../../core/kinds/supplier.ts'
import { checkShrink, countActive, findMissing } from '../../store/catalog/missing.ts'
import {
  addToListing,
  beginListing,
  closeListings,
  completeListing,
  dropListing,
  forgottenListings,
  type Listing,
  openListingOf,
  readListing,
} from '../../store/listings.ts'
import type { Db } from '../../store/schema.ts'
import type { JobContext } from '../define.ts'
import { type HaierProductsOptions, isFullListing } from './options.ts'
import { listedIn } from './seen.ts'

export type Context = JobContext<{ haier: typeof supplier }, HaierProductsOptions>

/** Most codes the supplier takes in one question. */
export const codesPerCall = 20

/** A kept listing older than this is not gone on with: its end would be worked through on another day. */
const oldestListingMs = 12 * 3_600_000

/** The listing an interrupted run left, while it is fresh and of the same supplier. */
export async function keptListing(context: Context): Promise<Listing | undefined> {
  const { db, source, scope, isFromStart, isDryRun } = context
  if (isFromStart || isDryRun) return undefined
  const listing = await openListingOf(db, scope)
  const isUsable =
    listing?.source === source.haier && listing.startedAt >= oldestUseful(context).toISOString()
  return isUsable ? listing : undefined
}

const oldestUseful = ({ clock }: Context): Date => new Date(clock.now().getTime() - oldestListingMs)

/**
 * Asks for the list and keeps it. It is returned once it has arrived to its end; a list that breaks off is thrown away
 * and never taken for a short one. Throws `guard_shrunk` when a full list lacks too much, before anything else is done.
 */
export async function fetchListing(context: Context): Promise<Pick<Listing, 'id' | 'count'>> {
  const { db, clock, source, options, scope, signal, use } = context
  await closeListings(db, { scope })
  await dropForgotten(context)
  const isFull = isFullListing(options)
  const begin = () =>
    beginListing(db, { job: scope, source: source.haier, isFull, now: clock.now() })
  let id = await begin()
  const matching = (product: SupplierProduct) =>
    matches(product.brand, options.brand) && matches(product.group, options.group)
  for (const codes of options.codes ? chunks(options.codes, codesPerCall) : [undefined]) {
    let attempts = 0
    await use.haier.listProducts(
      { codes },
      {
        /** What an earlier attempt brought of the whole list is not mixed with the next; few codes overwrite themselves. */
        async begin() {
          if (codes || attempts++ === 0) return
          await dropListing(db, id)
          id = await begin()
        },
        write: (products) => addToListing(db, id, products.filter(matching).map(toItem)),
      },
      { signal },
    )
  }
  if (isFull) await refuseShrunk(context, id)
  return { id, count: await completeListing(db, id, clock.now()) }
}

/** Removes listings that no run goes on with. */
export async function dropForgotten(context: Context): Promise<void> {
  const { db, job } = context
  for (const id of await forgottenListings(db, job, oldestUseful(context))) {
    await dropListing(db, id)
  }
}

/** What stands in a listing after a place, in pieces. */
export async function* piecesOf(
  db: Db,
  id: string,
  afterSeq: number,
  size: number,
): AsyncGenerator<{ seq: number; products: SupplierProduct[] }> {
  for (let seq = afterSeq; ;) {
    const listed = await readListing(db, id, seq, size)
    const last = listed.at(-1)
    if (!last) return
    seq = last.seq
    yield { seq, products: listed.map(({ body }) => SupplierProduct.parse(JSON.parse(body))) }
  }
}

/** Codes that were asked for by name and are not in the list; none when a brand or a group narrows it further. */
export async function unlisted({ db, options }: Context, id: string): Promise<string[]> {
  const { codes, brand, group } = options
  if (!codes || brand !== undefined || group !== undefined) return []
  const missing = new Set(codes)
  for await (const { products } of piecesOf(db, id, 0, 500)) {
    for (const { code } of products) missing.delete(code)
  }
  return [...missing]
}

const toItem = (product: SupplierProduct) => ({
  externalId: product.code,
  body: JSON.stringify(product),
})

const matches = (value: string | null, wanted: string | undefined): boolean =>
  wanted === undefined || value?.trim().toLowerCase() === wanted.trim().toLowerCase()

async function refuseShrunk({ db, source, options }: Context, id: string): Promise<void> {
  const listing = { source: source.haier, seen: listedIn(id) }
  const missing = await findMissing(db, listing)
  if (missing.length === 0) return
  checkShrink(await countActive(db, source.haier), missing.length, guardOf(options))
}

export const guardOf = (options: HaierProductsOptions) => ({
  maxShrinkPercent: options.max_shrink_percent,
  acceptShrink: options.accept_shrink,
})

/** A list cut into pieces of at most `size`. */
export function chunks<T>(list: readonly T[], size: number): T[][] {
  const pieces: T[][] = []
  for (let from = 0; from < list.length; from += size) pieces.push(list.slice(from, from + size))
  return pieces
}
