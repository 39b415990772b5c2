import { open } from 'node:fs/promises'
import { CaravanError, messageOf } from '../../core/errors.ts'
import { Assembler } from './assemble.ts'
import { byteLengthIn, FileDecoder, Undecodable } from './decode.ts'
import type { Detected } from './decode.ts'
import { beyondLimit, defaultLimits, malformed } from './limits.ts'
import type { CommerceLimits } from './limits.ts'
import type { CommerceRecord } from './records.ts'
import { XmlScanner } from './xml-scanner.ts'

export type ReadOptions = {
  /** Name of the file for messages. */
  file: string
  limits?: Partial<CommerceLimits>
  /** Replaces `&quot;` and its kin in texts once more, for files that were escaped twice. Default: no. */
  unescapeTwice?: boolean
  /** Told after each piece how many bytes have been read. */
  onProgress?(bytes: number): void
  signal?: AbortSignal
}

const chunkBytes = 64 * 1024
const blockBytes = 1024 * 1024

/**
 * Reads CommerceML and yields its records in batches: those completed by one piece of 64 KB at most. Memory does not
 * depend on the size of the file. Ids may be kept; copy other texts that are to outlive their batch, for they may point
 * into the piece they came from.
 *
 * Throws `xml_malformed` (not well-formed, cut off, DTD, encoding), `xml_limit`, or `input_invalid` when the file is not
 * CommerceML; each names the file, the byte offset and the element. The last record of a whole file is `end`: what was
 * read before a failure may be used only by those who can take it back.
 */
export async function* readCommerceml(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: ReadOptions,
): AsyncGenerator<CommerceRecord[], void, undefined> {
  const run = startRun(options)
  for await (const bytes of source) {
    for (let from = 0; from < bytes.length; from += chunkBytes) {
      options.signal?.throwIfAborted()
      const records = run.take(bytes.subarray(from, from + chunkBytes))
      if (records.length > 0) yield records
    }
  }
  yield run.end()
}

/** Reads a file; `file_unreadable` when the system will not have it. */
export async function* readCommercemlFile(
  path: string,
  options: Omit<ReadOptions, 'file'> & { file?: string } = {},
): AsyncGenerator<CommerceRecord[], void, undefined> {
  yield* readCommerceml(readBlocks(path), { ...options, file: options.file ?? path })
}

/** The bytes of a file in blocks that are good until the next one; the next is fetched while this one is used. */
export async function* readBlocks(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const unreadable = (cause: unknown) =>
    new CaravanError({
      code: 'file_unreadable',
      message: `${path}: the file cannot be read: ${messageOf(cause)}`,
      cause,
    })
  const file = await open(path).catch((cause: unknown) => {
    throw unreadable(cause)
  })
  const buffers = [Buffer.allocUnsafe(blockBytes), Buffer.allocUnsafe(blockBytes)] as const
  const fetchInto = async (index: 0 | 1) => {
    try {
      const { bytesRead } = await file.read(buffers[index], 0, blockBytes, null)
      return buffers[index].subarray(0, bytesRead)
    } catch (cause) {
      throw unreadable(cause)
    }
  }
  let pending = fetchInto(0)
  try {
    for (let next: 0 | 1 = 1; ; next = next === 1 ? 0 : 1) {
      const block = await pending
      if (block.length === 0) return
      pending = fetchInto(next)
      pending.catch(() => undefined) // awaited in the next round, or not at all when the reader stops early
      yield block
    }
  } finally {
    await pending.catch(() => undefined)
    await file.close()
  }
}

/** One reading, fed with bytes. */
function startRun({ file, onProgress, unescapeTwice = false, ...options }: ReadOptions) {
  const limits: CommerceLimits = { ...defaultLimits, ...options.limits }
  const decoder = new FileDecoder(file)
  let parts: { assembler: Assembler; scanner: XmlScanner } | undefined
  let bytes = 0
  let count = 0

  const begin = (detected: Detected) => {
    const { encoding, startsAt } = detected
    const assembler = new Assembler({ limits, unescapeTwice, facts: { file, detected } })
    const byteLength = byteLengthIn(encoding)
    const scanner = new XmlScanner(assembler, { file, limits, byteLength, startsAt })
    assembler.listenTo(scanner)
    if (detected.wronglyDeclared !== undefined) {
      const message = `The file declares ${detected.wronglyDeclared}, but its bytes are ${encoding}; it is read as ${encoding}.`
      assembler.records.push({ type: 'finding', code: 'encoding_differs', message, offset: 0 })
    }
    return { assembler, scanner }
  }

  const scan = (text: string): void => {
    if (!decoder.detected) return
    parts ??= begin(decoder.detected)
    if (text !== '') parts.scanner.write(text)
  }

  const scanDecoded = (decode: () => string): void => {
    try {
      scan(decode())
    } catch (error) {
      if (!(error instanceof Undecodable)) throw error
      scan(error.good)
      const element = parts?.assembler.path() ?? ''
      throw malformed({ file, offset: error.offset, element }, error.message, undefined, error)
    }
  }

  const takeRecords = (): CommerceRecord[] => {
    if (!parts || parts.assembler.records.length === 0) return []
    const { records } = parts.assembler
    parts.assembler.records = []
    count += records.length
    if (count > limits.records) parts.scanner.refuse(`more than ${limits.records} records`)
    return records
  }

  return {
    take(chunk: Uint8Array): CommerceRecord[] {
      bytes += chunk.length
      if (bytes > limits.totalBytes) {
        const element = parts?.assembler.path() ?? ''
        const place = { file, offset: limits.totalBytes, element }
        throw beyondLimit(place, `the file has more than ${limits.totalBytes} bytes`)
      }
      scanDecoded(() => decoder.write(chunk))
      onProgress?.(bytes)
      return takeRecords()
    },
    end(): CommerceRecord[] {
      scanDecoded(() => decoder.end())
      parts?.scanner.end()
      const records = takeRecords()
      return [...records, { type: 'end', bytes, records: count }]
    },
  }
}
