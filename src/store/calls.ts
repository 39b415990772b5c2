/** Writing and clearing the call log. Reading it: list-calls.ts. */
import { setImmediate as turn } from 'node:timers/promises'
import type { Insertable } from 'kysely'
import { valuesOf } from './dialect.ts'
import { cutText } from './json.ts'
import { countedOfCall, deleteStatsBefore, sumUp, uncount } from './metrics.ts'
import type { CallLogTables } from './schema-calls.ts'
import type { LogDb } from './schema.ts'
import { atomically } from './transaction.ts'

/** A call as it is stored. Everything in it has been redacted; texts are cut at 16 KB here. */
export type CallRow = Omit<Insertable<CallLogTables['calls']>, 'seq' | 'counted_attempts'>
export type AttemptRow = Insertable<CallLogTables['attempts']>

const noneCounted: ReadonlyMap<string, number> = new Map()

/** Rows of one statement; times the columns it stays below every limit on parameters. */
const rowsOfStatement = 100

/** Stores calls. One that was stored as `running` is replaced, and counts as new for whoever follows the log. */
export async function insertCalls(log: LogDb, rows: readonly CallRow[]): Promise<void> {
  const calls = latestOf(rows, (row) => row.id).map(shorten)
  await atomically(log, async (tx) => {
    for (const some of chunked(calls)) {
      const ids = some.map(({ id }) => id)
      const replaced = await tx
        .deleteFrom('calls')
        .where('id', 'in', ids)
        .returning(countedOfCall)
        .execute()
      const counted = replaced.length > 0 ? await uncount(tx, replaced) : noneCounted
      await tx
        .insertInto('calls')
        .values(some.map((row) => ({ ...row, counted_attempts: counted.get(row.id) ?? null })))
        .execute()
    }
    const marks = latestOf(calls, (row) => JSON.stringify([row.service, row.outcome]))
    for (const mark of marks) await saveLast(tx, mark)
  })
}

/** Stores requests; one that is stored already is replaced. */
export async function insertAttempts(log: LogDb, rows: readonly AttemptRow[]): Promise<void> {
  const attempts = latestOf(rows, (row) => JSON.stringify([row.call_id, row.number])).map(whole)
  await atomically(log, async (tx) => {
    for (const some of chunked(attempts)) {
      await tx
        .insertInto('attempts')
        .values(some)
        .onConflict((conflict) =>
          conflict.columns(['call_id', 'number']).doUpdateSet(({ ref }) => ({
            duration_ms: ref('excluded.duration_ms'),
            status: ref('excluded.status'),
            response_bytes: ref('excluded.response_bytes'),
            outcome: ref('excluded.outcome'),
            error_kind: ref('excluded.error_kind'),
            error: ref('excluded.error'),
          })),
        )
        .execute()
    }
  })
}

export type Deletion = {
  batchSize?: number
  signal?: AbortSignal
  /** Asked after each batch: true stops here, and what is left is for the next time. */
  isOver?(): boolean
}

/**
 * Deletes calls that started before an instant, with their attempts, in small batches and a turn of the event loop
 * after each. Returns how many rows. The space is used again; `shrink` of the log file gives it back to the disk.
 */
export async function deleteCallsBefore(
  log: LogDb,
  instant: Date,
  { batchSize = 500, signal, isOver }: Deletion = {},
): Promise<DeletedCalls> {
  await sumUp(log, { signal, isOver }) // what was never summed up would be lost to the sums
  const deleted: DeletedCalls = { calls: 0, attempts: 0 }
  for (; ; await turn()) {
    signal?.throwIfAborted()
    const some = await atomically(log, (tx) => deleteOldest(tx, batchSize, instant))
    deleted.calls += some.calls
    deleted.attempts += some.attempts
    if (isOver?.()) return deleted
    if (Math.max(some.calls, some.attempts) < batchSize) break
  }
  await deleteStatsBefore(log, instant)
  return deleted
}

export type DeletedCalls = { calls: number; attempts: number }

/**
 * Deletes the oldest calls, `before` an instant where one is given, with their attempts, and stray attempts that are as
 * old.
 */
export async function deleteOldest(tx: LogDb, limit: number, before?: Date): Promise<DeletedCalls> {
  let query = tx.selectFrom('calls').select('id')
  if (before) query = query.where('started_at', '<', before.toISOString())
  const rows = await query.orderBy('started_at').orderBy('id').limit(limit).execute()
  const ids = rows.map(({ id }) => id)
  const stray = await strayAttempts(tx, { newest: ids.at(-1), before })
  const { numDeletedRows } = await tx
    .deleteFrom('attempts')
    .where('call_id', 'in', valuesOf([...ids, ...stray]))
    .executeTakeFirstOrThrow()
  if (ids.length > 0) await tx.deleteFrom('calls').where('id', 'in', valuesOf(ids)).execute()
  return { calls: rows.length, attempts: Number(numDeletedRows) }
}

const straysPerBatch = 500

/**
 * Attempts are stored when they are made, and their call when it ends: those of a process that was killed belong to a
 * call that never comes. Ids sort by time, so what is old stands first. Returns ids of such calls: up to the newest call
 * that is deleted, or old enough, or whatever is there when there are no calls left.
 */
async function strayAttempts(
  tx: LogDb,
  { newest, before }: { newest?: string | undefined; before?: Date | undefined },
): Promise<string[]> {
  const instant = before?.toISOString()
  const first = await tx
    .selectFrom('attempts')
    .select(['call_id', 'started_at'])
    .orderBy('call_id')
    .limit(straysPerBatch)
    .execute()
  const old = first.filter(({ call_id: id, started_at: at }) =>
    instant === undefined ? newest === undefined || id < newest : at < instant,
  )
  const ids = [...new Set(old.map(({ call_id: id }) => id))]
  if (ids.length === 0) return []
  const found = await tx.selectFrom('calls').select('id').where('id', 'in', valuesOf(ids)).execute()
  const known = new Set(found.map(({ id }) => id))
  return ids.filter((id) => !known.has(id))
}

async function saveLast(tx: LogDb, call: CallRow): Promise<void> {
  const at = call.finished_at ?? call.started_at
  const row = { call_id: call.id, at }
  await tx
    .insertInto('last_calls')
    .values({ service: call.service, outcome: call.outcome, ...row })
    .onConflict((conflict) =>
      conflict.columns(['service', 'outcome']).doUpdateSet(row).where('last_calls.at', '<=', at),
    )
    .execute()
}

/** The last row of each key, in order: a key may stand in a statement only once. */
const latestOf = <Row>(rows: readonly Row[], keyOf: (row: Row) => string): Row[] => [
  ...new Map(rows.map((row) => [keyOf(row), row])).values(),
]

function* chunked<Row>(rows: readonly Row[]): Generator<Row[]> {
  for (let from = 0; from < rows.length; from += rowsOfStatement) {
    yield rows.slice(from, from + rowsOfStatement)
  }
}

const cut = (text: string | null | undefined): string | null =>
  text === null || text === undefined ? null : cutText(text)

const shorten = (row: CallRow): CallRow => ({
  ...row,
  duration_ms: row.duration_ms === null ? null : Math.round(row.duration_ms ?? 0),
  error: cut(row.error),
  request: cut(row.request),
  response: cut(row.response),
})

const whole = (row: AttemptRow): AttemptRow => ({
  ...row,
  duration_ms: Math.round(row.duration_ms),
  wait_ms: Math.round(row.wait_ms),
  error: cut(row.error),
})
