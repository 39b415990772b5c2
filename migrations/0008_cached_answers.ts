import type { Kysely } from 'kysely'
import { strict } from '../src/store/dialect.ts'

/** The last good answer of reads, for routes that may serve one while the vendor is down. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('cached_answers')
    .addColumn('key', 'text', (column) => column.primaryKey()) // kind, operation, version and hash of the input
    .addColumn('service', 'text', (column) => column.notNull())
    .addColumn('output', 'text', (column) => column.notNull()) // JSON
    .addColumn('stored_at', 'text', (column) => column.notNull())
    .modifyEnd(strict)
    .execute()
  await db.schema
    .createIndex('cached_answers_age')
    .on('cached_answers')
    .columns(['stored_at'])
    .execute()
}
