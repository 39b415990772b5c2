import type { Kysely } from 'kysely'

/** Which command loaded a version of the config, and how many faults it found: `config history` shows both. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('config_versions')
    .addColumn('command', 'text', (column) => column.notNull().defaultTo(''))
    .execute()
  await db.schema
    .alterTable('config_versions')
    .addColumn('faults', 'integer', (column) => column.notNull().defaultTo(0))
    .execute()
}
