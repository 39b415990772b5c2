import type { Kysely } from 'kysely'
import { countedKey, strict } from '../src/store/dialect.ts'

/** How the health checks of services went, and when a breaker changed. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('health_checks')
    .addColumn('position', 'integer', countedKey)
    .addColumn('service', 'text', (column) => column.notNull())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('ok', 'integer', (column) => column.notNull())
    .addColumn('duration_ms', 'integer', (column) => column.notNull())
    .addColumn('message', 'text', (column) => column.notNull())
    .addColumn('error_kind', 'text')
    .addColumn('call_id', 'text')
    .modifyEnd(strict)
    .execute()
  await db.schema
    .createTable('breaker_events')
    .addColumn('position', 'integer', countedKey)
    .addColumn('service', 'text', (column) => column.notNull())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('former', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('trips', 'integer', (column) => column.notNull()) // of this breaker so far: events are deleted in time
    .modifyEnd(strict)
    .execute()
  for (const table of ['health_checks', 'breaker_events']) {
    await db.schema.createIndex(`${table}_service`).on(table).columns(['service', 'at']).execute()
    await db.schema.createIndex(`${table}_age`).on(table).columns(['at']).execute()
  }
}
