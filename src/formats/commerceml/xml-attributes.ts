import { isBlank, isName, resolveReferences } from './xml-characters.ts'

export type Attributes = Record<string, string>

/** What is wrong with a tag, and at which character of it. */
export type AttributeFault = { index: number; what: string; isLimit?: boolean }

const attribute = /([ \t\r\n]+)([^\s=<>"'/]+)[ \t\r\n]*=[ \t\r\n]*(?:"([^"<]*)"|'([^'<]*)')/y

/**
 * Reads the attributes of a tag: `text` is what stands between the element's name and `>` or `/>`. Names lose their
 * prefix (not `xmlns:…`), values have their references resolved. Throws an AttributeFault, as `fault`, for anything that
 * XML does not allow.
 */
export function parseAttributes(
  text: string,
  most: number,
  fault: (fault: AttributeFault) => never,
): Attributes | undefined {
  const attributes: Attributes = Object.create(null) as Attributes
  const seen: string[] = []
  let at = 0
  for (;;) {
    attribute.lastIndex = at
    const parts = attribute.exec(text)
    if (!parts) break
    const raw = parts[2] ?? ''
    const start = at + (parts[1]?.length ?? 0)
    if (!isName(raw)) fault({ index: start, what: `"${raw}" is not a name of an attribute` })
    if (seen.includes(raw)) fault({ index: start, what: `the attribute ${raw} stands twice` })
    seen.push(raw)
    if (seen.length > most) {
      fault({ index: start, what: `more than ${most} attributes`, isLimit: true })
    }
    attributes[localName(raw)] = valueOf(parts[3] ?? parts[4] ?? '', (what) =>
      fault({ index: start, what }),
    )
    at = attribute.lastIndex
  }
  if (!isBlank(text.slice(at))) fault({ index: at, what: 'the tag is not well-formed' })
  return seen.length === 0 ? undefined : attributes
}

/** The name without its prefix; declarations of namespaces keep theirs. */
export function localName(raw: string): string {
  const colon = raw.indexOf(':')
  return colon < 0 || raw.startsWith('xmlns:') ? raw : raw.slice(colon + 1)
}

function valueOf(raw: string, refuse: (what: string) => never): string {
  const flat = /[\t\n\r]/.test(raw) ? raw.replace(/\r\n|[\t\n\r]/g, ' ') : raw
  if (!flat.includes('&')) return flat
  return resolveReferences(flat, (reference) => refuse(badReference(reference)))
}

/** Why a reference cannot be read, for people. */
export function badReference(reference: string): string {
  return reference === '&' || /[\s<&]/.test(reference.slice(1))
    ? 'a bare "&": XML wants "&amp;"'
    : `XML does not define "${reference}"`
}

/** The index of the `>` that ends a tag, from behind its name on; -1 when it has not arrived yet. */
export function tagEnd(text: string, from: number): number {
  let at = from
  let end = text.indexOf('>', at)
  while (end >= 0) {
    const quote = firstQuote(text, at, end)
    if (quote < 0) return end
    const closing = text.indexOf(text.charAt(quote), quote + 1)
    if (closing < 0) return -1
    at = closing + 1
    if (at > end) end = text.indexOf('>', at)
  }
  return -1
}

function firstQuote(text: string, from: number, to: number): number {
  for (let index = from; index < to; index++) {
    const code = text.charCodeAt(index)
    if (code === 34 || code === 39) return index
  }
  return -1
}
