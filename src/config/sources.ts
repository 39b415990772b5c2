import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { systemCode } from '../core/errors.ts'
import type { Sources } from './placeholders.ts'

/** A certificate chain fits; a file that was named by mistake does not. */
const maxValueBytes = 65_536

export type SourceOptions = {
  env: Record<string, string | undefined>
  configDir: string
  /** Looks a name up in the encrypted store. */
  secret: Sources['secret']
}

/** The real environment and file system as a place for values. */
export const fileSources = ({ env, configDir, secret }: SourceOptions): Sources => ({
  env,
  configDir,
  readFile: readValueFile,
  secret,
  credentialsDirectory: env.CREDENTIALS_DIRECTORY || undefined,
})

/**
 * A value kept in a file, without its last line end. Undefined when there is no file; throws a plain message for
 * anything but a readable text file of at most 64 KB. Never waits on a pipe.
 */
export async function readValueFile(path: string): Promise<string | undefined> {
  let file
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    if (code === 'EACCES' || code === 'EPERM')
      throw new Error('permission denied', { cause: error })
    throw error
  }
  try {
    const stat = await file.stat()
    if (!stat.isFile()) throw new Error('it is not a regular file')
    if (stat.size > maxValueBytes) throw new Error(`it is larger than ${maxValueBytes} bytes`)
    return decode(await file.readFile()).replace(/\r?\n$/, '')
  } finally {
    await file.close()
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new Error('it is not UTF-8 text', { cause: error })
  }
}
