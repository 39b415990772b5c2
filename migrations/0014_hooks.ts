import { sql, type Kysely } from 'kysely'
import { countedKey, strict } from '../src/store/dialect.ts'

/** What vendors told us, once each, and what it says of messages and orders. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await createEvents(db)
  await db.schema
    .createTable('message_states')
    .addColumn('service', 'text', (column) => column.notNull())
    .addColumn('message_id', 'text', (column) => column.notNull())
    .addColumn('recipient', 'text', (column) => column.notNull()) // empty where the vendor names none
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('code', 'text')
    .addColumn('error', 'text') // JSON
    .addColumn('at', 'text')
    .addColumn('updated_at', 'text', (column) => column.notNull())
    .addColumn('call_id', 'text') // the call that sent it; null while that is not known
    .addColumn('event', 'text') // id of the hook event; null: as the vendor answered when it was sent
    .addPrimaryKeyConstraint('message_states_key', ['service', 'message_id', 'recipient'])
    .modifyEnd(strict)
    .execute()
  for (const column of ['call_id', 'updated_at']) {
    await db.schema
      .createIndex(`message_states_${column}`)
      .on('message_states')
      .columns([column])
      .execute()
  }
  // What a receipt may settle. Those that are over are no part of it, and they are nearly all.
  await db.schema
    .createIndex('outbox_doubtful')
    .on('outbox')
    .columns(['served_by', 'position'])
    .where(sql<boolean>`status in ('sending', 'unknown')`)
    .execute()
  await db.schema
    .createTable('order_states')
    .addColumn('service', 'text', (column) => column.notNull())
    .addColumn('order_no', 'text', (column) => column.notNull()) // ours
    .addColumn('event_type', 'text', (column) => column.notNull()) // confirm, cancel, out_of_stock
    .addColumn('supplier_order_no', 'text')
    .addColumn('succeeded', 'integer', (column) => column.notNull())
    .addColumn('failure', 'text')
    .addColumn('at', 'text')
    .addColumn('updated_at', 'text', (column) => column.notNull())
    .addColumn('event', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('order_states_key', ['service', 'order_no', 'event_type'])
    .modifyEnd(strict)
    .execute()
}

async function createEvents(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('hook_events')
    .addColumn('position', 'integer', countedKey)
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('service', 'text', (column) => column.notNull())
    .addColumn('event_id', 'text', (column) => column.notNull()) // the vendor's
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('at', 'text') // when it happened, where the vendor says so
    .addColumn('data', 'text', (column) => column.notNull()) // JSON, in the words of the kind
    .addColumn('received_at', 'text', (column) => column.notNull())
    .addColumn('repeats', 'integer', (column) => column.notNull()) // how often the vendor sent it again
    .addColumn('status', 'text', (column) => column.notNull()) // received, handled, failed
    .addColumn('tries', 'integer', (column) => column.notNull())
    .addColumn('next_at', 'text')
    .addColumn('handled_at', 'text')
    .addColumn('outcome', 'text') // what handling it did, in words
    .addColumn('error', 'text')
    .modifyEnd(strict)
    .execute()
  await db.schema
    .createIndex('hook_events_key')
    .on('hook_events')
    .columns(['service', 'event_id'])
    .unique()
    .execute()
  const indexes = { hook_events_due: ['status', 'next_at'], hook_events_age: ['received_at'] }
  for (const [name, columns] of Object.entries(indexes)) {
    await db.schema.createIndex(name).on('hook_events').columns(columns).execute()
  }
}
