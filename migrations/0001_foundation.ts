import { sql, type Kysely } from 'kysely'
import { bigInteger, strict } from '../src/store/dialect.ts'

/** What caravan itself needs to remember: secrets, config versions, switches, runs and where they go on, limits. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await createSecrets(db)
  await createConfig(db)
  await createRuns(db)
  await createListings(db)
  await createGuards(db)
}

async function createSecrets(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('meta')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('value', 'text', (column) => column.notNull())
    .modifyEnd(strict)
    .execute()
  await db.schema
    .createTable('key_slots')
    .addColumn('kek_id', 'text', (column) => column.primaryKey())
    .addColumn('check_record', 'text', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .modifyEnd(strict)
    .execute()
  await db.schema
    .createTable('secrets')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('record', 'text', (column) => column.notNull())
    .addColumn('kek_id', 'text', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('updated_at', 'text', (column) => column.notNull())
    .addColumn('last_used_at', 'text')
    .modifyEnd(strict)
    .execute()
}

async function createConfig(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('config_versions')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('position', 'integer', (column) => column.notNull().unique())
    .addColumn('sha256', 'text', (column) => column.notNull())
    .addColumn('loaded_at', 'text', (column) => column.notNull())
    .addColumn('loaded_by', 'text', (column) => column.notNull())
    .addColumn('content', 'text', (column) => column.notNull())
    .addColumn('parsed', 'text', (column) => column.notNull()) // JSON
    .addColumn('summary', 'text', (column) => column.notNull())
    .modifyEnd(strict)
    .execute()
  await db.schema
    .createIndex('config_versions_sha256')
    .on('config_versions')
    .columns(['sha256', 'position'])
    .execute()
  await db.schema
    .createTable('switches')
    .addColumn('service', 'text', (column) => column.primaryKey())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('until', 'text') // null: until it is lifted
    .addColumn('set_by', 'text', (column) => column.notNull())
    .addColumn('set_at', 'text', (column) => column.notNull())
    .modifyEnd(strict)
    .execute()
}

async function createRuns(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('runs')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('job', 'text', (column) => column.notNull())
    .addColumn('trigger', 'text', (column) => column.notNull())
    .addColumn('options', 'text', (column) => column.notNull()) // JSON
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('started_at', 'text', (column) => column.notNull())
    .addColumn('finished_at', 'text')
    .addColumn('counters', 'text', (column) => column.notNull()) // JSON
    .addColumn('error', 'text') // JSON
    .addColumn('checkpoint_from', 'text') // JSON
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('pid', 'integer', (column) => column.notNull())
    .addColumn('process_started_at', 'text') // null where the system does not tell
    .addColumn('heartbeat_at', 'text', (column) => column.notNull())
    .addColumn('lease_until', 'text', (column) => column.notNull())
    .addColumn('resumed_from', 'text')
    .modifyEnd(strict)
    .execute()
  // Two runs of one job at once cannot be stored, whatever the code does.
  await db.schema
    .createIndex('runs_running')
    .unique()
    .on('runs')
    .column('job')
    .where(sql`status`, '=', sql.lit('running'))
    .execute()
  await db.schema.createIndex('runs_time').on('runs').columns(['started_at', 'id']).execute()
  await db.schema.createIndex('runs_job').on('runs').columns(['job', 'started_at', 'id']).execute()
  await db.schema
    .createTable('run_failures')
    .addColumn('run_id', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('raw', 'text', (column) => column.notNull())
    .addColumn('at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('run_failures_key', ['run_id', 'key'])
    .modifyEnd(strict)
    .execute()
  await db.schema
    .createTable('checkpoints')
    .addColumn('job', 'text', (column) => column.primaryKey())
    .addColumn('value', 'text', (column) => column.notNull()) // JSON
    .addColumn('run_id', 'text', (column) => column.notNull())
    .addColumn('updated_at', 'text', (column) => column.notNull())
    .modifyEnd(strict)
    .execute()
}

async function createListings(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('listings')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('job', 'text', (column) => column.notNull())
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('is_full', 'integer', (column) => column.notNull()) // 0 or 1
    .addColumn('complete', 'integer', (column) => column.notNull()) // 0 or 1
    .addColumn('count', 'integer', (column) => column.notNull())
    .addColumn('started_at', 'text', (column) => column.notNull())
    .addColumn('completed_at', 'text')
    .modifyEnd(strict)
    .execute()
  await db.schema.createIndex('listings_job').on('listings').columns(['job', 'id']).execute()
  await db.schema
    .createTable('listing_items')
    .addColumn('listing_id', 'text', (column) => column.notNull())
    .addColumn('seq', 'integer', (column) => column.notNull())
    .addColumn('external_id', 'text', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull()) // JSON, or empty
    .addPrimaryKeyConstraint('listing_items_key', ['listing_id', 'seq'])
    .addUniqueConstraint('listing_items_id', ['listing_id', 'external_id'])
    .modifyEnd(strict)
    .execute()
}

async function createGuards(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('breakers')
    .addColumn('service', 'text', (column) => column.primaryKey())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull()) // JSON
    .modifyEnd(strict)
    .execute()
  await db.schema
    .createTable('limits')
    .addColumn('service', 'text', (column) => column.primaryKey())
    .addColumn('tat_us', bigInteger, (column) => column.notNull()) // microseconds since 1970
    .addColumn('not_before_ms', bigInteger)
    .addColumn('updated_ms', bigInteger, (column) => column.notNull())
    .modifyEnd(strict)
    .execute()
}
