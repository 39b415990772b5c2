/** Looking at a database without changing anything: no migration, no note, no checkpoint. For `doctor`. */
import { statSync } from 'node:fs'
import Sqlite from 'better-sqlite3'
import type { Kysely } from 'kysely'
import { stateError, translated } from './errors.ts'
import { type FileKind, inspectContent } from './inspect.ts'
import type { CallLogTables } from './schema-calls.ts'
import type { Database } from './schema.ts'
import { createKysely, type Handle } from './sqlite.ts'

/** A file that is looked at, whatever its tables are. */
export type LookedAt = {
  handle: Handle
  path: string
  kind: FileKind
  /** Number of the last migration the file has seen. */
  version: number
  close(): Promise<void>
}

export type Look<Tables> = LookedAt & { db: Kysely<Tables> }

export type StateLook = Look<Database>
export type LogLook = Look<CallLogTables>

/** Throws a CaravanError when the file is not there or cannot be what it should be. */
export function lookInto<Tables>(path: string, kind: FileKind): Look<Tables> {
  translated(path, () => inspectContent(path, kind))
  const handle = openToLook(path)
  try {
    const version = Number(translated(path, () => handle.pragma('user_version', { simple: true })))
    const db = createKysely<Tables>(handle, path)
    return {
      db,
      handle,
      path,
      kind,
      version,
      async close() {
        await db.destroy()
        handle.close()
      },
    }
  } catch (error) {
    handle.close()
    throw stateError(error, path)
  }
}

/**
 * A handle that writes nothing. The one that reads only leaves a write-ahead file as it is when it is closed, but would
 * leave an empty one behind where there was none; the other way round for one that might write.
 */
function openToLook(path: string): Handle {
  const isAhead = (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0
  return translated(path, () => {
    const handle = new Sqlite(path, { fileMustExist: true, timeout: 2000, readonly: isAhead })
    handle.pragma('query_only = 1')
    return handle
  })
}

export type PageCounts = { pageSize: number; pages: number; free: number }

export function countPages({ handle, path }: LookedAt): PageCounts {
  const number = (name: string) => Number(handle.pragma(name, { simple: true }))
  return translated(path, () => ({
    pageSize: number('page_size'),
    pages: number('page_count'),
    free: number('freelist_count'),
  }))
}

/** Version of SQLite itself. Throws when its native part cannot be loaded. */
export function sqliteVersion(): string {
  const memory = new Sqlite(':memory:')
  try {
    return String(memory.prepare('select sqlite_version()').pluck().get())
  } finally {
    memory.close()
  }
}
