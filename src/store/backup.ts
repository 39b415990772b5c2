import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { crashPoint } from '../core/crash-point.ts'
import { CaravanError } from '../core/errors.ts'
import { newId } from '../core/ids.ts'
import { putInPlace } from './create.ts'
import { stateError, translated } from './errors.ts'
import { callLogPath, stateFile } from './files.ts'
import {
  type CopyFacts,
  countedTables,
  damagedCopy,
  readCopy,
  requireWhole,
  sha256Of,
} from './inspect-copy.ts'
import type { State } from './open.ts'
import { connect, type Handle } from './sqlite.ts'

export type Backup = {
  path: string
  sizeBytes: number
  /** Of the finished file. */
  sha256: string
  instanceId: string
  /** The instant the copy shows the state at. */
  madeAt: string
  facts: CopyFacts
}

export type BackupOptions = {
  now: Date
  signal?: AbortSignal
  onProgress?(progress: { doneBytes: number; totalBytes: number }): void
}

/** 1 MB in one turn of the event loop, at pages of 4 KB. */
const pagesPerStep = 256

/**
 * Writes a consistent copy of the state while others use it, a few pages in each turn of the event loop, and checks it
 * from end to end before it gets its name. The copy is one view of the state: what is committed meanwhile is not in it,
 * and waits in the write-ahead file until the copy is done. Throws `state_exists` when something lies at `target`.
 */
export async function backupState(
  state: Pick<State, 'path' | 'instanceId'>,
  target: string,
  options: BackupOptions,
): Promise<Backup> {
  if (!existsSync(dirname(resolve(target)))) throw homeless(target)
  refuseOwnFiles(state.path, target)
  if (existsSync(target)) throw occupied(target)
  const draft = `${target}.part-${newId()}`
  try {
    translated(target, () => {
      closeSync(openSync(draft, 'wx', 0o600))
      chmodSync(draft, 0o600) // whatever the umask says
    })
    const expected = await copyPages(state.path, draft, options)
    translated(target, () => note(draft, options.now))
    const facts = await readCopy(draft)
    compare(draft, facts, expected)
    if (requireWhole(draft, facts) !== state.instanceId) throw damagedCopy(draft, 'it is another')
    options.signal?.throwIfAborted()
    const sha256 = await sha256Of(draft, options.signal)
    const isPlaced = translated(target, () => {
      syncFile(draft)
      crashPoint('before-rename')
      return putInPlace(draft, target)
    })
    crashPoint('after-rename')
    if (!isPlaced) throw occupied(target)
    return {
      path: target,
      sizeBytes: statSync(target).size,
      sha256,
      instanceId: state.instanceId,
      madeAt: options.now.toISOString(),
      facts,
    }
  } catch (error) {
    throw stateError(error, target)
  } finally {
    for (const part of ['', '-wal', '-shm', '-journal']) rmSync(draft + part, { force: true })
  }
}

/** Returns the rows of each table in the view that was copied. */
async function copyPages(
  path: string,
  draft: string,
  { signal, onProgress }: BackupOptions,
): Promise<Record<string, number>> {
  const source = connect(path, 'FULL')
  try {
    // Held to the end: without it each commit of another process would begin the copy anew, for ever on a busy state.
    source.exec('begin')
    const pageBytes = Number(source.pragma('page_size', { simple: true }))
    const rows = await countRows(source)
    await source.backup(draft, {
      progress({ totalPages, remainingPages }) {
        signal?.throwIfAborted()
        const doneBytes = (totalPages - remainingPages) * pageBytes
        onProgress?.({ doneBytes, totalBytes: totalPages * pageBytes })
        return pagesPerStep
      },
    })
    return rows
  } finally {
    if (source.inTransaction) source.exec('rollback')
    source.close()
  }
}

async function countRows(source: Handle): Promise<Record<string, number>> {
  const tables = source.prepare<[], { name: string }>(countedTables).all()
  const rows: Record<string, number> = {}
  for (const { name } of tables) {
    const counting = source.prepare<[], { count: number }>(
      `select count(*) as count from "${name}"`,
    )
    const count = counting.get()?.count ?? 0
    if (count > 0) rows[name] = count
    await turn()
  }
  return rows
}

/** One file without a write-ahead file, which says when it was made. */
function note(draft: string, now: Date): void {
  const copy = new Sqlite(draft, { fileMustExist: true })
  try {
    copy.pragma('journal_mode = delete')
    copy
      .prepare('insert or replace into meta (key, value) values (?, ?)')
      .run('backup_made_at', now.toISOString())
  } finally {
    copy.close()
  }
}

function compare(draft: string, facts: CopyFacts, expected: Record<string, number>): void {
  if (facts.applicationId !== stateFile.applicationId) {
    throw damagedCopy(draft, 'it does not say that it is a caravan state')
  }
  for (const table of new Set([...Object.keys(expected), ...Object.keys(facts.rows)])) {
    const [should, is] = [expected[table] ?? 0, facts.rows[table] ?? 0]
    if (should !== is) throw damagedCopy(draft, `${table} has ${is} rows and should have ${should}`)
  }
}

/** What SQLite and we ourselves keep beside a database. */
const belonging = /^(-wal|-shm|-journal|-note|\.replaced(-\d+)?(-wal|-shm)?|\.before-\d+)?$/

function refuseOwnFiles(statePath: string, target: string): void {
  const place = (path: string) => join(realpathSync(dirname(resolve(path))), basename(path))
  for (const own of [statePath, callLogPath(statePath)]) {
    const [mine, wanted] = [place(own), place(target)]
    if (!wanted.startsWith(mine) || !belonging.test(wanted.slice(mine.length))) continue
    throw new CaravanError({
      code: 'state_exists',
      message: `${target} is one of the files of the state itself`,
      hint: 'Give the backup another name, in another folder and best on another disk.',
    })
  }
}

export function syncFile(path: string): void {
  const file = openSync(path, 'r+')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

const occupied = (target: string): CaravanError =>
  new CaravanError({
    code: 'state_exists',
    message: `There is a file at ${target} already`,
    hint: 'Give the backup another name; one with the day in it never collides.',
  })

const homeless = (target: string): CaravanError =>
  new CaravanError({
    code: 'file_unreadable',
    message: `There is no folder ${dirname(target)}`,
    hint: 'Make it first, readable by this user alone: the backup holds the sealed secrets too.',
  })
