import { chmodSync, copyFileSync, existsSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { newId } from '../core/ids.ts'
import { type Backup, checkCopy, syncFile } from './backup.ts'
import { syncFolder } from './create.ts'
import { translated } from './errors.ts'
import { stateFile } from './files.ts'
import { inspectContent } from './inspect.ts'
import { notePath } from './leftover-wal.ts'

/**
 * Puts a backup in the place of the state. The caller has made sure that no caravan process runs. The backup is copied
 * and checked first; the former state is kept as `<path>.replaced` with everything that belongs to it, so that nothing
 * of it meets the backup. Throws a CaravanError of one of the `state_` codes when the backup is no good.
 */
export function restoreState(backup: string, path: string): Backup {
  inspectContent(backup, stateFile)
  const draft = `${path}.restored-${newId()}`
  try {
    translated(path, () => {
      copyFileSync(backup, draft)
      chmodSync(draft, 0o600)
    })
    const instanceId = checkCopy(draft)
    translated(path, () => {
      syncFile(draft)
      for (const part of ['', '-wal', '-shm']) keepAside(path, part)
      rmSync(notePath(path), { force: true })
      renameSync(draft, path)
      syncFolder(dirname(path))
    })
    return { path, sizeBytes: statSync(path).size, instanceId }
  } finally {
    for (const part of ['', '-wal', '-shm']) rmSync(draft + part, { force: true })
  }
}

function keepAside(path: string, part: string): void {
  const aside = `${path}.replaced${part}`
  rmSync(aside, { force: true })
  if (existsSync(path + part)) renameSync(path + part, aside)
}
