/**
 * A strict streaming XML 1.0 scanner, as small as CommerceML needs it: no DTDs, no namespaces beyond dropping prefixes.
 *
 * Why not a library: the fastest strict one for JavaScript (saxes) takes about 1.4 times as long as `xmllint --stream`
 * before a single record is built, and records must be ready within 1.6 times. It looks at each character in JavaScript;
 * here the engine's own string search does, and names of elements are guessed from what followed last time. Its test
 * holds it to the very events and refusals of saxes over random and damaged input.
 */
import { beyondLimit, malformed } from './limits.ts'
import type { CommerceLimits, Place } from './limits.ts'
import { badReference, parseAttributes, tagEnd } from './xml-attributes.ts'
import type { Attributes } from './xml-attributes.ts'
import {
  forbiddenCharacter,
  isBlank,
  isBlankCode,
  isName,
  nameEnd,
  resolveReferences,
  shownCode,
  unusualText,
} from './xml-characters.ts'
import { checkComment, checkInstruction, markupAt } from './xml-markup.ts'
import { makeSpot } from './xml-spot.ts'
import type { Spot } from './xml-spot.ts'

export type XmlHandler = {
  /** An element begins. The name has no prefix; attributes are undefined when there are none. */
  open(name: string, attributes: Attributes | undefined): void
  /** Characters of the innermost open element, maybe in pieces. Blank text directly between two tags is left out. */
  text(text: string): void
  close(): void
  /** Path of the innermost open element, for messages. */
  path(): string
}

export type ScannerOptions = {
  file: string
  limits: CommerceLimits
  /** Bytes that a stretch of decoded text takes in the file. */
  byteLength(text: string): number
  /** Bytes in front of the text: those of a byte order mark. */
  startsAt: number
}

const LT = 60
const GT = 62
const SLASH = 47
const BANG = 33
const QUESTION = 63

/** From this many waiting characters on a scan is repeated only when they have doubled, so that long tokens stay cheap. */
const patience = 64 * 1024

/** How many texts of attributes are kept, and of how many characters at most. */
const keptTags = 256
const longestKeptTag = 500

export class XmlScanner {
  readonly #handler: XmlHandler
  readonly #options: ScannerOptions
  readonly #open: Spot[] = []
  #spots = 0
  /** Attributes by their text: those of units come again with every product. */
  readonly #attributesOf = new Map<string, Attributes>()
  readonly #outside = makeSpot('\0') // never in a file, so never guessed right
  /** The innermost open element, and its child that was closed last. */
  #inside = this.#outside
  #behind: Spot | undefined
  /** What has not been scanned yet: `#text`, then the chunks of `#waiting`. */
  #text = ''
  #waiting: string[] = []
  #waitingChars = 0
  #wantedChars = 0
  #isRootClosed = false
  #isAfterTag = true
  #hasBegun = false
  #tagIndex = 0
  /** `#text[#knownIndex]` is byte `#knownOffset` of the file. */
  #knownOffset: number
  #knownIndex = 0

  constructor(handler: XmlHandler, options: ScannerOptions) {
    this.#handler = handler
    this.#options = options
    this.#knownOffset = options.startsAt
  }

