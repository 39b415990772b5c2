import type { Kysely } from 'kysely'
import { teachPlanner } from '../../src/store/dialect.ts'

/**
 * What the indexes of the calls are like in a log of ten million: rows, then rows for each value of the first column, of
 * the first two, and so on. Left to guess, the planner reads every call of an hour to find its one failure, or every call
 * of a service to find those of a run, and a page takes a thousand times longer in a large log than in a small one.
 * Ratios are all that counts, so these hold for logs of any size.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await teachPlanner(db, 'calls', {
    calls_time: [10_000_000, 10, 1],
    calls_service: [10_000_000, 500_000, 10, 1],
    calls_operation: [10_000_000, 500_000, 10, 1],
    calls_service_operation: [10_000_000, 500_000, 100_000, 10, 1],
    calls_not_done: [300_000, 20_000, 2, 1],
    calls_service_not_done: [300_000, 15_000, 1000, 2, 1],
    calls_operation_not_done: [300_000, 15_000, 1000, 2, 1],
    calls_run: [5_000_000, 500, 2, 1],
  })
}
