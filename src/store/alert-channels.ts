import type { Selectable } from 'kysely'
import type { Database, Db } from './schema.ts'
import { atomically } from './transaction.ts'

/** How a service does as a channel of alerts. */
export type AlertChannel = {
  service: string
  /** When it last delivered. */
  deliveredAt: string | null
  /** Null: it works, as far as is known. */
  failingSince: string | null
  /** In a row. */
  failures: number
  /** It is not tried again before. */
  nextAt: string | null
  error: string | null
}

/** Those that were ever told something, by name. */
export async function listChannels(db: Db): Promise<AlertChannel[]> {
  const rows = await db.selectFrom('alert_channels').selectAll().orderBy('service').execute()
  return rows.map(toChannel)
}

export async function getChannel(db: Db, service: string): Promise<AlertChannel | undefined> {
  const row = await db
    .selectFrom('alert_channels')
    .selectAll()
    .where('service', '=', service)
    .executeTakeFirst()
  return row && toChannel(row)
}

/** It delivered: whatever was wrong with it is over. */
export async function noteDelivered(db: Db, service: string, now: Date): Promise<void> {
  const row = {
    delivered_at: now.toISOString(),
    failing_since: null,
    failures: 0,
    next_at: null,
    error: null,
  }
  await db
    .insertInto('alert_channels')
    .values({ service, ...row })
    .onConflict((conflict) => conflict.column('service').doUpdateSet(row))
    .execute()
}

/** `waitMs`: from the number of failures in a row to the time until it is tried again. */
export function noteUndelivered(
  db: Db,
  service: string,
  { error, now, waitMs }: { error: string; now: Date; waitMs(failures: number): number },
): Promise<void> {
  return atomically(db, async (tx) => {
    const former = await getChannel(tx, service)
    const failures = (former?.failures ?? 0) + 1
    const row = {
      failing_since: former?.failingSince ?? now.toISOString(),
      failures,
      next_at: new Date(now.getTime() + waitMs(failures)).toISOString(),
      error,
    }
    await tx
      .insertInto('alert_channels')
      .values({ service, delivered_at: null, ...row })
      .onConflict((conflict) => conflict.column('service').doUpdateSet(row))
      .execute()
  })
}

/** Forgets channels that the config no longer names, and what they had to tell. */
export async function keepChannels(db: Db, kept: readonly string[]): Promise<void> {
  for (const table of ['alert_channels', 'alert_deliveries'] as const) {
    const rows = await db.selectFrom(table).select('service').distinct().execute()
    const gone = rows.map(({ service }) => service).filter((name) => !kept.includes(name))
    if (gone.length > 0) await db.deleteFrom(table).where('service', 'in', gone).execute()
  }
}

const toChannel = (row: Selectable<Database['alert_channels']>): AlertChannel => ({
  service: row.service,
  deliveredAt: row.delivered_at,
  failingSince: row.failing_since,
  failures: row.failures,
  nextAt: row.next_at,
  error: row.error,
})
