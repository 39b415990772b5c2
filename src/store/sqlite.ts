/** SQLite as everything else sees it: a kysely instance over a better-sqlite3 handle whose settings were read back. */
import Sqlite from 'better-sqlite3'
import { Kysely, SqliteDialect, type SqliteDatabase, type SqliteStatement } from 'kysely'
import { CaravanError } from '../core/errors.ts'
import { translated } from './errors.ts'

export type Handle = Sqlite.Database

/** `FULL`: a commit is on disk when it returns. `NORMAL`: a power cut may undo the last ones, a crash of ours never. */
export type Durability = 'FULL' | 'NORMAL'

/** How long SQLite waits for another process's write lock, in milliseconds; the event loop stands still meanwhile. */
const busyTimeoutMs = 5000
/** What a write-ahead file is cut back to after a checkpoint, in bytes. */
const walLimitBytes = 16_000_000
/** Prepared statements kept per handle. An unbounded number grows memory by about 10 KB a query. */
const statementLimit = 200

/** Opens an existing file and sets what our promises rest on. Throws a CaravanError when a setting does not hold. */
export function connect(path: string, durability: Durability): Handle {
  return translated(path, () => {
    const handle = new Sqlite(path, { fileMustExist: true, timeout: busyTimeoutMs })
    try {
      configure(handle, path, durability)
      return handle
    } catch (error) {
      handle.close()
      throw error
    }
  })
}

/** Settings, and what SQLite answers when they hold. */
function configure(handle: Handle, path: string, durability: Durability): void {
  const settings: [name: string, value: string | number, answer: string | number][] = [
    ['journal_mode', 'wal', 'wal'],
    ['synchronous', durability, durability === 'FULL' ? 2 : 1], // after journal_mode: that one resets it to NORMAL
    ['busy_timeout', busyTimeoutMs, busyTimeoutMs],
    ['foreign_keys', 1, 1],
    ['journal_size_limit', walLimitBytes, walLimitBytes],
  ]
  for (const [name, value, answer] of settings) {
    handle.pragma(`${name} = ${value}`)
    const held = handle.pragma(name, { simple: true })
    if (held === answer) continue
    throw new CaravanError({
      code: 'state_io',
      message: `${path} does not accept ${name} = ${value}; it stays at ${String(held)}`,
      hint: 'The state must lie on a local disk. Network file systems do not keep what SQLite needs.',
    })
  }
}

/** A kysely instance on the handle. Every failure of the file comes out of it as a CaravanError. */
export const createKysely = <Tables>(handle: Handle, path: string): Kysely<Tables> =>
  new Kysely<Tables>({ dialect: new SqliteDialect({ database: wrap(handle, path) }) })

/**
 * What kysely leaves open, closed. Statements are cached, the oldest given up. Transactions begin with the write lock,
 * since a reader cannot wait to become a writer. And nothing is rolled back after SQLite did so by itself, as on a
 * full disk: the second rollback would fail and hide the cause.
 */
export function wrap(handle: Handle, path: string): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>()

  function prepare(sql: string): SqliteStatement {
    if (sql === 'rollback' && !handle.inTransaction) return nothing
    const text = sql === 'begin' ? 'begin immediate' : sql
    const statement = statements.get(text) ?? prepareStatement(handle, path, text)
    statements.delete(text)
    statements.set(text, statement)
    if (statements.size > statementLimit) statements.delete(statements.keys().next().value ?? '')
    return statement
  }

  return {
    prepare,
    close() {
      statements.clear()
      handle.close()
    },
  }
}

const nothing: SqliteStatement = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [].values(),
}

function prepareStatement(handle: Handle, path: string, sql: string): SqliteStatement {
  const statement = translated(path, () => handle.prepare<readonly unknown[]>(sql))
  return {
    reader: statement.reader,
    all: (parameters) => translated(path, () => statement.all(parameters)),
    run: (parameters) => translated(path, () => statement.run(parameters)),
    // A statement that is being iterated is busy, so this one is not shared.
    iterate: (parameters) =>
      translated(path, () => handle.prepare<readonly unknown[]>(sql).iterate(parameters)),
  }
}
