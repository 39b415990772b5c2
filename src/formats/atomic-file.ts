import { randomBytes } from 'node:crypto'
import { open, readdir, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { CaravanError, messageOf, systemCode } from '../core/errors.ts'

export type Pieces = AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>

export type AtomicOptions = {
  /** Mode of a new file before the umask; a file that is replaced hands its own on. Default 0640. */
  mode?: number
  /** Stops between two pieces; nothing is left behind. */
  signal?: AbortSignal
}

/**
 * Writes a file so that its name never shows half of it: the pieces go to `.<name>.<random>.part` in the same folder,
 * which is flushed to the disk and renamed. A kill leaves at most that part, which a later call removes. Several
 * processes may write the same name; each of them writes a whole file and the last one stays.
 *
 * Returns the number of bytes. Throws `file_unwritable`, or what the pieces throw; the old file is then as it was.
 */
export async function writeFileAtomically(
  path: string,
  pieces: Pieces,
  { mode = 0o640, signal }: AtomicOptions = {},
): Promise<number> {
  const target = await realpath(path).catch(() => resolve(path))
  const folder = dirname(target)
  const temporary = join(folder, partName(target))
  const old = await asDiskFault(path, folder, () => requireReplaceable(target, path))
  const handle = await asDiskFault(path, folder, () => open(temporary, 'wx', mode))
  let bytes: number
  try {
    try {
      bytes = await writePieces(handle, pieces, path, folder, signal)
      await asDiskFault(path, folder, async () => {
        if (old) await handle.chmod(old.mode & 0o777)
        await handle.sync()
      })
    } finally {
      await asDiskFault(path, folder, () => handle.close())
    }
    await asDiskFault(path, folder, () => rename(temporary, target))
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw error
  }
  await asDiskFault(path, folder, () => syncFolder(folder))
  await removeLeftovers(target)
  return bytes
}

async function writePieces(
  handle: FileHandle,
  pieces: Pieces,
  path: string,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<number> {
  let bytes = 0
  // One piece is on its way to the disk while the next is made.
  let pending: Promise<void> = Promise.resolve()
  try {
    for await (const piece of pieces) {
      await pending
      signal?.throwIfAborted()
      const chunk = typeof piece === 'string' ? Buffer.from(piece) : piece
      pending = asDiskFault(path, folder, () => handle.writeFile(chunk))
      pending.catch(() => undefined) // awaited in the next round, or below
      // Bytes may be a buffer that its owner fills again; a text is ours.
      if (typeof piece !== 'string') await pending
      bytes += chunk.byteLength
    }
    await pending
  } finally {
    await pending.catch(() => undefined)
  }
  signal?.throwIfAborted()
  return bytes
}

const randomHex = 8

/** File systems allow 255 bytes in a name; a long one is cut at the front part, the random stays. */
function partName(target: string): string {
  const random = randomBytes(randomHex / 2).toString('hex')
  return `.${stemOf(target)}.${random}.part`
}

function stemOf(target: string): string {
  const bytes = Buffer.from(basename(target)).subarray(0, 255 - randomHex - 7)
  return bytes.toString().replace(/\ufffd+$/u, '')
}

/** The file that is there already; undefined when there is none. A device or a pipe must not be renamed over. */
async function requireReplaceable(target: string, path: string) {
  const old = await stat(target).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  })
  if (old === undefined || old.isFile()) return old
  throw new CaravanError({
    code: 'file_unwritable',
    message: `${path} cannot be written: ${old.isDirectory() ? 'it is a folder' : 'it is not a plain file'}`,
    hint: 'Name a file.',
  })
}

const reasons: Readonly<Record<string, { why: string; hint: string }>> = {
  ENOSPC: { why: 'the disk is full', hint: 'Free some space, or write to another disk.' },
  EDQUOT: { why: 'the disk quota is used up', hint: 'Free some space, or write to another disk.' },
  EFBIG: { why: 'the file grew larger than is allowed', hint: 'Raise the limit (ulimit -f).' },
  EROFS: { why: 'the file system is read-only', hint: 'Choose another folder.' },
  EACCES: { why: 'permission denied', hint: 'Let this user write into the folder.' },
  EPERM: { why: 'permission denied', hint: 'Let this user write into the folder.' },
  ENOENT: { why: 'the folder does not exist, or went away', hint: 'Make the folder first.' },
  ENOTDIR: { why: 'part of the path is a file', hint: 'Check the path.' },
  ENAMETOOLONG: { why: 'the name is too long', hint: 'Choose a shorter name.' },
  EIO: { why: 'the disk reports an error', hint: 'Check the disk.' },
}

async function asDiskFault<T>(path: string, folder: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof CaravanError) throw error
    const reason = reasons[systemCode(error) ?? '']
    throw new CaravanError({
      code: 'file_unwritable',
      message: `${path} cannot be written into ${folder}: ${reason?.why ?? messageOf(error)}`,
      hint: reason?.hint,
      cause: error,
    })
  }
}

/** A name is safe from a power cut only when its folder is on the disk too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch((error: unknown) => {
    // A folder that may be written but not read, and Windows, do not open: then there is nothing to flush.
    if (['EACCES', 'EPERM', 'EISDIR'].includes(systemCode(error) ?? '')) return undefined
    throw error
  })
  if (handle === undefined) return
  try {
    await handle.sync()
  } catch (error) {
    // Some network file systems have no such thing.
    if (!['EINVAL', 'ENOTSUP', 'EPERM'].includes(systemCode(error) ?? '')) throw error
  } finally {
    await handle.close()
  }
}

/** A part that nobody wrote to for so long belongs to a killed process. */
const staleAfterMs = 60 * 60 * 1000

/** Ages are counted from the file just written, so the clock of the file server decides and not ours. */
async function removeLeftovers(target: string): Promise<void> {
  const start = `.${stemOf(target)}.`
  const folder = dirname(target)
  try {
    const { mtimeMs: now } = await stat(target)
    for (const name of await readdir(folder)) {
      const isPart = name.startsWith(start) && /^[0-9a-f]{8}\.part$/.test(name.slice(start.length))
      if (!isPart) continue
      const { mtimeMs } = await stat(join(folder, name))
      if (now - mtimeMs > staleAfterMs) await rm(join(folder, name), { force: true })
    }
  } catch {
    // The file is written; a leftover that stays does no harm.
  }
}
