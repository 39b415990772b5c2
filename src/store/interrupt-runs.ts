import type { Database } from './schema.ts'
import { connect, createKysely } from './sqlite.ts'
import { interruptDeadRuns } from './start-run.ts'

/** Marks the runs of a state whose processes are gone, without bringing it to a newer version on the way. */
export async function interruptRuns(path: string, now: Date): Promise<void> {
  const db = createKysely<Database>(connect(path, 'FULL'), path)
  try {
    await interruptDeadRuns(db, now)
  } finally {
    await db.destroy()
  }
}
