/** Whether another process has a state open: asked of SQLite's own lock, and of the system for its name. */
import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'
import Sqlite from 'better-sqlite3'
import { systemCode } from '../core/errors.ts'
import { stateFile } from './files.ts'
import { inspectContent } from './inspect.ts'

export type Holder = { pid: number; command: string }

export type Held = {
  isHeld: boolean
  /** Those we can name: processes of this user, on Linux. */
  holders: Holder[]
}

/**
 * Every connection holds a shared lock for as long as it is open, so one that can be had alone is nobody else's. A file
 * that is damaged or gone is not touched: for it only the system is asked.
 */
export function whoHolds(path: string): Held {
  const holders = holdersOf(path)
  return { isHeld: holders.length > 0 || isLocked(path), holders }
}

function isLocked(path: string): boolean {
  let handle: Sqlite.Database
  try {
    inspectContent(path, stateFile)
    handle = new Sqlite(path, { fileMustExist: true, timeout: 200 })
  } catch {
    return false
  }
  try {
    handle.pragma('locking_mode = exclusive') // before the first read: the lock is then on the file itself
    handle.exec('begin exclusive')
    handle.exec('rollback')
    return false
  } catch (error) {
    return /^SQLITE_(BUSY|LOCKED)/.test(systemCode(error) ?? '')
  } finally {
    handle.close()
  }
}

/** https://man7.org/linux/man-pages/man5/proc_pid_fd.5.html */
function holdersOf(path: string): Holder[] {
  const names = new Set(['', '-wal', '-shm'].map((part) => realOf(path) + part))
  return orNone(() => readdirSync('/proc'))
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) =>
      orNone(() => readdirSync(`/proc/${pid}/fd`)).some((fd) =>
        names.has(orNone(() => [readlinkSync(`/proc/${pid}/fd/${fd}`)])[0] ?? ''),
      ),
    )
    .map((pid) => ({ pid: Number(pid), command: commandOf(pid) }))
}

const realOf = (path: string): string => orNone(() => [realpathSync(path)])[0] ?? path

/** Its program alone: arguments may hold what nobody should read. */
const commandOf = (pid: string): string =>
  (orNone(() => [readFileSync(`/proc/${pid}/comm`, 'utf8').trim()])[0] ?? '') || 'a process'

/** A process that ends, or is another user's, is passed over. */
function orNone<T>(read: () => T[]): T[] {
  try {
    return read()
  } catch {
    return []
  }
}
