/** What can be said against a database file before SQLite touches it. Nothing here writes. */
import { accessSync, constants, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { CaravanError } from '../core/errors.ts'
import { healHint, translated } from './errors.ts'
import { checkWriteAhead } from './leftover-wal.ts'
import {
  type Header,
  parseHeader,
  readStart,
  readWalIndex,
  readWriteAhead,
  type WriteAhead,
} from './raw-file.ts'

export type FileKind = {
  /** What the file is to people: "state", "call log". */
  title: string
  /** https://www.sqlite.org/pragma.html#pragma_application_id */
  applicationId: number
  /** Number of the last migration this program knows. */
  version: number
}

/** Throws a CaravanError when the file is not there or must not be opened; the file is left as it is. */
export function inspectFile(path: string, kind: FileKind): void {
  translated(path, () => {
    inspectContent(path, kind)
    accessSync(path, constants.R_OK | constants.W_OK)
    accessSync(dirname(path), constants.W_OK)
  })
}

/** The same for a file that will only be read. */
export function inspectContent(path: string, kind: FileKind): void {
  checkPresent(path, kind)
  // Another process may be writing, and giving pages back: what looks wrong must look wrong for the same state of the
  // files twice.
  for (let tries = 0; ; tries++) {
    const before = stampOf(path)
    try {
      return inspectParts(path, kind)
    } catch (error) {
      if (tries >= 10 || stampOf(path) === before) throw error
    }
  }
}

/** Changes with everything that is written to the files. */
function stampOf(path: string): string {
  const stamps = [path, `${path}-wal`].map((file) => {
    const stats = statSync(file, { bigint: true, throwIfNoEntry: false })
    return stats && `${stats.ino}/${stats.size}/${stats.mtimeNs}`
  })
  return JSON.stringify([...stamps, readWalIndex(`${path}-shm`)])
}

function inspectParts(path: string, kind: FileKind): void {
  const start = readStart(path, 100) ?? Buffer.alloc(0)
  const stored = parseHeader(start)
  if (!stored) throw start.every((byte) => byte === 0) ? zeroed(path) : foreign(path, kind)
  checkWriteAhead(path)
  readWriteAhead(`${path}-wal`, (wal) => {
    checkOurs(path, kind, currentHeader(stored, wal))
    checkWhole(path, stored, wal)
  })
}

function checkPresent(path: string, { title }: FileKind): void {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (!stats) {
    throw new CaravanError({
      code: 'state_missing',
      message: `There is no ${title} at ${path}`,
      hint: `A new project begins with: caravan init\nA lost file comes back with: caravan restore <backup>`,
    })
  }
  if (!stats.isFile()) {
    throw new CaravanError({
      code: 'state_foreign',
      message: `${path} is not a file`,
      hint: 'Correct "state" in integrations.yaml.',
    })
  }
  if (stats.size === 0) {
    throw new CaravanError({
      code: 'state_empty',
      message: `${path} is empty: its content was lost`,
      hint: healHint(path),
    })
  }
}

/** The header as it is after the last commit, which may still stand in the write-ahead file. */
function currentHeader(stored: Header, wal: WriteAhead | undefined): Header {
  if (!wal) return stored
  for (let frame = wal.frames; frame > 0; frame--) {
    if (wal.pageOf(frame) === 1) return parseHeader(wal.readPage(frame)) ?? stored
  }
  return stored
}

function checkOurs(path: string, kind: FileKind, header: Header): void {
  if (header.applicationId !== kind.applicationId) throw foreign(path, kind)
  if (header.userVersion <= kind.version) return
  throw newer(path, header.userVersion, kind.version)
}

/** Every page must be in the file, or on its way there. */
function checkWhole(path: string, stored: Header, wal: WriteAhead | undefined): void {
  const expected = wal?.pageCount ?? stored.pageCount
  const present = Math.floor(statSync(path).size / stored.pageSize)
  if (present >= expected) return
  const ahead = wal ? pagesOf(wal) : new Set()
  for (let page = present + 1; page <= expected; page++) {
    if (ahead.has(page)) continue
    throw new CaravanError({
      code: 'state_damaged',
      message: `${path} is cut off: it has ${present} of its ${expected} pages`,
      hint: `Keep the damaged file. ${healHint(path)}`,
    })
  }
}

function pagesOf(wal: WriteAhead): Set<number> {
  const pages = new Set<number>()
  for (let frame = 1; frame <= wal.frames; frame++) pages.add(wal.pageOf(frame))
  return pages
}

const zeroed = (path: string): CaravanError =>
  new CaravanError({
    code: 'state_damaged',
    message: `${path} is damaged: its beginning was overwritten with zeros`,
    hint: `Keep the damaged file. ${healHint(path)}`,
  })

export const foreign = (path: string, { title }: FileKind): CaravanError => {
  const first =
    title === 'state' ? 'Correct "state" in integrations.yaml, or take the file away. ' : ''
  return new CaravanError({
    code: 'state_foreign',
    message: `${path} is not a caravan ${title}`,
    hint: `${first}${healHint(path)}`,
  })
}

export const newer = (path: string, found: number, known: number): CaravanError =>
  new CaravanError({
    code: 'state_newer',
    message: `${basename(path)} was written by a newer caravan (version ${found} of the file; this program knows ${known})`,
    hint: 'Upgrade caravan on this machine. The file was not touched.',
  })
