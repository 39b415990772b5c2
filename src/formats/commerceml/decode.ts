import { isUtf8 } from 'node:buffer'
import { malformed } from './limits.ts'
import type { CommerceEncoding } from './records.ts'

/** How a file is to be decoded. */
export type Detected = {
  encoding: CommerceEncoding
  hasBom: boolean
  /** Length of the byte order mark. */
  startsAt: number
  /** What the XML declaration claims, when that is not what the bytes are. */
  wronglyDeclared?: string
}

const longestHead = 64 * 1024
/** Bytes from the first Cyrillic letter on that are asked whether they are UTF-8. */
const sample = 64

/**
 * Decides in this order: byte order mark, declared encoding, UTF-8. A declaration is not believed against the bytes:
 * what claims UTF-8 and is not is windows-1251, and the reverse. The first letters beyond ASCII are enough to tell, for
 * the very root element of CommerceML is Cyrillic; so no second pass over the file is needed, and a file whose bytes
 * turn bad further on mixes two encodings and is refused. Returns undefined when more bytes are needed.
 */
function detectEncoding(head: Uint8Array, isWhole: boolean, file: string): Detected | undefined {
  if (head.length < 4 && !isWhole) return undefined
  const marked = byMark(head)
  if (marked) return marked
  const firstHigh = head.findIndex((byte) => byte >= 0x80)
  const isEnough = firstHigh < 0 ? head.length >= longestHead : head.length >= firstHigh + sample
  if (!isEnough && !isWhole) return undefined
  const declared = /^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)/.exec(
    Buffer.from(head.subarray(0, 1024)).toString('latin1'),
  )?.[1]
  const wanted = labelled(declared, file)
  if (firstHigh < 0) return { encoding: wanted, hasBom: false, startsAt: 0 }
  const window = head.subarray(firstHigh, Math.max(firstHigh + sample, 0))
  const encoding = isUtf8(withoutCutCharacter(window)) ? 'utf-8' : 'windows-1251'
  return {
    encoding,
    hasBom: false,
    startsAt: 0,
    wronglyDeclared:
      encoding === wanted ? undefined : (declared ?? 'no encoding, which means UTF-8'),
  }
}

function byMark(head: Uint8Array): Detected | undefined {
  const [first, second, third] = head
  if (first === 0xef && second === 0xbb && third === 0xbf) return marked('utf-8', 3)
  if (first === 0xff && second === 0xfe) return marked('utf-16le', 2)
  if (first === 0xfe && second === 0xff) return marked('utf-16be', 2)
  if (first === 0x3c && second === 0) return marked('utf-16le', 0)
  if (first === 0 && second === 0x3c) return marked('utf-16be', 0)
  return undefined
}

const marked = (encoding: CommerceEncoding, startsAt: number): Detected => ({
  encoding,
  hasBom: startsAt > 0,
  startsAt,
})

function labelled(declared: string | undefined, file: string): 'utf-8' | 'windows-1251' {
  const label = (declared ?? 'utf-8').toLowerCase().replace(/[^a-z\d]/g, '')
  if (label === 'utf8' || label.startsWith('utf16')) return 'utf-8' // bytes that can be read as ASCII are no UTF-16
  if (label === 'windows1251' || label === 'cp1251' || label === 'win1251') return 'windows-1251'
  throw malformed(
    { file, offset: 0, element: '' },
    `the file declares the encoding "${declared ?? ''}", which exchange files do not use`,
    'UTF-8, windows-1251 and UTF-16 are read. Convert the file and correct its first line.',
  )
}

function withoutCutCharacter(bytes: Uint8Array): Uint8Array {
  let end = bytes.length
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte < 0x80) break
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
      if (length > back) end = bytes.length - back
      break
    }
  }
  return bytes.subarray(0, end)
}

const closing = 0x3e // ">"

/** Turns the bytes of one file into text. */
export class FileDecoder {
  readonly #file: string
  #head: Uint8Array = new Uint8Array(0)
  /** The bytes to decode next stand here, behind those that the last cut has left. */
  #buffer: Uint8Array = new Uint8Array(0)
  #left = 0
  #decoder: InstanceType<typeof TextDecoder> | undefined
  #taken = 0
  #lastBytes: Uint8Array = new Uint8Array(0)
  /** Known after the first bytes. */
  detected: Detected | undefined

