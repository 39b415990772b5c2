import type { Selectable } from 'kysely'
import type { Database, Db } from './schema.ts'
import { atomically } from './transaction.ts'

/** A job whose occurrences are skipped until somebody, or an instant, resumes it. */
export type Pause = {
  job: string
  reason: string
  /** It ends by itself at this instant; null: only `jobs resume` ends it. */
  until: string | null
  setBy: string
  setAt: string
}

/** A later one replaces the former, which is returned when it still held. */
export function setPause(
  db: Db,
  {
    job,
    reason,
    until,
    setBy,
    now,
  }: Pick<Pause, 'job' | 'reason' | 'setBy'> & { until?: Date; now: Date },
): Promise<Pause | undefined> {
  const row = {
    reason,
    until: until?.toISOString() ?? null,
    set_by: setBy,
    set_at: now.toISOString(),
  }
  return atomically(db, async (tx) => {
    const former = (await listPauses(tx, now)).get(job)
    await tx
      .insertInto('pauses')
      .values({ job, ...row })
      .onConflict((conflict) => conflict.column('job').doUpdateSet(row))
      .execute()
    return former
  })
}

/** Returns the pause that held; undefined when the job was not paused. */
export function liftPause(db: Db, job: string, now: Date): Promise<Pause | undefined> {
  return atomically(db, async (tx) => {
    const held = (await listPauses(tx, now)).get(job)
    await tx.deleteFrom('pauses').where('job', '=', job).execute()
    return held
  })
}

/** Those that hold now, by job. */
export async function listPauses(db: Db, now: Date): Promise<Map<string, Pause>> {
  const rows = await db
    .selectFrom('pauses')
    .selectAll()
    .where(({ eb, or }) => or([eb('until', 'is', null), eb('until', '>', now.toISOString())]))
    .orderBy('job')
    .execute()
  return new Map(rows.map((row) => [row.job, toPause(row)]))
}

const toPause = (row: Selectable<Database['pauses']>): Pause => ({
  job: row.job,
  reason: row.reason,
  until: row.until,
  setBy: row.set_by,
  setAt: row.set_at,
})
