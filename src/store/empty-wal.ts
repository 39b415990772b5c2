/** Bringing what is in a write-ahead file into its database, and cutting that file to nothing. Loses nothing. */
import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { CaravanError } from '../core/errors.ts'
import { translated } from './errors.ts'
import { connect, type Handle } from './sqlite.ts'

/**
 * False when a reader or a writer stood in the way for longer than `patienceMs`, in which the event loop stands still, or
 * when this handle is in a transaction.
 */
export function cutWriteAhead(handle: Handle, path: string, patienceMs: number): boolean {
  if (handle.inTransaction) return false
  const usual = Number(handle.pragma('busy_timeout', { simple: true }))
  handle.pragma(`busy_timeout = ${patienceMs}`)
  try {
    const answer = translated(path, () => handle.pragma('wal_checkpoint(TRUNCATE)'))
    return (answer as { busy: number }[])[0]?.busy === 0
  } catch (error) {
    if (error instanceof CaravanError && error.code === 'state_busy') return false
    throw error
  } finally {
    handle.pragma(`busy_timeout = ${usual}`)
  }
}

/** SQLite's own checkpoints keep it at half of this, in bytes. */
const longWriteAhead = 8_000_000

/** Writers that never lived to the next checkpoint leave a long file behind. Waits for nobody. */
export function shortenWriteAhead(handle: Handle, path: string): void {
  const size = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0
  if (size > longWriteAhead) cutWriteAhead(handle, path, 0)
}

/** For a database that nobody of ours has open. Throws `state_busy` when another process is reading what is still in it. */
export function emptyWriteAhead(path: string): void {
  const handle = connect(path, 'FULL')
  try {
    if (!cutWriteAhead(handle, path, 1000)) throw held(path)
  } finally {
    handle.close()
  }
}

const held = (path: string): CaravanError =>
  new CaravanError({
    code: 'state_busy',
    message: `${basename(path)}-wal could not be emptied: a process is reading from it`,
    hint: `Find it with: fuser -v ${path}`,
  })
