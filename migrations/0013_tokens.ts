import type { Kysely } from 'kysely'
import { strict } from '../src/store/dialect.ts'

/** Who may use the listener's API. A token itself is shown once and never stored. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('tokens')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull().unique())
    .addColumn('hash', 'text', (column) => column.notNull().unique()) // SHA-256, hex; a token has 256 random bits
    .addColumn('scopes', 'text', (column) => column.notNull()) // JSON
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'text')
    .addColumn('used_at', 'text')
    .addColumn('revoked_at', 'text')
    .modifyEnd(strict)
    .execute()
}
