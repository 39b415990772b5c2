import type { Kysely } from 'kysely'
import { teachPlanner } from '../../src/store/dialect.ts'

/** The calls of one task, however many others there are. Their ids grow with time, so the index grows at its end. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createIndex('calls_correlation')
    .on('calls')
    .columns(['correlation_id', 'started_at', 'id'])
    .execute()
  await teachPlanner(db, 'calls', {
    calls_time: [10_000_000, 10, 1],
    calls_service: [10_000_000, 500_000, 10, 1],
    calls_operation: [10_000_000, 500_000, 10, 1],
    calls_service_operation: [10_000_000, 500_000, 100_000, 10, 1],
    calls_not_done: [300_000, 20_000, 2, 1],
    calls_service_not_done: [300_000, 15_000, 1000, 2, 1],
    calls_operation_not_done: [300_000, 15_000, 1000, 2, 1],
    calls_run: [5_000_000, 500, 2, 1],
    calls_correlation: [10_000_000, 2, 1, 1],
  })
}
