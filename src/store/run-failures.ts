import { cutText } from './json.ts'
import type { Db } from './schema.ts'

/** An item that a run could not save. */
export type RunFailure = {
  key: string
  reason: string
  /** The item as it came, as JSON text; cut at 16 KB. */
  raw: string
  at: string
}

/** Belongs into the transaction of the batch. An item that fails twice in a run is kept with its last reason. */
export async function saveFailures(
  tx: Db,
  runId: string,
  failures: readonly RunFailure[],
): Promise<void> {
  for (const { key, reason, raw, at } of failures) {
    const row = { reason: cutText(reason), raw: cutText(raw), at }
    await tx
      .insertInto('run_failures')
      .values({ run_id: runId, key, ...row })
      .onConflict((conflict) => conflict.columns(['run_id', 'key']).doUpdateSet(row))
      .execute()
  }
}

/** In the order of their keys; `afterKey` is the last one of the page before. */
export async function listFailures(
  db: Db,
  runId: string,
  { limit = 100, afterKey }: { limit?: number; afterKey?: string } = {},
): Promise<RunFailure[]> {
  let query = db
    .selectFrom('run_failures')
    .select(['key', 'reason', 'raw', 'at'])
    .where('run_id', '=', runId)
  if (afterKey !== undefined) query = query.where('key', '>', afterKey)
  return query.orderBy('key').limit(limit).execute()
}

export async function countFailures(db: Db, runId: string): Promise<number> {
  const { count } = await db
    .selectFrom('run_failures')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('run_id', '=', runId)
    .executeTakeFirstOrThrow()
  return Number(count)
}
