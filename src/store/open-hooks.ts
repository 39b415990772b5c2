import { sql } from 'kysely'
import type { HookStatus } from './schema-daemon.ts'
import type { Db } from './schema.ts'

/** Webhooks that wait or were given up, by status; those that were handled are not read, however many there are. */
export async function countOpenHooks(
  db: Db,
): Promise<Partial<Record<Exclude<HookStatus, 'handled'>, number>>> {
  const rows = await db
    .selectFrom('hook_events')
    .select(['status', sql<number>`count(*)`.as('count')])
    .where('status', 'in', ['received', 'failed'])
    .groupBy('status')
    .execute()
  return Object.fromEntries(rows.map(({ status, count }) => [status, Number(count)]))
}
