import { parsePlaceholders } from './placeholders.ts'

/** Stands in the place of every value that is not kept. */
export const mask = '***'

/** Whether a text is made of placeholders alone, none of them with a default: then it holds no value itself. */
export function holdsNoValue(text: string): boolean {
  const parts = parsePlaceholders(text)
  if (typeof parts === 'string') return false
  return parts.every((part) => part.type !== 'text' && !(part.type === 'env' && part.fallback))
}

/** The host stands behind the last `@`: a password may hold one. */
const userInfo = /([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:)([^\s/@]+(?:@[^\s/@"',]+)*)(?=@)/gi
const secretParameter =
  /([?&](?:[\w.-]*[_.-])?(?:access_?token|token|api_?key|key|secret|password|pwd|sign?(?:ature)?)=)([^&\s#"']+)/gi

/** Takes passwords and tokens out of the addresses in a text. */
export const maskAddresses = (text: string): string =>
  [userInfo, secretParameter].reduce(
    (shown, pattern) =>
      shown.replaceAll(pattern, (whole, before: string, value: string) =>
        holdsNoValue(value) ? whole : before + mask,
      ),
    text,
  )

/** What the name of a key tells about its value. `unknown`: no schema has it. */
export type Judge = (key: string) => 'secret' | 'open' | 'unknown'

/**
 * Masks comments. What stands behind a key with a secret's name is masked to the end of the line, together with the
 * deeper lines that follow. `prefix` is what stands before the text of each line, such as `# `.
 */
export function maskLines(lines: readonly string[], judge: Judge, prefix = /^/): string[] {
  let openAt: number | undefined
  return lines.map((line) => {
    const start = prefix.exec(line)?.[0].length ?? 0
    const body = line.slice(start)
    const indent = indentOf(body)
    if (openAt !== undefined && body.trim() !== '' && indent > openAt)
      return line.slice(0, start + indent) + mask
    if (body.trim() !== '') openAt = undefined
    const [shown, isOpen] = maskPairs(body, judge)
    if (isOpen) openAt = indent
    return line.slice(0, start) + maskAddresses(shown)
  })
}

/**
 * The same for a file that is no YAML. Its indentation may be what is wrong with it, as where a key was pasted without
 * any: all is masked that follows a secret, up to a line that begins with a key.
 */
export function maskBrokenLines(lines: readonly string[], judge: Judge): string[] {
  const comments = maskedComments(lines, judge)
  let open: { at: number } | undefined
  return lines.map((line, index) => {
    const indent = indentOf(line)
    const isDeeper = open !== undefined && indent > open.at
    const comment = comments.get(index)
    if (line.trim() === '' || (comment !== undefined && !isDeeper)) return comment ?? line
    const isValue = isDeeper || (open !== undefined && !beginsWithKey(line, judge))
    if (isValue) return line.slice(0, indent) + mask
    const [shown, isOpen, mayBeOpen] = maskPairs(line, judge, true)
    open = isOpen ? { at: indent } : mayBeOpen ? { at: Infinity } : undefined
    return maskAddresses(shown)
  })
}

/** By the number of the line. Each is judged with those right above it. */
function maskedComments(lines: readonly string[], judge: Judge): Map<number, string> {
  const isComment = (index: number) => /^\s*#/.test(lines[index] ?? '')
  const found = new Map<number, string>()
  for (let start = 0; start < lines.length; start += 1) {
    let end = start
    while (isComment(end)) end += 1
    const masked = maskLines(lines.slice(start, end), judge, /^\s*#+/)
    for (const [at, line] of masked.entries()) found.set(start + at, line)
    start = end
  }
  return found
}

const indentOf = (text: string): number => text.length - text.trimStart().length

const firstKey =
  /^[-\s{[,]*(?:(["'])([\p{L}\p{N}_.-]+)\1\s*:|([\p{L}\p{N}_.-]+)\s*:(?=\s|$))\s*(\S?)/u

/** A key that somebody knows, or the head of a group: a secret may hold a colon too. */
function beginsWithKey(body: string, judge: Judge): boolean {
  const [, , quoted, bare = quoted, value] = firstKey.exec(body) ?? []
  if (bare === undefined) return false
  return judge(bare) !== 'unknown' || value === '' || value === '{'
}

/** From the beginning of a word alone: else a long one is read again from each of its letters. */
const pairKey = /(?:(["'])|(?<![\p{L}\p{N}_.-]|\$\{))([\p{L}\p{N}_.-]+)\1\s*[:=]/gu

/**
 * Several pairs may stand on one line: the first secret key decides. `isOpen`: its value may go on below. `mayBeOpen`: of
 * a name nobody knows, only a line without a key would be its value.
 */
function maskPairs(
  body: string,
  judge: Judge,
  isBroken = false,
): [shown: string, isOpen: boolean, mayBeOpen: boolean] {
  let mayBeOpen = false
  const keys = body.matchAll(pairKey)
  for (const found of keys) {
    const at = found.index + found[0].length
    const value = body.slice(at)
    // An anchor: a secret further down may be this very value.
    const isAnchored = isBroken && /^\s*&\S/.test(value)
    const verdict = isAnchored ? 'secret' : judge(found[2] ?? '')
    mayBeOpen = false
    // Of a name nobody knows, a group inside is judged by its own keys: it may be a service.
    if (verdict === 'open' || (verdict === 'unknown' && /^\s*(?:\{|#|\/\/)/.test(value))) continue
    const shown = bareValue(value.trim())
    mayBeOpen = verdict === 'unknown' && shown === ''
    if (mayBeOpen) continue
    if (shown === '' || /^[|>][-+\d]*$/.test(shown)) return [body, true, false]
    if (holdsNoValue(shown)) continue
    const space = /^\s*/.exec(value)?.[0] ?? ''
    return [body.slice(0, at) + space + mask, true, false]
  }
  return [body, false, mayBeOpen]
}

/** Without quotes, and without what closes a group that was opened before; the brace of a placeholder is its own. */
function bareValue(text: string): string {
  const inner = holdsNoValue(text) ? text : withoutClosers(text)
  const whole = holdsNoValue(`${inner}}`) ? `${inner}}` : inner
  return whole.replace(/^(["'])(.*)\1$/, '$2')
}

/** By hand: a regular expression that looks for the end tries again at every bracket on the way. */
function withoutClosers(text: string): string {
  let end = text.length
  while (end > 0 && /[\s,}\]]/.test(text.charAt(end - 1))) end -= 1
  return text.slice(0, end)
}
