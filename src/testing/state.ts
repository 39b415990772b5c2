import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { onTestFinished } from 'vitest'
import { callLogMigrations, type Migration, stateMigrations } from '../../migrations/index.ts'
import { systemClock } from '../core/clock.ts'
import { type CallLogFile, openCallLog } from '../store/call-log.ts'
import { callLogPath } from '../store/files.ts'
import { createState, openState, type State } from '../store/open.ts'
import type { CallLogTables } from '../store/schema-calls.ts'
import type { Database, Db, LogDb } from '../store/schema.ts'
import { createKysely } from '../store/sqlite.ts'

/** An empty state in memory, migrated from zero; gone when the test ends. */
export const memoryState = (): Promise<Db> => inMemory<Database>(stateMigrations)

/** An empty call log in memory. */
export const memoryCallLog = (): Promise<LogDb> => inMemory<CallLogTables>(callLogMigrations)

/** A folder of its own for the test; gone when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'caravan-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A state and a call log as files in a folder of their own, for tests with several processes; closed after the test. */
export async function fileState(): Promise<{ state: State; log: CallLogFile }> {
  const path = join(temporaryFolder(), 'caravan.db')
  await createState(path, systemClock)
  const state = await openState(path, { clock: systemClock })
  onTestFinished(state.close)
  const log = await openCallLog(callLogPath(path), { clock: systemClock })
  onTestFinished(log.close)
  return { state, log }
}

async function inMemory<Tables>(migrations: readonly Migration[]) {
  const db = createKysely<Tables>(new Sqlite(':memory:'), ':memory:')
  onTestFinished(() => db.destroy())
  await db.transaction().execute(async (tx) => {
    for (const migrate of migrations) await migrate(tx as never)
  })
  return db
}
