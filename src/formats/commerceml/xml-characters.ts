/** The small rules of XML 1.0 (https://www.w3.org/TR/xml/) about characters, names and references. */

const nameStart =
  ':A-Z_a-z\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u02ff\\u0370-\\u037d\\u037f-\\u1fff\\u200c-\\u200d\\u2070-\\u218f\\u2c00-\\u2fef\\u3001-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\ufffd\\u{10000}-\\u{effff}'
const name = new RegExp(
  `^[${nameStart}][${nameStart}\\-.0-9\\u00b7\\u0300-\\u036f\\u203f-\\u2040]*$`,
  'u',
)

/** Most names are of these letters, and this test is the quicker one. */
const plainName = /^[A-Za-zА-Яа-яЁё_][A-Za-zА-Яа-яЁё_\d.-]*$/

export const isName = (text: string): boolean => plainName.test(text) || name.test(text)

/** A character that XML 1.0 forbids. Lone surrogates cannot come out of a strict decoder, so they are not looked for. */
export const forbiddenCharacter = /[^\t\n\r\u0020-\ufffd]/

/** Whatever text must be looked at twice for: `&`, `]`, carriage returns and forbidden characters. */
export const unusualText = /[^\t\n\u0020-%'-\\^-\ufffd]/

/** Blank, tab, line feed or carriage return. */
export const isBlankCode = (code: number): boolean =>
  code === 9 || code === 32 || code === 10 || code === 13

const blank = /^[ \t\r\n]*$/
export const isBlank = (text: string): boolean => blank.test(text)

/** Characters of the longest reference that is looked at; none that XML defines comes near. */
const longestReference = 40

const known = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
])

/**
 * Replaces the five named entities and character references, and makes every line end a line feed. A reference that XML
 * does not define ends it: `refuse` is told the reference and its index, and throws.
 */
export function resolveReferences(
  text: string,
  refuse: (reference: string, index: number) => never,
): string {
  const isMixed = text.includes('\r')
  const plain = (from: number, to: number): string => {
    const piece = text.slice(from, to)
    return isMixed ? piece.replace(/\r\n?/g, '\n') : piece
  }
  let resolved = ''
  let from = 0
  for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', from)) {
    const end = text.indexOf(';', at)
    const isReference = end >= 0 && end - at <= longestReference
    const body = isReference ? text.slice(at + 1, end) : ''
    const value = known.get(body) ?? characterOf(body)
    if (value === undefined) return refuse(isReference ? `&${body};` : '&', at)
    resolved += plain(from, at) + value
    from = end + 1
  }
  return resolved + plain(from, text.length)
}

function characterOf(body: string): string | undefined {
  const parts = /^#(?:x([\da-fA-F]+)|(\d+))$/.exec(body)
  if (!parts) return undefined
  const code = parts[1] === undefined ? Number(parts[2]) : Number.parseInt(parts[1], 16)
  return isAllowed(code) ? String.fromCodePoint(code) : undefined
}

function isAllowed(code: number): boolean {
  if (code < 0x20) return code === 9 || code === 10 || code === 13
  if (code > 0xffff) return code <= 0x10ffff
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd)
}

/** The index behind a name; -1 when the text ends within it. */
export function nameEnd(text: string, from: number): number {
  for (let index = from; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === 62 || code === 47 || code === 60 || code === 61 || isBlankCode(code)) return index
  }
  return -1
}

/** A character that cannot be shown, as its number. */
export const shownCode = (character: string): string =>
  `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
