import { basename, dirname } from 'node:path'
import { CaravanError, systemCode, type CaravanErrorOptions } from '../core/errors.ts'

/** What heals every fault of the file itself. The call log is only a log: without it a new one is begun. */
export const healHint = (path: string): string =>
  path.endsWith('.calls.db')
    ? `It is only the call log. Move ${basename(path)}, its -wal and its -shm away, and a new one is begun.`
    : 'Bring a backup back with: caravan restore <backup>'

type Fault = { code: RegExp; describe(path: string): Omit<CaravanErrorOptions, 'cause'> }

/** First match wins: SQLite's result codes and the system's own. https://www.sqlite.org/rescode.html */
const faults: readonly Fault[] = [
  {
    code: /^(SQLITE_FULL|ENOSPC|EDQUOT)/,
    describe: (path) => ({
      code: 'state_full',
      message: `The disk is full: ${basename(path)} could not be written`,
      hint: `Free some space in ${dirname(path)} and repeat the command. What was being written was undone as a whole.`,
    }),
  },
  {
    code: /^SQLITE_(BUSY|LOCKED)/,
    describe: (path) => ({
      code: 'state_busy',
      message: `Another process kept ${basename(path)} locked for longer than we wait`,
      hint: 'Repeat the command. If it stays so, look for a caravan process that was stopped in the middle (ps, state T).',
    }),
  },
  {
    code: /^SQLITE_READONLY_DBMOVED/,
    describe: (path) => ({
      code: 'state_swapped',
      message: `${path} was moved or replaced while it was in use`,
      hint: 'Put the file back or start again, so that it is opened afresh.',
    }),
  },
  {
    code: /^(SQLITE_READONLY|EACCES|EPERM|EROFS)/,
    describe: (path) => ({
      code: 'state_read_only',
      message: `${path} cannot be read and written`,
      hint: 'The file and its folder must be writable for this user, and the file system not mounted read-only.',
    }),
  },
  {
    code: /^SQLITE_CANTOPEN/,
    describe: (path) => ({
      code: 'state_read_only',
      message: `${path} could not be opened`,
      hint: 'Its folder must exist and be writable for this user, for SQLite keeps two more files there; and this process must be allowed to open more files (ulimit -n).',
    }),
  },
  {
    code: /^SQLITE_NOTADB/,
    describe: (path) => ({
      code: 'state_foreign',
      message: `${path} is not a database`,
      hint: healHint(path),
    }),
  },
  {
    code: /^SQLITE_CORRUPT/,
    describe: (path) => ({
      code: 'state_damaged',
      message: `${path} is damaged`,
      hint: `Stop every caravan process and keep the damaged file. ${healHint(path)}`,
    }),
  },
  {
    code: /^(SQLITE_IOERR|EIO|EFBIG)/,
    describe: (path) => ({
      code: 'state_io',
      message: `The disk refused to read or write ${path}`,
      hint: 'Look at the kernel log (dmesg) and at limits on file size (ulimit -f). What was being written was undone as a whole.',
    }),
  },
]

/** The same failure in our own words when it is about the file or the disk; else the error as it is. */
export function stateError(error: unknown, path: string): unknown {
  const code = systemCode(error)
  const fault = code && faults.find(({ code: pattern }) => pattern.test(code))
  if (!fault) return error
  const { message, ...rest } = fault.describe(path)
  return new CaravanError({ ...rest, message: `${message} (${code})`, cause: error })
}

/** Runs `work` and turns what SQLite and the file system throw into our own errors. */
export function translated<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw stateError(error, path)
  }
}
