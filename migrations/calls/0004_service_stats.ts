import { sql, type Kysely } from 'kysely'
import { bigInteger, strict } from '../../src/store/dialect.ts'

const counts = ['done', 'partial', 'failed', 'unknown', 'cancelled', 'requests', 'failed_requests']
const sums = ['request_ms', 'bytes_sent', 'bytes_received']

/**
 * What each service did in each hour, and of late in each ten minutes, so that a day of a million calls is summed up without reading them. An index that
 * covers such a question would cost every insert, and could not outlive the calls.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  let table = db.schema
    .createTable('service_stats')
    .addColumn('span', 'text', (column) => column.notNull()) // see src/store/metrics.ts
    .addColumn('service', 'text', (column) => column.notNull())
    .addColumn('checks', 'integer', (column) => column.notNull()) // 1: of connection tests, 0: of everything else
  for (const name of counts) table = table.addColumn(name, 'integer', (it) => it.notNull())
  for (const name of sums) table = table.addColumn(name, bigInteger, (it) => it.notNull())
  await table
    .addColumn('spread', 'text', (column) => column.notNull()) // of the response times, JSON
    .addPrimaryKeyConstraint('service_stats_key', ['span', 'service', 'checks'])
    .modifyEnd(strict)
    .execute()
  await db.schema
    .createTable('stats_marks')
    .addColumn('counted_seq', 'integer', (column) => column.notNull()) // calls up to this one are summed up
    .addColumn('rolled_until', 'text', (column) => column.notNull()) // instant; see src/store/metrics.ts
    .modifyEnd(strict)
    .execute()
  await sql`insert into stats_marks (counted_seq, rolled_until) values (0, '')`.execute(db)
  await db.schema.alterTable('calls').addColumn('counted_attempts', 'integer').execute()
}
