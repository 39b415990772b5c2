import { sql, type Kysely } from 'kysely'
import { strict } from '../src/store/dialect.ts'

/**
 * Several keys may unlock one state: a random master key wraps the data keys of all secrets, and each slot holds it
 * sealed for the slot's own key. Until now the one key from outside was the master itself. Such a slot is kept as it
 * is, without a recipient and a sealed master, for no key is at hand here; the first unlocking with its key makes a
 * whole slot of it.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('key_slots').renameTo('key_slots_before_3').execute()
  await db.schema
    .createTable('key_slots')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('kind', 'text', (column) => column.notNull()) // key or passphrase
    .addColumn('label', 'text', (column) => column.notNull())
    .addColumn('recipient', 'text', (column) => column.unique())
    .addColumn('kdf', 'text') // JSON; passphrases alone have one
    .addColumn('master_id', 'text', (column) => column.notNull())
    .addColumn('sealed_master', 'text')
    .addColumn('check_record', 'text', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('created_by', 'text') // null: not known
    .modifyEnd(strict)
    .execute()
  await sql`
    insert into key_slots (id, kind, label, master_id, check_record, created_at)
    select kek_id, 'key', 'first key', kek_id, check_record, created_at from key_slots_before_3
  `.execute(db)
  await db.schema.dropTable('key_slots_before_3').execute()
}
