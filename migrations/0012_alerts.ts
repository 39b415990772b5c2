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
    .addColumn('next_at', 'text') // it failed, and is not tried again before; null: whenever there is something to tell
    .addColumn('error', 'text')
    .modifyEnd(strict)
    .execute()
  await createDeliveries(db)
}

/** What each channel still has to tell: written with the decision to tell it, gone once the channel has it. */
async function createDeliveries(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('alert_deliveries')
    .addColumn('service', 'text', (column) => column.notNull())
    .addColumn('alert', 'text', (column) =>
      column.notNull().references('alerts.id').onDelete('cascade'),
    )
    .addColumn('notice', 'text', (column) => column.notNull()) // fired, resolved
    .addColumn('since', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('alert_deliveries_key', ['service', 'alert', 'notice'])
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
    .addColumn('count', 'integer') // of what piles up
    .addColumn('fired_at', 'text', (column) => column.notNull())
    .addColumn('seen_at', 'text', (column) => column.notNull())
    .addColumn('resolved_at', 'text')
    .addColumn('notice', 'text') // fired, resolved: what is held back, by a silence, the cooldown or for want of a channel
    .addColumn('announced_at', 'text') // when its firing was handed to the channels
    .addColumn('told_at', 'text') // when the first of them had it
    .addColumn('silenced_by', 'text') // id of the silence that holds it back, or did when it was last looked at
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
  await db.schema
    .createIndex('alerts_subject')
    .on('alerts')
    .columns(['rule', 'subject', 'announced_at'])
    .execute()
}
