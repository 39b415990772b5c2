import { basename } from 'node:path'
import { CaravanError } from '../core/errors.ts'
import { translated } from './errors.ts'
import { connect } from './sqlite.ts'

type Answer = { busy: number; log: number; checkpointed: number }

/**
 * Brings everything in the write-ahead file into the database and cuts it to nothing. Throws `state_busy` when another
 * process is reading what is still in it. Loses nothing; may be repeated.
 */
export function emptyWriteAhead(path: string): void {
  const handle = connect(path, 'FULL')
  try {
    translated(path, () => {
      handle.pragma('busy_timeout = 1000')
      const [answer] = handle.pragma('wal_checkpoint(TRUNCATE)') as Answer[]
      if (answer?.busy) throw held(path)
    })
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
