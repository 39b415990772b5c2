/** Retention by age and by size: what `caravan clean` does at once, and every process that makes calls now and then. */
import { setImmediate as turn } from 'node:timers/promises'
import type { RouteConfig } from '../config/schema.ts'
import { messageOf } from '../core/errors.ts'
import type { CallLogFile } from '../store/call-log.ts'
import { countCachedBefore, deleteCachedBefore } from '../store/cached-answers.ts'
import { deleteCallsBefore } from '../store/calls.ts'
import { countCallsBefore } from '../store/count-calls.ts'
import { truncateWriteAhead } from '../store/dialect.ts'
import { getMeta, setMeta } from '../store/meta.ts'
import {
  agedTables,
  type AgedTable,
  countAgedBefore,
  deleteAgedBefore,
} from '../store/daemon-upkeep.ts'
import { countEndedBefore, deleteEndedBefore } from '../store/outbox-upkeep.ts'
import { bytesHeld, giveBack, sizeBudget, trim } from '../store/retention.ts'
import {
  bytesByRun,
  countListingItems,
  countRuns,
  deleteRuns,
  dropListings,
  forsakenListings,
  oldRuns,
  runsToKeep,
  type Sweep,
} from '../store/retention-runs.ts'
import type { Db } from '../store/schema.ts'
import { stateSizes } from '../store/sizes.ts'
import { atomically } from '../store/transaction.ts'
import type { CleanReport } from './answers/backup.ts'
import type { App } from './app.ts'

export type { CleanReport }

const everyMs = 3_600_000
/** How long a pass may take. */
const passMs = 1000
/** After a pass that ran out of time. */
const againMs = 300_000
const claim = 'cleaned_at'

/**
 * The pass that needs no asking: at most once an hour over all processes, and no longer than a second. Called at the
 * end of commands that made calls, and by the daemon. Never throws: what could not be removed is there the next time.
 */
export async function cleanUp(app: App): Promise<void> {
  try {
    if (app.signal.aborted) return
    const { db } = await app.state()
    if (!(await takeTurn(db, app.clock.now()))) return
    const endsAtMs = app.clock.monotonicMs() + passMs
    const isOver = () => app.signal.aborted || app.clock.monotonicMs() > endsAtMs
    const { is_complete } = await clean(app, { isOver })
    if (is_complete) return
    const again = app.clock.now().getTime() - everyMs + againMs
    await setMeta(db, claim, new Date(again).toISOString())
  } catch (error) {
    app.warn(`Old calls and runs were not removed: ${messageOf(error)}`, 'CleanWarning')
  }
}

/** True for one process an hour. */
async function takeTurn(db: Db, now: Date): Promise<boolean> {
  const isDue = async (tx: Db): Promise<boolean> => {
    const last = Date.parse((await getMeta(tx, claim)) ?? '')
    return !(last <= now.getTime() && now.getTime() - last < everyMs) // also when the clock was set back
  }
  if (!(await isDue(db))) return false
  return atomically(db, async (tx) => {
    if (!(await isDue(tx))) return false
    await setMeta(tx, claim, now.toISOString())
    return true
  })
}

export type CleanOptions = {
  /** Counts and deletes nothing. */
  isDryRun?: boolean
  /** Gives every free page of the call log back, where an automatic pass keeps them for the calls to come. */
  givesAllBack?: boolean
  isOver?(): boolean
}

/** Removes what is too old or too much, oldest first, in small transactions. Throws what stops it; what is done is done. */
export async function clean(app: App, options: CleanOptions = {}): Promise<CleanReport> {
  const { config } = await app.usableConfig()
  const state = await app.state()
  const file = await app.log()
  const { calls, runs, max_size: limit } = config.retention
  const job = {
    state,
    file,
    limit,
    before: daysAgo(app, calls),
    runsBefore: daysAgo(app, runs),
    cachedBefore: daysAgo(app, longestCacheMs(config.routes)),
  }
  const report = options.isDryRun ? await preview(app, job) : await sweep(app, job, options)
  const budget = sizeBudget(state.path, limit)
  return {
    ...report,
    limit,
    state_bytes: budget.state,
    calls_bytes: budget.calls,
    state_too_large: budget.isStateTooLarge,
  }
}

/** No route serves an older answer. */
const longestCacheMs = (routes: Readonly<Record<string, RouteConfig>>): number =>
  Math.max(
    86_400_000,
    ...Object.values(routes).flatMap((route) => [route.cache_for ?? 0, route.stale_for ?? 0]),
  )

const daysAgo = (app: App, ms: number): Date => new Date(app.clock.now().getTime() - ms)

type Job = {
  state: { db: Db; path: string }
  file: CallLogFile
  limit: number
  before: Date
  runsBefore: Date
  cachedBefore: Date
}

type Part = Pick<
  CleanReport,
  'dry_run' | 'rows' | 'bytes_before' | 'bytes_after' | 'bytes_freed' | 'is_complete'
>

