import { stat } from 'node:fs/promises'
import { readFault } from '../core/system-faults.ts'

/** Looks at what a run is to read before it is recorded as one. Throws `file_missing` or `file_unreadable`. */
export async function requirePaths(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await stat(path).catch((error: unknown) => {
      throw readFault(path, error)
    })
  }
}
