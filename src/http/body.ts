import { IntegrationError } from '../core/errors.ts'

/** Decoded bytes of an answer that are read into memory before giving up, unless a request says otherwise. */
export const defaultMaxBytes = 10 * 1024 * 1024

/** An answer's body as it comes from `fetch`: decoded, counted, and cut at a limit. */
export type Body = {
  stream: ReadableStream<Uint8Array> | null
  maxBytes: number
  /** Told the bytes so far, after each piece. */
  count(bytes: number): void
}

/** Hands out a body while it arrives, and stops at the limit: a compressed bomb or an endless answer never fits. */
export async function* readPieces(body: Body): AsyncGenerator<Uint8Array> {
  const reader = openReader(body)
  try {
    for (let piece = await reader.next(); piece; piece = await reader.next()) yield piece
  } finally {
    reader.close()
  }
}

/**
 * The reader is asked directly: the async iterator of a web stream takes longer for a small answer than everything else
 * that is done with it.
 */
function openReader({ stream, maxBytes, count }: Body) {
  const reader = stream?.getReader()
  let total = 0
  return {
    async next(): Promise<Uint8Array | undefined> {
      const { value } = (await reader?.read()) ?? {}
      if (!value) return undefined
      total += value.byteLength
      count(total)
      if (total > maxBytes) throw tooLarge(maxBytes)
      return value
    },
    /** Lets the connection go, also when the rest of the answer was not wanted. */
    close: () => void reader?.cancel().catch(() => undefined),
  }
}

const tooLarge = (maxBytes: number): IntegrationError =>
  new IntegrationError({
    kind: 'bad_response',
    message: `the answer is larger than the limit of ${maxBytes} bytes`,
    hint: 'The vendor sent more than this operation expects. Ask for less at once, or report it to the vendor.',
  })

/** Throws at the first byte that is not UTF-8. Shared: it is never used for a part of a text. */
const decoder = new TextDecoder('utf-8', { fatal: true })

/** Reads a whole body as text. Bytes that are not UTF-8 are an error: silently replaced letters would be stored. */
export async function readText(body: Body): Promise<string> {
  const pieces = await readAll(body)
  const [only = new Uint8Array()] = pieces
  try {
    return decoder.decode(pieces.length > 1 ? Buffer.concat(pieces) : only)
  } catch (error) {
    if (!(error instanceof TypeError) || !('code' in error)) throw error
    if (error.code !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw error
    throw new IntegrationError({
      kind: 'bad_response',
      message: 'the answer is not valid UTF-8',
      hint: 'Another program may be answering at this address. Check base_url and any proxy between.',
      cause: error,
    })
  }
}

async function readAll(body: Body): Promise<Uint8Array[]> {
  const reader = openReader(body)
  const pieces: Uint8Array[] = []
  try {
    for (let piece = await reader.next(); piece; piece = await reader.next()) pieces.push(piece)
    return pieces
  } catch (error) {
    reader.close()
    throw error
  }
}

/** The parsed body, or undefined when it is not JSON. */
export function parseJson(text: string): unknown {
  const first = text.trimStart().charAt(0)
  if (first === '' || first === '<') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What an answer looked like, in a few words for an error: `HTML instead of JSON`. */
export function describeBody(text: string, contentType: string | undefined): string {
  if (text.trim() === '') return 'an empty answer'
  if (/^\s*<(!doctype\s+html|html|head|body)/i.test(text)) return 'HTML instead of JSON'
  if (contentType?.includes('json')) return 'JSON that is cut off or damaged'
  const type = /^[\w.+-]{1,40}\/[\w.+-]{1,40}/.exec(contentType ?? '')?.[0]
  return `${type ?? 'an answer without a type'} instead of JSON`
}