  /** Takes decoded text, in pieces of any size. Throws `xml_malformed` or `xml_limit`. */
  write(chunk: string): void {
    this.#waiting.push(chunk)
    this.#waitingChars += chunk.length
    const { tokenChars } = this.#options.limits
    if (this.#waitingChars >= Math.min(this.#wantedChars, tokenChars)) this.#scan()
    if (this.#waitingChars <= tokenChars) return
    const what = `a text, tag or comment of more than ${tokenChars} characters`
    throw beyondLimit(this.#place(0), what)
  }

  /** The input is over. Throws `xml_malformed` when the root element is not closed. */
  end(): void {
    this.#scan()
    const rest = this.#text
    if (this.#isRootClosed && isBlank(rest)) return
    const open = this.#open.at(-1)
    if (open) this.#fail(rest.length, `the file is cut off: <${open.raw}> is not closed`)
    if (rest.trimStart().startsWith('<')) this.#fail(rest.length, 'the file is cut off')
    if (isBlank(rest)) this.#fail(0, 'the file is empty')
    this.#fail(rest.search(/[^ \t\r\n]/), 'text outside of the root element')
  }

  /** Byte offset in the file of the `<` of the tag that `open` is being told about. */
  tagOffset(): number {
    return this.#offsetAt(this.#tagIndex)
  }

  /** Byte offset of all that was scanned. */
  offset(): number {
    return this.#offsetAt(this.#text.length)
  }

  /** A limit that the handler watches is exceeded at the present tag. */
  refuse(what: string): never {
    throw beyondLimit(this.#place(this.#tagIndex), what)
  }

  #scan(): void {
    const text = this.#takeWaiting()
    const length = text.length
    let at = 0
    for (;;) {
      let tag = at
      while (tag < length && isBlankCode(text.charCodeAt(tag))) tag++
      const isBlankSoFar = tag < length && text.charCodeAt(tag) === LT
      if (!isBlankSoFar) tag = text.indexOf('<', tag)
      if (tag < 0 || tag + 1 >= length) break
      const code = text.charCodeAt(tag + 1)
      if (tag > at) this.#characters(text, at, tag, isBlankSoFar, code)
      this.#tagIndex = tag
      const next =
        code === SLASH
          ? this.#closeTag(text, tag)
          : code === BANG || code === QUESTION
            ? this.#markup(text, tag)
            : this.#openTag(text, tag)
      if (next < 0) {
        at = tag
        break
      }
      at = next
    }
    this.#keepFrom(text, at)
  }

  #takeWaiting(): string {
    const text =
      this.#text + (this.#waiting.length === 1 ? this.#waiting[0] : this.#waiting.join(''))
    this.#text = text
    this.#waiting = []
    return text
  }

  #keepFrom(text: string, at: number): void {
    this.#offsetAt(at)
    this.#knownIndex = 0
    this.#tagIndex = 0
    this.#text = at === 0 ? text : text.slice(at)
    this.#waitingChars = this.#text.length
    this.#wantedChars = this.#waitingChars > patience ? this.#waitingChars * 2 : 0
    if (at > 0) this.#hasBegun = true
  }

  #characters(text: string, from: number, to: number, isBlankText: boolean, next: number): void {
    if (isBlankText && this.#isAfterTag && next !== BANG && next !== QUESTION) return
    this.#isAfterTag = false
    if (this.#open.length === 0) {
      if (isBlankText) return
      this.#fail(
        from + text.slice(from, to).search(/[^ \t\r\n]/),
        'text outside of the root element',
      )
    }
    const value = text.slice(from, to)
    this.#handler.text(unusualText.test(value) ? this.#unusual(value, from) : value)
  }

  /** Text with references, carriage returns, brackets or characters that XML forbids. */
  #unusual(text: string, from: number): string {
    this.#checkCharacters(text, from)
    const brackets = text.indexOf(']]>')
    if (brackets >= 0) this.#fail(from + brackets, '"]]>" outside of a CDATA section')
    return resolveReferences(text, (reference, index) =>
      this.#fail(from + index, badReference(reference)),
    )
  }