  constructor(file: string) {
    this.#file = file
  }

  /**
   * The text of these bytes as far as it is certain; '' while the encoding is not known yet. Throws `Undecodable`, and
   * `xml_malformed` for an encoding we do not read.
   */
  write(bytes: Uint8Array): string {
    if (this.#decoder) return this.#cut(bytes)
    return this.#start(Buffer.concat([this.#head, bytes]), false)
  }

  /** The rest of the text. */
  end(): string {
    const text = this.#decoder ? '' : this.#start(this.#head, true)
    const rest = this.#buffer.subarray(0, this.#left)
    this.#left = 0
    return text + this.#decode(rest, true)
  }

  #start(head: Uint8Array, isWhole: boolean): string {
    this.#head = head
    this.detected = detectEncoding(head, isWhole, this.#file)
    if (!this.detected) return ''
    const { encoding, startsAt } = this.detected
    this.#decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true })
    this.#taken = startsAt
    this.#head = new Uint8Array(0)
    return this.#cut(head.subarray(startsAt))
  }

  /** Cuts behind a tag, so that the scanner seldom has to glue pieces: glued strings are slower to scan. */
  #cut(bytes: Uint8Array): string {
    const length = this.#left + bytes.length
    if (this.#buffer.length < length) this.#grow(length)
    const buffer = this.#buffer
    buffer.set(bytes, this.#left)
    const isWide = this.detected?.encoding.startsWith('utf-16')
    const cut = isWide ? 0 : buffer.subarray(0, length).lastIndexOf(closing) + 1
    const end = cut === 0 ? length : cut
    const text = this.#decode(buffer.subarray(0, end), false)
    buffer.copyWithin(0, end, length)
    this.#left = length - end
    return text
  }

  #grow(length: number): void {
    const larger = Buffer.alloc(length * 2)
    larger.set(this.#buffer.subarray(0, this.#left))
    this.#buffer = larger
  }

  #decode(bytes: Uint8Array, isLast: boolean): string {
    try {
      const text = this.#decoder?.decode(bytes, { stream: !isLast }) ?? ''
      this.#taken += bytes.length
      this.#lastBytes = Buffer.from(bytes.subarray(-3))
      return text
    } catch (cause) {
      throw this.#undecodable(bytes, isLast, cause)
    }
  }

  #undecodable(bytes: Uint8Array, isLast: boolean, cause: unknown): Undecodable {
    const before = this.#lastBytes
    const all = Buffer.concat([before, bytes])
    const encoding = this.detected?.encoding ?? 'utf-8'
    const bad = badByteAt(all, encoding)
    const begun = withoutCutCharacter(before).length
    const what =
      isLast && bad >= all.length - 3
        ? 'the file is cut off within a character'
        : `this is not ${encoding.toUpperCase()}, as the file was until here`
    return new Undecodable({
      good: encoding === 'utf-8' && bad > begun ? all.toString('utf8', begun, bad) : '',
      offset: this.#taken - before.length + bad,
      what,
      cause,
    })
  }
}

/** Bytes that are not of the file's encoding. The text in front of them is still good, and tells which element it is. */
export class Undecodable extends Error {
  readonly good: string
  readonly offset: number

  constructor(options: { good: string; offset: number; what: string; cause: unknown }) {
    super(options.what, { cause: options.cause })
    this.good = options.good
    this.offset = options.offset
  }
}

/** Index of the first byte that does not belong to a whole character. */
function badByteAt(bytes: Uint8Array, encoding: CommerceEncoding): number {
  if (encoding !== 'utf-8') return Math.max(0, bytes.length - 2)
  let at = 0
  while (at < 3 && ((bytes[at] ?? 0) & 0xc0) === 0x80) at++
  while (at < bytes.length) {
    const byte = bytes[at] ?? 0
    const length = byte < 0x80 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
    if (length > 1 && (at + length > bytes.length || !isUtf8(bytes.subarray(at, at + length))))
      return at
    at += length
  }
  return at
}

/** Bytes that a text takes in the file it was decoded from. */
export function byteLengthIn(encoding: CommerceEncoding): (text: string) => number {
  if (encoding === 'utf-8') return (text) => Buffer.byteLength(text)
  return encoding === 'windows-1251' ? (text) => text.length : (text) => text.length * 2
}
