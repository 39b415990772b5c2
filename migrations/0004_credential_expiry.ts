import type { Kysely } from 'kysely'

/**
 * When a credential ends: told by the vendor's connection test, by the certificate itself, or by the operator. Kept
 * with the secret, for it is a property of the value and goes when the value does. And who stored that value: a secret
 * that is replaced under its own name leaves no trace in the versions of the config.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('secrets').addColumn('expires_at', 'text').execute()
  await db.schema.alterTable('secrets').addColumn('updated_by', 'text').execute() // null: before this was kept
}
