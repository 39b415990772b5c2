/** Size of one character (a code point) as a vendor counts it. */
export type SizeOf = (character: string) => number

export const inBytes: SizeOf = (character) => Buffer.byteLength(character)
/** UTF-16 code units, as JavaScript and most chat vendors count. */
export const inUnits: SizeOf = (character) => character.length
export const inCharacters: SizeOf = () => 1
/** Bytes in a JSON text: a quote or a line break takes two, other control characters six. */
export const inJsonBytes: SizeOf = (character) =>
  Buffer.byteLength(JSON.stringify(character)) - quotesBytes

const quotesBytes = 2
const ellipsis = '…'

export function sizeOfText(text: string, sizeOf: SizeOf): number {
  let size = 0
  for (const character of text) size += sizeOf(character)
  return size
}

/**
 * A text of at most `max`, ellipsis included: never cut in the middle of a surrogate pair, of a multi-byte character or
 * of a letter with its marks. A half of a pair that stands alone becomes U+FFFD, which is what the wire would make of it.
 */
export function cutTo(given: string, max: number, sizeOf: SizeOf): { text: string; cut: boolean } {
  const text = given.toWellFormed()
  if (sizeOfText(text, sizeOf) <= max) return { text, cut: false }
  let room = max - sizeOfText(ellipsis, sizeOf)
  if (room < 0) return { text: '', cut: true }
  let end = 0
  for (const character of text) {
    room -= sizeOf(character)
    if (room < 0) break
    end += character.length
  }
  return { text: beforeLetter(text, end).trimEnd() + ellipsis, cut: true }
}

/** Far longer than a letter with its marks, or an emoji that is joined of several, ever is. */
const window = 64

/** The text up to `end`, or up to the beginning of the letter that `end` would cut in two. */
function beforeLetter(text: string, end: number): string {
  const from = Math.max(0, end - window)
  const near = text.slice(from, end + window)
  const letter = new Intl.Segmenter('en').segment(near).containing(end - from)
  const start = letter === undefined ? end : from + letter.index
  return text.slice(0, start > from ? start : end)
}
