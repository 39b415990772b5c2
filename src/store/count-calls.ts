import type { LogDb } from './schema.ts'

/** How many calls there are, with their attempts; those that started before an instant where one is given. */
export async function countCallsBefore(
  log: LogDb,
  before?: Date,
): Promise<{ calls: number; attempts: number }> {
  let counting = log
    .selectFrom('calls')
    .select(({ fn }) => [
      fn.countAll<number>().as('calls'),
      fn.sum<number | null>('attempts').as('attempts'),
    ])
  if (before) counting = counting.where('started_at', '<', before.toISOString())
  const { calls, attempts } = await counting.executeTakeFirstOrThrow()
  return { calls: Number(calls), attempts: Number(attempts ?? 0) }
}
