/** What an exchange named, so that the end of a full listing can tell what is missing. */
import { CompiledQuery, sql, type Expression } from 'kysely'
import type { Db } from '../schema.ts'

/** Notes products that an exchange named. One parameter for the whole list: the cheapest way there is. */
export async function stageSeen(db: Db, externalIds: readonly string[]): Promise<void> {
  if (externalIds.length === 0) return
  const insert = 'insert or ignore into staged_seen (external_id) select value from json_each(?)'
  await db.executeQuery(CompiledQuery.raw(insert, [JSON.stringify(externalIds)]))
}

/** Query of one column: every product the exchange named. */
export const stagedSeen: Expression<unknown> = sql`(select external_id from staged_seen)`
