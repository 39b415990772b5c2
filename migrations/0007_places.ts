import type { Kysely } from 'kysely'
import { bigInteger, strict } from '../src/store/dialect.ts'

/** Places for calls in flight, lent for a time: all processes together keep to what a service allows at once. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('places')
    .addColumn('service', 'text', (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull()) // from 0
    .addColumn('holder', 'text', (column) => column.notNull())
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('pid', 'integer', (column) => column.notNull())
    .addColumn('process_started_at', 'text')
    .addColumn('lease_until_ms', bigInteger, (column) => column.notNull())
    .addPrimaryKeyConstraint('places_key', ['service', 'number'])
    .modifyEnd(strict)
    .execute()
}