  #checkCharacters(text: string, from: number): void {
    const bad = forbiddenCharacter.exec(text)
    if (bad)
      this.#fail(from + bad.index, `the character ${shownCode(bad[0])} is not allowed in XML`)
  }

  /** Returns the index behind the tag, or -1 when it has not arrived in full. So do the three methods below. */
  #openTag(text: string, tag: number): number {
    let spot = this.#behind ? this.#behind.next : this.#inside.first
    let end = tag + 1 + spot.raw.length
    let code = text.charCodeAt(end)
    const mayFit = code === GT || code === SLASH || isBlankCode(code)
    if (!mayFit || !text.startsWith(spot.raw, tag + 1)) {
      end = nameEnd(text, tag + 1)
      if (end < 0) return -1
      spot = this.#spotOf(text.slice(tag + 1, end), tag)
      if (this.#behind) this.#behind.next = spot
      else this.#inside.first = spot
      code = text.charCodeAt(end)
    }
    if (code === GT) {
      this.#opened(spot, undefined)
      return end + 1
    }
    const close = tagEnd(text, end)
    if (close < 0) return -1
    const isEmpty = text.charCodeAt(close - 1) === SLASH
    const attributes = this.#attributes(text.slice(end, isEmpty ? close - 1 : close), end)
    this.#opened(spot, attributes)
    if (isEmpty) this.#closed(spot)
    return close + 1
  }

  #attributes(text: string, from: number): Attributes | undefined {
    const known = this.#attributesOf.get(text)
    if (known) return known
    this.#checkCharacters(text, from)
    const { limits } = this.#options
    const attributes = parseAttributes(text, limits.attributes, ({ index, what, isLimit }) => {
      if (isLimit) throw beyondLimit(this.#place(from + index), what)
      return this.#fail(from + index, what)
    })
    const isWorthKeeping = this.#attributesOf.size < keptTags && text.length < longestKeptTag
    if (attributes && isWorthKeeping) this.#attributesOf.set(` ${text}`.slice(1), attributes)
    return attributes
  }

  #closeTag(text: string, tag: number): number {
    const name = this.#open.at(-1)
    if (!name) return this.#fail(tag, 'an end tag without a start tag')
    const end = tag + 2 + name.raw.length
    if (text.charCodeAt(end) === GT && text.startsWith(name.raw, tag + 2)) {
      this.#closed(name)
      return end + 1
    }
    const close = text.indexOf('>', tag)
    if (close < 0) return -1
    const given = text.slice(tag + 2, close)
    if (given.startsWith(name.raw) && isBlank(given.slice(name.raw.length))) {
      this.#closed(name)
      return close + 1
    }
    return this.#fail(tag, `<${name.raw}> is closed by </${given.slice(0, 80)}>`)
  }

  #markup(text: string, tag: number): number {
    const markup = markupAt(text, tag)
    if (markup === 'incomplete') return -1
    if (markup === 'doctype') {
      return this.#fail(tag, 'document type definitions are refused: exchange files have none')
    }
    if (!markup) return this.#fail(tag, 'the tag is not well-formed')
    this.#checkCharacters(markup.body, tag + markup.begin)
    const isAtStart = tag === 0 && !this.#hasBegun
    const fault =
      markup.kind === 'comment'
        ? checkComment(markup.body)
        : markup.kind === 'instruction'
          ? checkInstruction(markup.body, isAtStart)
          : undefined
    if (fault) this.#fail(tag, fault)
    if (markup.kind === 'cdata') {
      if (this.#open.length === 0) this.#fail(tag, 'text outside of the root element')
      const { body } = markup
      if (body) this.#handler.text(body.includes('\r') ? body.replace(/\r\n?/g, '\n') : body)
    }
    this.#isAfterTag = false
    return markup.end
  }

  #opened(spot: Spot, attributes: Attributes | undefined): void {
    if (this.#open.length === 0 && this.#isRootClosed) {
      this.#fail(this.#tagIndex, `a second root element <${spot.raw}>`)
    }
    if (this.#open.length >= this.#options.limits.depth) {
      this.refuse(`elements are more than ${this.#options.limits.depth} deep`)
    }
    this.#open.push(spot)
    this.#inside = spot
    this.#behind = undefined
    this.#isAfterTag = true
    this.#handler.open(spot.local, attributes)
  }

  #closed(spot: Spot): void {
    this.#handler.close()
    this.#open.pop()
    this.#inside = this.#open.at(-1) ?? this.#outside
    this.#behind = spot
    this.#isAfterTag = true
    if (this.#open.length === 0) this.#isRootClosed = true
  }

  #spotOf(raw: string, tag: number): Spot {
    const known = this.#inside.children.get(raw)
    if (known) return known
    if (!isName(raw)) this.#fail(tag, `"<${raw.slice(0, 40)}" does not begin a tag`)
    const { limits } = this.#options
    if (++this.#spots > limits.names) this.refuse(`more than ${limits.names} names of elements`)
    const spot = makeSpot(raw)
    this.#inside.children.set(spot.raw, spot)
    return spot
  }

  #fail(index: number, what: string): never {
    throw malformed(this.#place(index), what)
  }

  #place(index: number): Place {
    const element = this.#handler.path()
    return { file: this.#options.file, offset: this.#offsetAt(index), element }
  }

  #offsetAt(index: number): number {
    const { byteLength } = this.#options
    const known = this.#knownIndex
    if (index > known) this.#knownOffset += byteLength(this.#text.slice(known, index))
    if (index < known) this.#knownOffset -= byteLength(this.#text.slice(index, known))
    this.#knownIndex = index
    return this.#knownOffset
  }
}
