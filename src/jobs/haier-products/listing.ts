/** The catalogue arrives as one list; it is kept in the state while it is worked through. */
import type { Client } from '../../core/kind.ts'
import type { supplier, SupplierProduct } from '../../core/kinds/supplier.ts'
import { checkShrink, countActive, findMissing } from '../../store/catalog/missing.ts'
import {
  addToListing,
  beginListing,
  completeListing,
  dropListing,
  type Listing,
  openListingOf,
  staleListingsOf,
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

/** The listing an interrupted run left, while it is fresh. */
export async function keptListing(context: Context): Promise<Listing | undefined> {
  const { db, clock, scope, isFromStart, isDryRun } = context
  if (isFromStart || isDryRun) return undefined
  const listing = await openListingOf(db, scope)
  const isFresh = listing && clock.now().getTime() - Date.parse(listing.startedAt) < oldestListingMs
  return isFresh ? listing : undefined
}

/**
 * Asks for the list and keeps it. It is returned once it has arrived to its end; a list that breaks off is thrown away
 * and never taken for a short one. Throws `guard_shrunk` when a full list lacks too much, before anything else is done.
 */
export async function fetchListing(context: Context): Promise<Pick<Listing, 'id' | 'count'>> {
  const { db, clock, source, options, scope } = context
  await dropEarlier(context)
  const isFull = isFullListing(options)
  const wanted = options.codes ? chunks(options.codes, codesPerCall) : [undefined]
  const id = await beginListing(db, { job: scope, source: source.haier, isFull, now: clock.now() })
  for (const codes of wanted) {
    await context.use.haier.listProducts({ codes }, sinkInto(db, id, options), {
      signal: context.signal,
    })
  }
  if (isFull) await refuseShrunk(context, id)
  return { id, count: await completeListing(db, id, clock.now()) }
}

async function dropEarlier({ db, scope }: Context): Promise<void> {
  const open = await openListingOf(db, scope)
  const earlier = [...(open ? [open.id] : []), ...(await staleListingsOf(db, scope))]
  for (const id of earlier) await dropListing(db, id)
}

/** Every attempt begins anew. What an earlier attempt brought is overwritten by the same codes, or was still listed. */
function sinkInto(
  db: Db,
  id: string,
  { brand, group }: HaierProductsOptions,
): Parameters<Client<typeof supplier>['listProducts']>[1] {
  return {
    begin: async () => undefined,
    async write(products) {
      const kept = products.filter(
        (product) => matches(product.brand, brand) && matches(product.group, group),
      )
      await addToListing(db, id, kept.map(toItem))
    },
  }
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
