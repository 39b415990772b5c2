/** Removes runs that are too old to matter, with their failures and findings, and listings nobody goes on with. */
import { setImmediate as turn } from 'node:timers/promises'
import { sql } from 'kysely'
import { valuesOf } from './dialect.ts'
import { dropListing } from './listings.ts'
import type { Database, Db } from './schema.ts'
import { atomically } from './transaction.ts'

/** What hangs on a run, largest first. */
const detailTables = [
  'run_failures',
  'import_findings',
  'import_finding_totals',
  'import_counts',
] as const satisfies (keyof Database)[]

type DetailTable = (typeof detailTables)[number]

/** Rows by table. */
export type DeletedRuns = Record<'runs' | DetailTable, number>

export type Sweep = { signal?: AbortSignal; isOver?(): boolean }

const runsPerBatch = 50
const rowsPerBatch = 1000

export const noRuns = (): DeletedRuns => ({
  runs: 0,
  run_failures: 0,
  import_findings: 0,
  import_finding_totals: 0,
  import_counts: 0,
})

/**
 * Ids of runs that stay whatever their age: the last of each job, the last that was no dry run, the last success, those
 * that run, those a checkpoint comes from, and what each unfinished one of them goes on from.
 */
export async function runsToKeep(db: Db): Promise<Set<string>> {
  const jobs = await db.selectFrom('runs').select('job').distinct().execute()
  const kept: string[] = []
  for (const { job } of jobs) {
    const runs = db
      .selectFrom('runs')
      .select('id')
      .where('job', '=', job)
      .orderBy('started_at', 'desc')
      .orderBy('id', 'desc')
      .limit(1)
    const real = runs.where('trigger', '<>', 'dry-run')
    for (const query of [runs, real, real.where('status', '=', 'success')]) {
      kept.push(...(await query.execute()).map(({ id }) => id))
    }
  }
  const running = await db.selectFrom('runs').select('id').where('status', '=', 'running').execute()
  const resting = await db.selectFrom('checkpoints').select('run_id as id').execute()
  kept.push(...running.map(({ id }) => id), ...resting.map(({ id }) => id))
  return withOrigins(db, kept)
}

/** A run that came to its end needs none before it. */
async function withOrigins(db: Db, ids: readonly string[]): Promise<Set<string>> {
  const kept = new Set(ids)
  for (let next = [...kept]; next.length > 0;) {
    const rows = await db
      .selectFrom('runs')
      .select('resumed_from')
      .where('id', 'in', valuesOf(next))
      .where('status', 'not in', ['success', 'partial'])
      .where('resumed_from', 'is not', null)
      .execute()
    next = rows.map((row) => row.resumed_from!).filter((id) => !kept.has(id))
    for (const id of next) kept.add(id)
  }
  return kept
}

/** Ids of finished runs that ended before an instant and are not kept, oldest first. */
export async function oldRuns(
  db: Db,
  before: Date,
  kept: ReadonlySet<string>,
  limit?: number,
): Promise<string[]> {
  let query = db
    .selectFrom('runs')
    .select('id')
    .where('started_at', '<', before.toISOString())
    .where('finished_at', '<', before.toISOString())
    .where('status', '<>', 'running')
    .where('id', 'not in', valuesOf([...kept]))
    .orderBy('started_at')
    .orderBy('id')
  if (limit !== undefined) query = query.limit(limit)
  return (await query.execute()).map(({ id }) => id)
}

/** How much there is of runs, as `deleteRuns` would delete. */
export async function countRuns(db: Db, ids: readonly string[]): Promise<DeletedRuns> {
  const counts = { ...noRuns(), runs: ids.length }
  for (const table of detailTables) {
    const row = await db
      .selectFrom(table)
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('run_id', 'in', valuesOf(ids))
      .executeTakeFirstOrThrow()
    counts[table] = Number(row.count)
  }
  return counts
}

/**
 * Deletes runs in small transactions, each run after all that hangs on it, so that a kill leaves no failure without its
 * run. One that has begun to run again is left alone.
 */
export async function deleteRuns(
  db: Db,
  ids: readonly string[],
  { signal, isOver }: Sweep = {},
): Promise<DeletedRuns> {
  const deleted = noRuns()
  for (let from = 0; from < ids.length;) {
    signal?.throwIfAborted()
    if (isOver?.()) break
    const some = ids.slice(from, from + runsPerBatch)
    const isDone = await atomically(db, async (tx) => {
      for (const table of detailTables) {
        const count = await deleteSome(tx, table, some)
        deleted[table] += count
        if (count === rowsPerBatch) return false
      }
      const { numDeletedRows } = await tx
        .deleteFrom('runs')
        .where('id', 'in', valuesOf(some))
        .where('status', '<>', 'running')
        .executeTakeFirstOrThrow()
      deleted.runs += Number(numDeletedRows)
      return true
    })
    if (isDone) from += some.length
    await turn()
  }
  return deleted
}

const keyOf: Record<DetailTable, string> = {
  run_failures: 'key',
  import_findings: 'seq',
  import_finding_totals: 'kind',
  import_counts: 'entity',
}

async function deleteSome(tx: Db, table: DetailTable, ids: readonly string[]): Promise<number> {
  const [name, key] = [sql.table(table), sql.ref(keyOf[table])]
  const { numAffectedRows = 0n } = await sql`
    delete from ${name} where (run_id, ${key}) in
      (select run_id, ${key} from ${name} where run_id in ${valuesOf(ids)}
       limit ${sql.lit(rowsPerBatch)})`.execute(tx)
  return Number(numAffectedRows)
}

/** Bytes of text that hang on each run, for runs that have any. Reads all of it. */
export async function bytesByRun(db: Db): Promise<Map<string, number>> {
  const { rows } = await sql<{ id: string; bytes: number }>`
    select run_id as id, sum(length(key) + length(reason) + length(raw) + 60) as bytes
    from run_failures group by run_id`.execute(db)
  return new Map(rows.map(({ id, bytes }) => [id, Number(bytes)]))
}

/**
 * Listings that nobody goes on with: no checkpoint of their way of running, no run of their job, and older than
 * `before`. Jobs remove their own; these are of jobs that were taken out of the config, or never run again.
 */
export async function forsakenListings(db: Db, before: Date): Promise<string[]> {
  const rows = await db
    .selectFrom('listings')
    .select(['id', 'job'])
    .where('started_at', '<', before.toISOString())
    .where('job', 'not in', db.selectFrom('checkpoints').select('job'))
    .orderBy('id')
    .execute()
  const running = await db
    .selectFrom('runs')
    .select('job')
    .where('status', '=', 'running')
    .execute()
  const busy = new Set(running.map(({ job }) => job))
  return rows.filter(({ job }) => !busy.has(job.split('#', 1)[0]!)).map(({ id }) => id)
}

export async function countListingItems(db: Db, ids: readonly string[]): Promise<number> {
  const { count } = await db
    .selectFrom('listing_items')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('listing_id', 'in', valuesOf(ids))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Returns how many were removed. */
export async function dropListings(
  db: Db,
  ids: readonly string[],
  { signal, isOver }: Sweep = {},
): Promise<number> {
  let dropped = 0
  for (const id of ids) {
    if (isOver?.()) break
    signal?.throwIfAborted()
    await dropListing(db, id)
    dropped += 1
  }
  return dropped
}
