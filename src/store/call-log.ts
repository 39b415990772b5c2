import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import type { Kysely } from 'kysely'
import { callLogMigrations } from '../../migrations/index.ts'
import type { Clock } from '../core/clock.ts'
import { CaravanError } from '../core/errors.ts'
import { createFile } from './create.ts'
import { cutWriteAhead, shortenWriteAhead } from './empty-wal.ts'
import { callLogFile } from './files.ts'
import { inspectFile } from './inspect.ts'
import { noteWriteAhead } from './leftover-wal.ts'
import { migrate } from './migrate.ts'
import type { CallLogTables } from './schema-calls.ts'
import type { LogDb } from './schema.ts'
import { connect, createKysely, type Handle } from './sqlite.ts'

/** The call log: a file of its own, so that a long import never holds up the insert of a call. */
export type CallLogFile = {
  db: LogDb
  path: string
  /** True when there was none and this opening began a new one: worth a word to the operator. */
  isNew: boolean
  /** Gives the space of deleted calls back to the disk, at most `pages` of it. Returns the pages that are still free. */
  shrink(pages: number): number
  /**
   * Writes everything through and cuts the write-ahead file to nothing. False when a reader or a writer stood in the way
   * for longer than `patienceMs`, in which the event loop stands still, or when this process is in a transaction.
   */
  cutWriteAhead(patienceMs: number): boolean
  /** Pages after which a commit writes through by itself; SQLite's own number is 1000. */
  writeThroughEvery(pages: number): void
  close(): Promise<void>
}

/**
 * Opens the call log, or begins a new one where there is none, for it is only a log. A power cut may take its last
 * seconds, a crash of ours nothing. Path: `callLogPath`. Throws a CaravanError as `openState` does.
 */
export async function openCallLog(path: string, { clock }: { clock: Clock }): Promise<CallLogFile> {
  const isNew = await createMissing(path)
  inspectFile(path, callLogFile)
  const handle = connect(path, 'NORMAL')
  try {
    const db = createKysely<CallLogTables>(handle, path)
    noteWriteAhead(path)
    shortenWriteAhead(handle, path)
    await migrate(db as Kysely<unknown>, callLogMigrations, { path, clock })
    return {
      db,
      path,
      isNew,
      shrink: (pages) => shrink(handle, pages),
      cutWriteAhead: (patienceMs) => cutWriteAhead(handle, path, patienceMs),
      writeThroughEvery: (pages) => void handle.pragma(`wal_autocheckpoint = ${pages}`),
      async close() {
        await db.destroy()
        handle.close()
      },
    }
  } catch (error) {
    handle.close()
    throw error
  }
}

async function createMissing(path: string): Promise<boolean> {
  if (existsSync(path)) return false
  const wal = `${path}-wal`
  // Asked again: another process may have begun it just now, and then both are there.
  if (existsSync(wal) && !existsSync(path)) throw beheaded(path, wal)
  return createFile(path, callLogFile, callLogMigrations, undefined, { givesPagesBack: true })
}

const beheaded = (path: string, wal: string): CaravanError =>
  new CaravanError({
    code: 'state_stale_wal',
    message: `${basename(path)} is gone, but its ${basename(wal)} is still there`,
    hint: `Put the file back, or remove ${wal}, and a new call log is begun.`,
  })

function shrink(handle: Handle, pages: number): number {
  handle.exec(`pragma incremental_vacuum(${Math.max(1, Math.floor(pages))})`)
  return Number(handle.pragma('freelist_count', { simple: true }))
}
