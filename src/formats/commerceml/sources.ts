import { open, readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { readFault } from '../../core/system-faults.ts'
import { openZip } from '../zip.ts'
import type { ZipArchive, ZipLimits } from '../zip.ts'
import { readBlocks } from './read.ts'

/** A file that may be CommerceML, on the disk or in an archive. */
export type CommerceSource = {
  /** For messages: the path, and for a file in an archive `archive.zip/inner/name.xml`. */
  file: string
  sizeBytes: number
  /** Found by looking into a folder or an archive, not named by the operator. */
  isFound: boolean
  /** The bytes from the start; may be asked for more than once. */
  read(): AsyncIterable<Uint8Array>
}

export type OpenSources = { sources: CommerceSource[]; close(): void }

/**
 * Finds the XML files behind paths of files, folders and archives. Folders are walked, except `import_files` (pictures),
 * names with a leading dot, files that are still being written (`.part`, `.tmp`) and empty ones. Archives are read as
 * they are. Throws `file_missing`, `file_unreadable` and what `openZip` throws. Close it when all has been read.
 */
export async function openSources(
  paths: readonly string[],
  zipLimits?: ZipLimits,
): Promise<OpenSources> {
  const archives: ZipArchive[] = []
  const close = () => archives.forEach((archive) => archive.close())
  try {
    const sources: CommerceSource[] = []
    for (const given of paths) {
      for await (const { file, sizeBytes, isFound } of filesBelow(given)) {
        if (!(await isZip(file))) {
          sources.push({ file, sizeBytes, isFound, read: () => readBlocks(file) })
          continue
        }
        const archive = await openZip(file, zipLimits)
        archives.push(archive)
        sources.push(...xmlOf(file, archive))
      }
    }
    return { sources, close }
  } catch (error) {
    close()
    throw error
  }
}

const xmlOf = (file: string, archive: ZipArchive): CommerceSource[] =>
  archive.items
    .filter(({ name, sizeBytes }) => sizeBytes > 0 && isWanted(name) && !/\.zip$/i.test(name))
    .map(({ name, sizeBytes, read }) => ({
      file: `${file}/${name}`,
      sizeBytes,
      isFound: true,
      read,
    }))

const picturesFolder = 'import_files'

function isWanted(name: string): boolean {
  const steps = name.toLowerCase().split('/')
  if (steps.some((one) => one.startsWith('.') || one === picturesFolder)) return false
  return /\.(?:xml|zip)$/.test(name.toLowerCase())
}

type Found = { file: string; sizeBytes: number; isFound: boolean }

async function* filesBelow(given: string): AsyncGenerator<Found, void, undefined> {
  const facts = await factsOf(given)
  if (!facts.isDirectory()) {
    yield { file: given, sizeBytes: facts.size, isFound: false }
    return
  }
  yield* walk(given)
}

async function* walk(folder: string): AsyncGenerator<Found, void, undefined> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw readFault(folder, cause)
  })
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = path.join(folder, entry.name)
    if (entry.isDirectory()) {
      const isLeftOut = entry.name.startsWith('.') || entry.name.toLowerCase() === picturesFolder
      if (!isLeftOut) yield* walk(file)
      continue
    }
    if (!isWanted(entry.name)) continue
    const facts = await factsOf(file)
    if (facts.isFile() && facts.size > 0) yield { file, sizeBytes: facts.size, isFound: true }
  }
}

const factsOf = (file: string) =>
  stat(file).catch((cause: unknown) => {
    throw readFault(file, cause)
  })

/** An archive begins with `PK`, whatever its name. */
async function isZip(file: string): Promise<boolean> {
  const handle = await open(file).catch((cause: unknown) => {
    throw readFault(file, cause)
  })
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0)
    return bytesRead === 2 && buffer.toString('latin1') === 'PK'
  } finally {
    await handle.close()
  }
}
