import type { Kysely } from 'kysely'

/** What happened to a call between its requests, and which service each request went to. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('calls').addColumn('steps', 'text').execute() // JSON; null: nothing but its requests
  await db.schema.alterTable('attempts').addColumn('service', 'text').execute() // null: that of the call
}
