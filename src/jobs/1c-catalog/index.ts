/**
 * Imports an exchange of 1C: goods, their groups and properties, offers with prices and stock, customers, and what 1C
 * says of orders.
 *
 * All files are read before anything is written: they go into staging tables of this connection (store/catalog/
 * staging.ts), and only when the last one was closed by its last tag does what is new or changed move into the catalogue,
 * some hundred records a transaction. So a file that is cut off, malformed or hostile leaves the catalogue as it was, to
 * the byte, and so does a process killed while reading. One killed while moving has applied some of a sound exchange;
 * the same command again finds that part unchanged and does the rest. What a full listing lacks is counted before the
 * first record moves and marked in the last transaction.
 */
import { z } from 'zod'
import { readCommerceml } from '../../formats/commerceml/read.ts'
import { checkShrink, countActive, findMissing, markMissing } from '../../store/catalog/missing.ts'
import { readPriceTypes } from '../../store/catalog/price-types.ts'
import { addCounts, addFindings, findingTotals } from '../../store/catalog/run-details.ts'
import { settleProducts, stagedSeen } from '../../store/catalog/stage-seen.ts'
import { beginStaging, endStaging } from '../../store/catalog/staging.ts'
import type { Db } from '../../store/schema.ts'
import { defineSync, type Batch, type JobContext } from '../define.ts'
import { applyItems, previewItems, stagedItems, type Item, type Target } from './apply.ts'
import { openExchange } from './files.ts'
import { OnecCatalogOptions } from './options.ts'
import { describeUnmapped, mapPriceTypes } from './price-types.ts'
import { fullListings, newExchange, stageFile, type Exchange } from './stage.ts'

type Context = JobContext<Record<never, never>, OnecCatalogOptions>

/** What one run knows beside its staging tables. The runner hands the same context to every step. */
type Run = { exchange: Exchange; target: Target }
const runs = new WeakMap<object, Run>()

export const onecCatalog = defineSync({
  id: '1c-catalog',
  title: '1C catalogue, prices, stock and customers from CommerceML files',
  needs: {},
  options: OnecCatalogOptions,
  onlyFlags: ['paths', 'accept_shrink'],
  // An interrupted import reads its files again: that is cheap, and what was moved already is found unchanged.
  checkpoint: z.object({}),

  retry: (options) => options,

  async *read(context): AsyncGenerator<Batch<Item, Record<string, never>>> {
    const { db } = context
    const exchange = newExchange()
    await beginStaging(db)
    await readFiles(context, exchange)
    const unchanged = await settleProducts(db)
    const target = await prepare(context, exchange)
    runs.set(context, { exchange, target })
    await refuseShrunk(context, exchange)
    const { failures } = exchange
    if (failures.length > 0 || exchange.findings.totals.size > 0) {
      yield { items: [], checkpoint: {}, ...(failures.length > 0 && { failures }) }
    }
    for await (const items of stagedItems(db, unchanged)) {
      yield { items, checkpoint: {} }
    }
  },

  async write(tx, items: Item[], context) {
    const { exchange, target } = runOf(context)
    if (items.length === 0) await saveDetails(tx, context.runId, exchange)
    return applyItems(tx, items, target)
  },

  preview: (db, items, context) => previewItems(db, items, runOf(context).target),

  async finish(tx, context) {
    const { exchange } = runOf(context)
    const marked = await markLeftOut(tx, context, exchange)
    const totals = context.isDryRun
      ? Object.fromEntries(exchange.findings.totals)
      : await findingTotals(tx, context.runId)
    const told = Object.entries(totals).map(([kind, total]) => `${kind} ${total}`)
    if (told.length > 0) context.note(`Findings: ${told.join(', ')}`)
    return { marked }
  },

  async cleanUp({ db }) {
    await endStaging(db)
  },
})

function runOf(context: object): Run {
  const run = runs.get(context)
  if (!run) throw new Error('write before read')
  return run
}

async function readFiles(context: Context, exchange: Exchange): Promise<void> {
  const { db, signal, options, clock } = context
  const { source, timezone } = options
  const { files, close } = await openExchange(options.paths, exchange.findings, signal)
  try {
    for (const { file, read } of files) {
      const records = readCommerceml(read(), {
        file,
        signal,
        unescapeTwice: options.unescape_twice,
      })
      await stageFile(db, file, records, exchange, { source, timezone, at: clock.now() })
    }
  } finally {
    close()
  }
}

/** Settles which price type fills which column; loudly when one is left over. */
async function prepare(context: Context, exchange: Exchange): Promise<Target> {
  const { db, options, clock, runId } = context
  const { source } = options
  const types = await readPriceTypes(db, source, exchange.pricedTypes)
  const isAbout = exchange.pricedTypes.size > 0 || exchange.hasPriceTypes
  const { uses, unmapped } = mapPriceTypes(isAbout ? options.price_types : {}, types)
  const told = isAbout ? describeUnmapped(unmapped) : undefined
  if (told) context.note(told)
  return { source, runId, types: uses, at: clock.now() }
}

async function refuseShrunk({ db, options }: Context, exchange: Exchange): Promise<void> {
  const { source } = options
  for (const catalogId of fullListings(exchange)) {
    const missing = await findMissing(db, { source, catalogId, seen: stagedSeen })
    if (missing.length === 0) continue
    checkShrink(await countActive(db, source, catalogId), missing.length, guardOf(options))
  }
}

async function markLeftOut(tx: Db, context: Context, exchange: Exchange): Promise<string[]> {
  const { options, clock, runId, isDryRun } = context
  const marked: string[] = []
  for (const catalogId of fullListings(exchange)) {
    const listing = { source: options.source, catalogId, seen: stagedSeen }
    const keys = isDryRun
      ? await findMissing(tx, listing)
      : await markMissing(tx, listing, guardOf(options), clock.now())
    marked.push(...keys)
  }
  if (marked.length > 0 && !isDryRun) {
    await addCounts(tx, runId, 'products', { marked: marked.length })
  }
  return marked
}

async function saveDetails(tx: Db, runId: string, exchange: Exchange): Promise<void> {
  for (const [entity, failed] of exchange.failed) await addCounts(tx, runId, entity, { failed })
  await addFindings(tx, runId, exchange.findings)
}

const guardOf = (options: OnecCatalogOptions) => ({
  maxShrinkPercent: options.max_shrink_percent,
  acceptShrink: options.accept_shrink,
})
