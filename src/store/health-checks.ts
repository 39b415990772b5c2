/** How the connection tests of the daemon went. */
import { sql, type Selectable } from 'kysely'
import { valuesOf } from './dialect.ts'
import type { Database, Db } from './schema.ts'

export type HealthCheck = {
  service: string
  /** When it began: ISO 8601, UTC. */
  at: string
  isOk: boolean
  durationMs: number
  /** What it saw, or why it failed; redacted. */
  message: string
  /** Kind of the failure; null when it passed. */
  errorKind: string | null
  /** Its row in the call log; null where nothing was asked. */
  callId: string | null
}

const longestMessage = 1000

export async function insertHealthCheck(db: Db, check: HealthCheck): Promise<void> {
  await db
    .insertInto('health_checks')
    .values({
      service: check.service,
      at: check.at,
      ok: check.isOk ? 1 : 0,
      duration_ms: Math.round(check.durationMs),
      message: check.message.slice(0, longestMessage),
      error_kind: check.errorKind,
      call_id: check.callId,
    })
    .execute()
}

/** The latest check of each of these services; one that was never checked is not in it. */
export async function latestHealthChecks(
  db: Db,
  services: readonly string[],
): Promise<Map<string, HealthCheck>> {
  const newest = sql<number>`(select position from health_checks
    where service = named.value order by at desc, position desc limit 1)`
  const rows = await db
    .selectFrom('health_checks')
    .selectAll()
    .where('position', 'in', sql<number>`(select ${newest} from ${valuesOf(services)} as named)`)
    .execute()
  return new Map(rows.map((row) => [row.service, toCheck(row)]))
}

/** Newest first. */
export async function listHealthChecks(
  db: Db,
  service: string,
  { limit = 50 }: { limit?: number } = {},
): Promise<HealthCheck[]> {
  const rows = await db
    .selectFrom('health_checks')
    .selectAll()
    .where('service', '=', service)
    .orderBy('at', 'desc')
    .orderBy('position', 'desc')
    .limit(limit)
    .execute()
  return rows.map(toCheck)
}

const toCheck = (row: Selectable<Database['health_checks']>): HealthCheck => ({
  service: row.service,
  at: row.at,
  isOk: row.ok === 1,
  durationMs: row.duration_ms,
  message: row.message,
  errorKind: row.error_kind,
  callId: row.call_id,
})
