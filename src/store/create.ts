import { chmodSync, closeSync, fsyncSync, linkSync, mkdirSync, openSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { Migration } from '../../migrations/index.ts'
import { systemCode } from '../core/errors.ts'
import { writeVersion } from './dialect.ts'
import { translated } from './errors.ts'
import { newId } from '../core/ids.ts'
import type { FileKind } from './inspect.ts'
import { createKysely, type Handle } from './sqlite.ts'

/** For files that shrink when rows are deleted; must be said before the first table. */
export type CreateOptions = { givesPagesBack?: boolean }

/**
 * Makes a database with all its tables and puts it at `path` in one step, readable by this user alone, so that nobody
 * ever meets a half-made one. False when there is a file already, which stays as it is.
 */
export async function createFile(
  path: string,
  kind: FileKind,
  migrations: readonly Migration[],
  fill: (handle: Handle) => void = () => undefined,
  { givesPagesBack = false }: CreateOptions = {},
): Promise<boolean> {
  const draft = `${path}.new-${newId()}`
  translated(path, () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    closeSync(openSync(draft, 'wx', 0o600))
    chmodSync(draft, 0o600) // whatever the umask says
  })
  try {
    await buildDraft(draft, kind, migrations, fill, givesPagesBack)
    return translated(path, () => putInPlace(draft, path))
  } finally {
    removeDraft(draft)
  }
}

async function buildDraft(
  draft: string,
  kind: FileKind,
  migrations: readonly Migration[],
  fill: (handle: Handle) => void,
  givesPagesBack: boolean,
): Promise<void> {
  const handle = translated(draft, () => new Sqlite(draft))
  const db = createKysely<unknown>(handle, draft)
  try {
    if (givesPagesBack) handle.pragma('auto_vacuum = incremental')
    handle.pragma(`application_id = ${kind.applicationId}`)
    handle.pragma('journal_mode = wal')
    handle.pragma('synchronous = full')
    await db.transaction().execute(async (tx) => {
      for (const migrate of migrations) await migrate(tx)
      await writeVersion(tx, migrations.length)
    })
    translated(draft, () => fill(handle))
  } finally {
    translated(draft, () => handle.close()) // empties the write-ahead file and removes it
  }
}

/** Gives a finished file its name. False, and nothing done, when the name is taken: a link fails where a rename replaces. */
export function putInPlace(draft: string, path: string): boolean {
  try {
    linkSync(draft, path)
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    throw error
  }
  syncFolder(dirname(path))
  return true
}

/** Makes new names in a folder survive a power cut. */
export function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

function removeDraft(draft: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(draft + suffix, { force: true })
}
