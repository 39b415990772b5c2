/**
 * Finds a write-ahead file that does not belong to the database beside it. SQLite itself cannot tell: it replays
 * whatever lies there, so that a backup copied over the file after a crash would be mixed with what came after it.
 *
 * Four signs, each of which a crash alone cannot leave behind:
 * 1. The note that the last opening left says that the write-ahead file is where it was, but the database is another
 *    file: it was renamed over, or removed and copied anew.
 * 2. Nothing of the write-ahead file was copied to the database yet, but the database was written after it.
 * 3. A page that SQLite has copied to the database, in its latest form, is not there.
 * 4. The first page's change counter is not between the values the write-ahead file begins and ends with.
 *
 * And one for the opposite: the index of a write-ahead file is there with changes still to be copied, the file is not.
 * A copy that was taken while this same write-ahead file was growing passes when it is put back with its old date: all
 * that came after is in the write-ahead file, so the result is the newest state, complete and consistent.
 */
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { CaravanError } from '../core/errors.ts'
import { healHint } from './errors.ts'
import {
  parseHeader,
  readPage,
  readStart,
  readWalIndex,
  readWriteAhead,
  type WalIndex,
  type WriteAhead,
} from './raw-file.ts'

/** Throws `state_stale_wal`, or `state_damaged` when the write-ahead file is gone. Writes nothing. */
export function checkWriteAhead(path: string): void {
  checkNotGone(path)
  // Another process may be writing: what looks wrong must look wrong for the same state of the files twice.
  for (let tries = 0; tries < 5; tries++) {
    const before = readWalIndex(`${path}-shm`)
    const sign = findSign(path, before)
    if (!sign) return
    const after = readWalIndex(`${path}-shm`)
    if (JSON.stringify(before) === JSON.stringify(after)) throw stale(path, sign)
  }
}

/** Notes which files belong together, for the next opening. Failing to is no reason to refuse work: a sign less. */
export function noteWriteAhead(path: string): void {
  const note = noteOf(path)
  if (isSame(readNote(path), note)) return
  try {
    writeFileSync(`${notePath(path)}.${process.pid}`, JSON.stringify(note), { mode: 0o600 })
    renameSync(`${notePath(path)}.${process.pid}`, notePath(path))
  } catch {
    // a full disk: reading must still work
  }
}

/** Where the note lies: beside the database, like the files it is about. */
export const notePath = (path: string): string => `${path}-note`

function findSign(path: string, index: WalIndex | undefined): string | undefined {
  return readWriteAhead(`${path}-wal`, (wal) => {
    if (!wal) return undefined
    const knownIndex = index?.salts === wal.salts ? index : undefined
    return (
      replacedSign(path) ??
      (knownIndex && datedSign(path, knownIndex)) ??
      (knownIndex && pageSign(path, wal, knownIndex)) ??
      counterSign(path, wal)
    )
  })
}

function replacedSign(path: string): string | undefined {
  const note = readNote(path)
  const held = noteOf(path)
  if (!note?.database || !note.writeAhead || note.writeAhead !== held.writeAhead) return undefined
  return note.database === held.database ? undefined : 'it is another file than before'
}

function datedSign(path: string, index: WalIndex): string | undefined {
  const isAtHome = isSame(readNote(path), noteOf(path)) // a folder that was copied as a whole has dates in any order
  if (index.frames === 0 || index.maybeCopied > 0 || !isAtHome) return undefined
  const written = statSync(path, { bigint: true }).mtimeNs
  const writtenAhead = statSync(`${path}-wal`, { bigint: true }).mtimeNs
  return written > writtenAhead ? 'it was written after its write-ahead file' : undefined
}

const pagesCompared = 50

function pageSign(path: string, wal: WriteAhead, index: WalIndex): string | undefined {
  // A page that was written again after what was copied may have been left out, for its latest form comes later.
  const seen = new Set<number>()
  for (let frame = index.copied + 1; frame <= wal.frames; frame++) seen.add(wal.pageOf(frame))
  let compared = 0
  for (let frame = Math.min(index.copied, wal.frames); frame > 0; frame--) {
    const page = wal.pageOf(frame)
    if (seen.has(page)) continue
    seen.add(page)
    if (page > wal.pageCount) continue // the database has shrunk since
    if (!readPage(path, page, wal.pageSize).equals(wal.readPage(frame))) {
      return `page ${page} is not what was written to it`
    }
    if (++compared === pagesCompared) return undefined
  }
  return undefined
}

function counterSign(path: string, wal: WriteAhead): string | undefined {
  const counters: number[] = []
  for (let frame = 1; frame <= wal.frames; frame++) {
    if (wal.pageOf(frame) !== 1) continue
    const header = parseHeader(wal.readPage(frame))
    if (header) counters.push(header.changeCounter)
  }
  const [first, last] = [counters[0], counters.at(-1)]
  const held = parseHeader(readStart(path, 100) ?? Buffer.alloc(0))?.changeCounter
  if (first === undefined || last === undefined || held === undefined) return undefined
  return held < first - 1 || held > last ? 'its change counter does not fit' : undefined
}

function checkNotGone(path: string): void {
  const index = readWalIndex(`${path}-shm`)
  if (!index || index.frames <= index.copied) return
  if (identityOf(`${path}-wal`) || !identityOf(`${path}-shm`)) return
  throw new CaravanError({
    code: 'state_damaged',
    message: `${basename(path)}-wal is missing, and with it ${index.frames - index.copied} pages of committed changes`,
    hint: `Put the file back beside ${path}. If it is lost: ${healHint(path)}\nIf you have just copied a backup there by hand, remove ${basename(path)}-shm too.`,
  })
}

const stale = (path: string, sign: string): CaravanError =>
  new CaravanError({
    code: 'state_stale_wal',
    message: `${basename(path)}-wal does not belong to the ${basename(path)} beside it: ${sign}. Opened together they would be mixed`,
    hint: `Stop every caravan process. ${healHint(path)}\nIf nothing was copied and only the clock was set back: touch ${path}-wal`,
  })

/** Which files lay beside each other. */
type Note = { database?: string; writeAhead?: string }

const noteOf = (path: string): Note => ({
  database: identityOf(path),
  writeAhead: identityOf(`${path}-wal`),
})

/** Undefined when there is none that can be read. */
function readNote(path: string): Note | undefined {
  try {
    return JSON.parse(readFileSync(notePath(path), 'utf8')) as Note
  } catch {
    return undefined
  }
}

const isSame = (one: Note | undefined, other: Note): boolean =>
  one?.database === other.database && one?.writeAhead === other.writeAhead

/** Number and birth of a file: a number alone is given out again at once. Undefined when there is no file. */
function identityOf(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stats && `${stats.ino}/${stats.birthtimeNs}`
}
