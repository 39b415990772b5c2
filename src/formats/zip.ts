import { crc32 } from 'node:zlib'
import { openPromise } from 'yauzl'
import type { Entry, ZipFile } from 'yauzl'
import { CaravanError, messageOf } from '../core/errors.ts'

/** What an archive may demand of us. */
export type ZipLimits = {
  /** Files in the archive. */
  entries: number
  /** Bytes of all files unpacked. */
  totalBytes: number
  /** Bytes unpacked for one byte packed, of one file. Exchange files stay below 60; a bomb comes near 1000. */
  ratio: number
}

export const defaultZipLimits: ZipLimits = {
  entries: 100_000,
  totalBytes: 8 * 1024 ** 3,
  ratio: 200,
}

export type ZipItem = {
  /** Relative path with `/`, checked: it leads nowhere out of the archive. */
  name: string
  sizeBytes: number
  /** Unpacks while it is read; may be asked for more than once. Throws `file_unreadable` when the data is damaged. */
  read(): AsyncIterable<Uint8Array>
}

export type ZipArchive = { items: ZipItem[]; close(): void }

/**
 * Opens an archive and lists its files; nothing is unpacked to the disk. Throws `file_unreadable` when it is damaged or
 * not complete, and `input_invalid` when a name leads out of it, a file is encrypted, or it is larger than the limits.
 */
export async function openZip(
  path: string,
  limits: ZipLimits = defaultZipLimits,
): Promise<ZipArchive> {
  const options = { lazyEntries: true, autoClose: false, decodeStrings: false }
  const zip = await openPromise(path, options).catch((cause: unknown) => {
    throw damaged(path, cause)
  })
  try {
    if (zip.entryCount > limits.entries) {
      throw refused(path, `it holds ${zip.entryCount} files; ${limits.entries} are allowed`)
    }
    return { items: await listItems(path, zip, limits), close: () => zip.close() }
  } catch (error) {
    zip.close()
    throw error instanceof CaravanError ? error : damaged(path, error)
  }
}

async function listItems(path: string, zip: ZipFile, limits: ZipLimits): Promise<ZipItem[]> {
  const items: ZipItem[] = []
  const names = new Set<string>()
  let total = 0
  for await (const entry of zip.eachEntry()) {
    const name = nameOf(entry)
    const fault = faultOf(name, entry, limits)
    if (fault !== undefined) throw refused(path, `"${name.slice(0, 100)}" ${fault}`)
    total += entry.uncompressedSize
    if (total > limits.totalBytes) {
      throw refused(path, `unpacked it has more than ${limits.totalBytes} bytes`)
    }
    if (name.endsWith('/')) continue
    if (names.has(name)) throw refused(path, `"${name}" stands in it twice`)
    names.add(name)
    items.push({ name, sizeBytes: entry.uncompressedSize, read: () => unpack(path, zip, entry) })
  }
  return items
}

/** Names are UTF-8 when the archive says so; otherwise 1C and Windows write Cyrillic in code page 866. */
function nameOf(entry: Entry): string {
  const isUtf8 = (entry.generalPurposeBitFlag & 0x800) !== 0
  const unicode = entry.extraFields.find((field) => field.id === 0x7075)
  const name = unicode
    ? unicode.data.subarray(5).toString('utf8')
    : new TextDecoder(isUtf8 ? 'utf-8' : 'ibm866').decode(entry.fileNameRaw)
  return name.replaceAll('\\', '/')
}

/** Below this size the ratio says nothing. */
const smallBytes = 1024 * 1024

function faultOf(name: string, entry: Entry, limits: ZipLimits): string | undefined {
  if (name === '' || Buffer.byteLength(name) > 1024) return 'has no usable name'
  if (name.includes('\0')) return 'has a name with a NUL'
  if (name.startsWith('/') || /^[a-z]:/i.test(name)) return 'has an absolute name'
  if (name.split('/').includes('..')) return 'has a name that leads out of the archive'
  if ((entry.generalPurposeBitFlag & 1) !== 0) return 'is encrypted'
  const ratio = entry.uncompressedSize / Math.max(1, entry.compressedSize)
  if (entry.uncompressedSize > smallBytes && ratio > limits.ratio) {
    return `grows to ${Math.round(ratio)} times its packed size; ${limits.ratio} times is allowed`
  }
  return undefined
}

async function* unpack(
  path: string,
  zip: ZipFile,
  entry: Entry,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    const stream = await zip.openReadStreamPromise(entry)
    let checksum = 0
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      checksum = crc32(chunk, checksum)
      yield chunk
    }
    if (checksum !== entry.crc32) throw new Error('its checksum is wrong')
  } catch (cause) {
    if (cause instanceof CaravanError) throw cause
    throw damaged(`${path} (${nameOf(entry)})`, cause)
  }
}

const damaged = (path: string, cause: unknown): CaravanError =>
  new CaravanError({
    code: 'file_unreadable',
    message: `${path}: the archive cannot be read: ${messageOf(cause)}`,
    hint: 'It is damaged or was not written to its end. Have it made or sent again.',
    cause,
  })

const refused = (path: string, why: string): CaravanError =>
  new CaravanError({
    code: 'input_invalid',
    message: `${path}: the archive is refused: ${why}`,
    hint: 'No exchange of 1C makes such an archive. Check where it comes from.',
  })
