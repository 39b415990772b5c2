import { sql, type Kysely } from 'kysely'
import { countedKey, strict } from '../src/store/dialect.ts'

/**
 * Calls that change something, written down before their first request leaves, and calls that were accepted for later.
 * Both are one thing: a process that is killed in between leaves a row that says what may have happened.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('outbox')
    .addColumn('position', 'integer', countedKey)
    .addColumn('id', 'text', (column) => column.notNull().unique()) // of the call
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('operation', 'text', (column) => column.notNull())
    .addColumn('effect', 'text', (column) => column.notNull())
    .addColumn('service', 'text') // the one that was asked for by name; null: whoever serves the kind
    .addColumn('served_by', 'text') // the one that was asked last
    .addColumn('input', 'text') // JSON; null once nobody needs to know it any more
    .addColumn('input_hash', 'text', (column) => column.notNull())
    .addColumn('idempotency_key', 'text', (column) => column.notNull())
    .addColumn('correlation_id', 'text', (column) => column.notNull())
    .addColumn('run_id', 'text')
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('tries', 'integer', (column) => column.notNull())
    .addColumn('exchanges', 'integer', (column) => column.notNull())
    .addColumn('next_at', 'text')
    .addColumn('deadline_at', 'text')
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('host', 'text') // who sends it now
    .addColumn('pid', 'integer')
    .addColumn('process_started_at', 'text')
    .addColumn('lease_until', 'text')
    .addColumn('output', 'text') // JSON
    .addColumn('error', 'text') // JSON
    .addColumn('finished_at', 'text')
    .addUniqueConstraint('outbox_idempotency', ['kind', 'operation', 'idempotency_key'])
    .modifyEnd(strict)
    .execute()
  await db.schema
    .createIndex('outbox_due')
    .on('outbox')
    .columns(['status', 'next_at', 'position'])
    .where(sql`finished_at`, 'is', null) // what waits and what is being sent
    .execute()
  await db.schema
    .createIndex('outbox_finished')
    .on('outbox')
    .columns(['finished_at', 'position'])
    .where(sql`finished_at`, 'is not', null)
    .execute()
  await db.schema
    .createTable('outbox_recipients')
    .addColumn('recipient', 'text', (column) => column.notNull())
    .addColumn('position', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('outbox_recipients_key', ['recipient', 'position'])
    .modifyEnd(strict)
    .execute()
  await db.schema
    .createIndex('outbox_recipients_position')
    .on('outbox_recipients')
    .columns(['position'])
    .execute()
}