async function sweep(app: App, job: Job, options: CleanOptions): Promise<Part> {
  const { state, file, limit } = job
  const before = stateSizes(state.path).total
  /** A reader that holds the write-ahead file up ends the pass: deleting more would only make that file longer. */
  const isOver = () => options.isOver?.() === true || isHeldUp(file, state.path, limit)
  const how: Sweep = { signal: app.signal, isOver }

  const runs = await deleteRuns(state.db, await runsToGo(job), how)
  const { listings, items } = await listingsToGo(app, job)
  const dropped = await dropListings(state.db, listings, how)
  const outbox = await sweepSmall(how, () => deleteEndedBefore(state.db, job.before, smallBatch))
  const cached = await sweepSmall(how, () =>
    deleteCachedBefore(state.db, job.cachedBefore, smallBatch),
  )
  const aged = await ofAged((table) =>
    sweepSmall(how, () => deleteAgedBefore(state.db, table, job.runsBefore, smallBatch)),
  )
  const old = await deleteCallsBefore(file.db, job.before, how)
  const { fileShare } = sizeBudget(state.path, limit)
  const oldest = await trim(file.db, fileShare, how)
  await giveBack(file, options.givesAllBack ? 0 : fileShare, how)
  const isComplete = !isOver()
  if (options.givesAllBack) await truncateWriteAhead(state.db)
  file.cutWriteAhead(options.givesAllBack ? 200 : 0)

  const after = stateSizes(state.path).total
  return {
    dry_run: false,
    rows: {
      calls: old.calls + oldest.calls,
      attempts: old.attempts + oldest.attempts,
      ...runs,
      listings: dropped,
      listing_items: dropped === 0 ? 0 : items,
      outbox,
      cached_answers: cached,
      ...aged,
    },
    bytes_before: before,
    bytes_after: after,
    bytes_freed: Math.max(0, before - after),
    is_complete: isComplete,
  }
}

/** The tables of the daemon, one after the other. */
async function ofAged(ask: (table: AgedTable) => Promise<number>) {
  const counts: [AgedTable, number][] = []
  for (const table of agedTables) counts.push([table, await ask(table)])
  return Object.fromEntries(counts) as Record<AgedTable, number>
}

const smallBatch = 500

/** One small transaction after the other, until nothing is left or the pass is over. */
async function sweepSmall({ signal, isOver }: Sweep, remove: () => Promise<number>) {
  let removed = 0
  for (;;) {
    signal?.throwIfAborted()
    if (isOver?.()) return removed
    const some = await remove()
    removed += some
    if (some < smallBatch) return removed
    await turn()
  }
}

function isHeldUp(file: CallLogFile, statePath: string, limit: number): boolean {
  const isLong = () =>
    stateSizes(statePath).callsWriteAhead > sizeBudget(statePath, limit).writeAheadShare
  if (!isLong()) return false
  file.cutWriteAhead(20)
  return isLong()
}

/** Old enough to go; and, when the state alone is over its part and it would help, the oldest of the others. */
async function runsToGo({ state: { db, path }, limit, runsBefore }: Job): Promise<string[]> {
  const kept = await runsToKeep(db)
  const old = await oldRuns(db, runsBefore, kept)
  if (!sizeBudget(path, limit).isStateTooLarge) return old
  const excess = (await bytesHeld(db)) - limit * 0.9
  const bytes = await bytesByRun(db)
  let sum = 0
  for (const id of old) sum += bytes.get(id) ?? 0
  const more: string[] = []
  for (const id of (await oldRuns(db, farAhead, kept)).slice(old.length)) {
    if (sum >= excess) break
    sum += bytes.get(id) ?? 0
    more.push(id)
  }
  // History that goes without making the state small enough would be lost for nothing.
  return sum >= excess ? [...old, ...more] : old
}

const farAhead = new Date('9999-01-01T00:00:00Z')
/** A job goes on with a listing within hours. */
const listingDays = 7

async function listingsToGo(app: App, { state: { db } }: Job) {
  const listings = await forsakenListings(db, daysAgo(app, listingDays * 86_400_000))
  return { listings, items: listings.length === 0 ? 0 : await countListingItems(db, listings) }
}

/** The same in figures; bytes are reckoned from the average row. */
async function preview(app: App, job: Job): Promise<Part> {
  const { state, file, limit } = job
  const runs = await countRuns(state.db, await runsToGo(job))
  const { listings, items } = await listingsToGo(app, job)
  const { fileShare } = sizeBudget(state.path, limit)
  const held = await bytesHeld(file.db)
  const all = await countCallsBefore(file.db)
  const old = await countCallsBefore(file.db, job.before)
  const perCall = all.calls === 0 ? 0 : held / all.calls
  const excess = Math.max(0, held - old.calls * perCall - fileShare)
  const oldest = perCall === 0 ? 0 : Math.min(all.calls - old.calls, Math.ceil(excess / perCall))
  const calls = old.calls + oldest
  const ratio = all.calls === 0 ? 0 : all.attempts / all.calls
  const before = stateSizes(state.path).total
  const freed = Math.min(before, Math.round(calls * perCall))
  return {
    dry_run: true,
    rows: {
      calls,
      attempts: old.attempts + Math.round(oldest * ratio),
      ...runs,
      listings: listings.length,
      listing_items: items,
      outbox: await countEndedBefore(state.db, job.before),
      cached_answers: await countCachedBefore(state.db, job.cachedBefore),
      ...(await ofAged((table) => countAgedBefore(state.db, table, job.runsBefore))),
    },
    bytes_before: before,
    bytes_after: before - freed,
    bytes_freed: freed,
    is_complete: true,
  }
}
