import { fromJson } from './json.ts'
import type { Db } from './schema.ts'

/** Where the next run of a job continues. */
export type Checkpoint = { job: string; value: unknown; runId: string; updatedAt: string }

export async function getCheckpoint(db: Db, job: string): Promise<Checkpoint | undefined> {
  const row = await db
    .selectFrom('checkpoints')
    .selectAll()
    .where('job', '=', job)
    .executeTakeFirst()
  if (!row) return undefined
  return { job, value: fromJson(row.value), runId: row.run_id, updatedAt: row.updated_at }
}

/** Belongs into the transaction of the batch it stands for. */
export async function saveCheckpoint(
  tx: Db,
  { job, value, runId, updatedAt }: Checkpoint,
): Promise<void> {
  const row = { value: JSON.stringify(value ?? null), run_id: runId, updated_at: updatedAt }
  await tx
    .insertInto('checkpoints')
    .values({ job, ...row })
    .onConflict((conflict) => conflict.column('job').doUpdateSet(row))
    .execute()
}

/** The next run begins at the start. */
export async function clearCheckpoint(db: Db, job: string): Promise<void> {
  await db.deleteFrom('checkpoints').where('job', '=', job).execute()
}
