/** What the tables of the daemon keep no longer: removed in small transactions, counted before. */
import { type RawBuilder, sql, type SqlBool } from 'kysely'
import type { DaemonTables } from './schema-daemon.ts'
import type { Db } from './schema.ts'

type Aged = {
  key: readonly string[]
  /** The instant that says how old a row is. */
  age: string
  /** What a row must be to go. */
  only?: RawBuilder<SqlBool>
}

const aged = {
  occurrences: {
    key: ['job', 'due_at'],
    age: 'due_at',
    only: sql<SqlBool>`status not in ('waiting', 'running')`,
  },
  health_checks: { key: ['position'], age: 'at' },
  breaker_events: {
    key: ['position'],
    age: 'at',
    // The latest of each service knows how often its breaker has tripped.
    only: sql<SqlBool>`position not in (select max(position) from breaker_events group by service)`,
  },
  alerts: { key: ['id'], age: 'resolved_at', only: sql<SqlBool>`status = 'resolved'` },
  silences: { key: ['id'], age: 'until' },
  hook_events: {
    key: ['position'],
    age: 'received_at',
    only: sql<SqlBool>`status <> 'received'`,
  },
  message_states: { key: ['service', 'message_id', 'recipient'], age: 'updated_at' },
  order_states: { key: ['service', 'order_no', 'event_type'], age: 'updated_at' },
} as const satisfies Partial<Record<keyof DaemonTables, Aged>>

export type AgedTable = keyof typeof aged

export const agedTables = Object.keys(aged) as AgedTable[]

/** Removes at most `limit` rows of one table that are older; returns how many. */
export async function deleteAgedBefore(
  db: Db,
  table: AgedTable,
  before: Date,
  limit: number,
): Promise<number> {
  const { key } = aged[table]
  const columns = sql.join(key.map((name) => sql.ref(name)))
  const old = sql`select ${columns} from ${sql.table(table)} where ${isOld(table, before)} limit ${limit}`
  const { numAffectedRows } =
    await sql`delete from ${sql.table(table)} where (${columns}) in (${old})`.execute(db)
  return Number(numAffectedRows ?? 0n)
}

export async function countAgedBefore(db: Db, table: AgedTable, before: Date): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from ${sql.table(table)} where ${isOld(table, before)}`.execute(db)
  return Number(rows[0]?.count ?? 0)
}

function isOld(table: AgedTable, before: Date): RawBuilder<SqlBool> {
  const { age, only }: Aged = aged[table]
  const isPast = sql<SqlBool>`${sql.ref(age)} < ${before.toISOString()}`
  return only ? sql<SqlBool>`${isPast} and ${only}` : isPast
}
