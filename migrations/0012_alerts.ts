import { sql, type Kysely } from 'kysely'
import { strict } from '../src/store/dialect.ts'

/** What is wrong and who was told, what nobody wants to be told of, and how the channels themselves do. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await createAlerts(db)
  await db.schema
    .createTable('silences')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('rule', 'text') // null: every rule
    .addColumn('subject', 'text') // null: whatever it is about
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('until', 'text', (column) => column.notNull())
    .addColumn('set_by', 'text', (column) => column.notNull())
    .addColumn('set_at', 'text', (column) => column.notNull())
    .modifyEnd(strict)
    .execute()
  await db.schema
    .createTable('alert_channels')
    .addColumn('service', 'text', (column) => column.primaryKey())
    .addColumn('delivered_at', 'text')
    .addColumn('failing_since', 'text')
    .addColumn('failures', 'integer', (column) => column.notNull()) // in a row
    .addColumn('error', 'text')
    .modifyEnd(strict)
    .execute()
}

async function createAlerts(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('alerts')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('rule', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('severity', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull()) // firing, resolved
    .addColumn('title', 'text', (column) => column.notNull())
    .addColumn('detail', 'text', (column) => column.notNull())
    .addColumn('todo', 'text', (column) => column.notNull())
    .addColumn('fired_at', 'text', (column) => column.notNull())
    .addColumn('seen_at', 'text', (column) => column.notNull())
    .addColumn('resolved_at', 'text')
    .addColumn('notice', 'text') // fired, resolved: what people have not been told yet
    .addColumn('told_at', 'text')
    .addColumn('silenced_by', 'text') // id of the silence that held when it fired
    .modifyEnd(strict)
    .execute()
  await db.schema
    .createIndex('alerts_firing')
    .on('alerts')
    .columns(['rule', 'subject'])
    .unique()
    .where(sql.ref('status'), '=', sql.lit('firing'))
    .execute()
  await db.schema.createIndex('alerts_age').on('alerts').columns(['fired_at']).execute()
  await db.schema.createIndex('alerts_notice').on('alerts').columns(['notice']).execute()
}
