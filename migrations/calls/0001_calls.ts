import { sql, type Kysely } from 'kysely'
import { countedKey, strict } from '../../src/store/dialect.ts'

/** The call log: one row for each call and each request made for it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await createCalls(db)
  await createIndexes(db)
  await createAttempts(db)
}

async function createCalls(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('calls')
    .addColumn('seq', 'integer', countedKey)
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('service', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('operation', 'text', (column) => column.notNull())
    .addColumn('adapter', 'text', (column) => column.notNull())
    .addColumn('repeat', 'text', (column) => column.notNull())
    .addColumn('effect', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('error_kind', 'text')
    .addColumn('error_code', 'text')
    .addColumn('error', 'text')
    .addColumn('hint', 'text')
    .addColumn('started_at', 'text', (column) => column.notNull())
    .addColumn('finished_at', 'text')
    .addColumn('duration_ms', 'integer')
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('run_id', 'text')
    .addColumn('correlation_id', 'text', (column) => column.notNull())
    .addColumn('idempotency_key', 'text')
    .addColumn('request', 'text') // the long ones stand last: a list never reads as far as here
    .addColumn('response', 'text')
    .modifyEnd(strict)
    .execute()
}

/** One index for each filter of `caravan logs`, all in the order of its pages. Failures are few: partial ones are free. */
async function createIndexes(db: Kysely<unknown>): Promise<void> {
  const plain: Record<string, string[]> = {
    calls_time: [],
    calls_service: ['service'],
    calls_operation: ['operation'],
    calls_service_operation: ['service', 'operation'],
  }
  for (const [name, columns] of Object.entries(plain)) {
    await db.schema
      .createIndex(name)
      .on('calls')
      .columns([...columns, 'started_at', 'id'])
      .execute()
  }
  const failures: Record<string, string[]> = {
    calls_not_done: ['outcome'],
    calls_service_not_done: ['service', 'outcome'],
    calls_operation_not_done: ['operation', 'outcome'],
  }
  for (const [name, columns] of Object.entries(failures)) {
    await db.schema
      .createIndex(name)
      .on('calls')
      .columns([...columns, 'started_at', 'id'])
      .where(sql`outcome`, '<>', sql.lit('done'))
      .execute()
  }
  await db.schema
    .createIndex('calls_run')
    .on('calls')
    .columns(['run_id', 'started_at', 'id'])
    .where(sql`run_id`, 'is not', null)
    .execute()
}

async function createAttempts(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('attempts')
    .addColumn('call_id', 'text', (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('started_at', 'text', (column) => column.notNull())
    .addColumn('duration_ms', 'integer', (column) => column.notNull())
    .addColumn('method', 'text', (column) => column.notNull())
    .addColumn('endpoint', 'text', (column) => column.notNull())
    .addColumn('status', 'integer')
    .addColumn('request_bytes', 'integer', (column) => column.notNull())
    .addColumn('response_bytes', 'integer', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('error_kind', 'text')
    .addColumn('error', 'text')
    .addColumn('wait_ms', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('attempts_key', ['call_id', 'number'])
    .modifyEnd(strict)
    .execute()
  await db.schema
    .createTable('last_calls')
    .addColumn('service', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('call_id', 'text', (column) => column.notNull())
    .addColumn('at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('last_calls_key', ['service', 'outcome'])
    .modifyEnd(strict)
    .execute()
}
