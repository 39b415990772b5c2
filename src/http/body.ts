import { IntegrationError } from '../core/errors.ts'

/** Decoded bytes of an answer that are read into memory before giving up, unless a request says otherwise. */
export const defaultMaxBytes = 10 * 1024 * 1024

/** Hands out a body while it arrives, and stops at the limit: a compressed bomb or an endless answer never fits. */
export async function* readLimited(
  body: AsyncIterable<Uint8Array> | null,
  maxBytes: number,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let total = 0
  for await (const chunk of body ?? []) {
    total += chunk.byteLength
    count(total)
    if (total > maxBytes) {
      throw new IntegrationError({
        kind: 'bad_response',
        message: `the answer is larger than the limit of ${maxBytes} bytes`,
        hint: 'The vendor sent more than this operation expects. Ask for less at once, or report it to the vendor.',
      })
    }
    yield chunk
  }
}

/** Throws at the first byte that is not UTF-8. Shared: it is never used for a part of a text. */
const decoder = new TextDecoder('utf-8', { fatal: true })

/** Reads a whole body as text. Bytes that are not UTF-8 are an error: silently replaced letters would be stored. */
export async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  const [only = new Uint8Array()] = chunks
  try {
    return decoder.decode(chunks.length > 1 ? Buffer.concat(chunks) : only)
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
