/** The last good answers of reads. All of it may be lost without harm. */
import type { Db } from './schema.ts'

export type CachedAnswer = {
  service: string
  /** JSON. */
  output: string
  /** ISO 8601, UTC. */
  storedAt: string
}

export async function getCached(db: Db, key: string): Promise<CachedAnswer | undefined> {
  const row = await db
    .selectFrom('cached_answers')
    .select(['service', 'output', 'stored_at'])
    .where('key', '=', key)
    .executeTakeFirst()
  return row && { service: row.service, output: row.output, storedAt: row.stored_at }
}

export async function putCached(db: Db, key: string, answer: CachedAnswer): Promise<void> {
  const row = { service: answer.service, output: answer.output, stored_at: answer.storedAt }
  await db
    .insertInto('cached_answers')
    .values({ key, ...row })
    .onConflict((conflict) => conflict.column('key').doUpdateSet(row))
    .execute()
}

/** Deletes up to `limit` answers that were stored before an instant; returns how many. */
export async function deleteCachedBefore(db: Db, before: Date, limit = 500): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('cached_answers')
    .where('key', 'in', ({ selectFrom }) =>
      selectFrom('cached_answers')
        .select('key')
        .where('stored_at', '<', before.toISOString())
        .orderBy('stored_at')
        .limit(limit),
    )
    .executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}

export async function countCachedBefore(db: Db, before: Date): Promise<number> {
  const { count } = await db
    .selectFrom('cached_answers')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('stored_at', '<', before.toISOString())
    .executeTakeFirstOrThrow()
  return Number(count)
}
