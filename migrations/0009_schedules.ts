import { type Kysely, sql } from 'kysely'
import { strict } from '../src/store/dialect.ts'

/** What is due, what became of every occurrence, and which jobs an operator has paused. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('schedules')
    .addColumn('job', 'text', (column) => column.primaryKey())
    .addColumn('spec', 'text', (column) => column.notNull()) // cron and zone it was planned from
    .addColumn('next_due_at', 'text') // null: never again
    .addColumn('decided_until', 'text', (column) => column.notNull()) // every occurrence up to here has its row
    .addColumn('planned_at', 'text', (column) => column.notNull())
    .modifyEnd(strict)
    .execute()
  await db.schema.createIndex('schedules_due').on('schedules').column('next_due_at').execute()
  await createOccurrences(db)
  await db.schema
    .createTable('pauses')
    .addColumn('job', 'text', (column) => column.primaryKey())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('until', 'text') // null: until somebody resumes it
    .addColumn('set_by', 'text', (column) => column.notNull())
    .addColumn('set_at', 'text', (column) => column.notNull())
    .modifyEnd(strict)
    .execute()
  for (const name of [
    'started_by',
    'due_at',
    'cancel_reason',
    'cancelled_by',
    'cancelled_at',
  ] as const) {
    await db.schema.alterTable('runs').addColumn(name, 'text').execute()
  }
}

async function createOccurrences(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('occurrences')
    .addColumn('job', 'text', (column) => column.notNull())
    .addColumn('due_at', 'text', (column) => column.notNull())
    .addColumn('last_due_at', 'text') // of the last one, where the row stands for several that were missed
    .addColumn('count', 'integer', (column) => column.notNull()) // of occurrences the row stands for
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('note', 'text')
    .addColumn('begins_at', 'text', (column) => column.notNull()) // due_at and the jitter
    .addColumn('decided_at', 'text', (column) => column.notNull())
    .addColumn('started_at', 'text')
    .addColumn('finished_at', 'text')
    .addColumn('run_id', 'text') // the latest of its runs
    .addColumn('runs', 'integer', (column) => column.notNull())
    .addColumn('crashes', 'integer', (column) => column.notNull().defaultTo(0)) // in a row, with nothing saved
    .addColumn('spec', 'text') // of a row for several: the schedule that `count` is counted by
    .addColumn('host', 'text')
    .addColumn('pid', 'integer')
    .addColumn('process_started_at', 'text')
    .addPrimaryKeyConstraint('occurrences_key', ['job', 'due_at'])
    .modifyEnd(strict)
    .execute()
  const indexes = {
    occurrences_due: ['due_at', 'job'],
    occurrences_status: ['status', 'begins_at'],
  }
  for (const [name, columns] of Object.entries(indexes)) {
    await db.schema.createIndex(name).on('occurrences').columns(columns).execute()
  }
  // Whatever waits, runs or is to be continued: a handful, however long the ledger is.
  await db.schema
    .createIndex('occurrences_open')
    .on('occurrences')
    .columns(['begins_at', 'job'])
    .where(sql`finished_at`, 'is', null)
    .execute()
}
