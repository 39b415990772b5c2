import { parsePlaceholders } from './placeholders.ts'

/** Stands in the place of every value that is not kept. */
export const mask = '***'

/** Whether a text is made of placeholders alone, none of them with a default: then it holds no value itself. */
export function holdsNoValue(text: string): boolean {
  const parts = parsePlaceholders(text)
  if (typeof parts === 'string') return false
  return parts.every((part) => part.type !== 'text' && !(part.type === 'env' && part.fallback))
}

const userInfo = /([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:)([^\s/@]+)(?=@)/gi
const secretParameter =
  /([?&](?:access_?token|token|api_?key|key|secret|password|sign?(?:ature)?)=)([^&\s#"']+)/gi

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
 * Masks lines of which it is not known what they are: comments, or a file that is no YAML. What stands behind a key with
 * a secret's name is masked to the end of the line, together with the deeper lines that follow. `prefix` is what stands
 * before the text of each line, such as `# `.
 */
export function maskLines(lines: readonly string[], judge: Judge, prefix = /^/): string[] {
  let openAt: number | undefined
  return lines.map((line) => {
    const start = prefix.exec(line)?.[0].length ?? 0
    const body = line.slice(start)
    const indent = body.length - body.trimStart().length
    if (openAt !== undefined && body.trim() !== '' && indent > openAt)
      return line.slice(0, start) + ' '.repeat(indent) + mask
    if (body.trim() !== '') openAt = undefined
    const [shown, isOpen] = maskPairs(body, judge)
    if (isOpen) openAt = indent
    return line.slice(0, start) + maskAddresses(shown)
  })
}

/** Several pairs may stand on one line: the first secret key decides. `isOpen`: its value may go on below. */
function maskPairs(body: string, judge: Judge): [string, boolean] {
  const keys = body.matchAll(/(?<!\$\{\w*)(["']?)([\p{L}\p{N}_.-]+)\1\s*[:=]/gu)
  for (const found of keys) {
    const verdict = judge(found[2] ?? '')
    if (verdict === 'open') continue
    const at = found.index + found[0].length
    const value = body.slice(at)
    const shown = bareValue(value.trim())
    // Of a name nobody knows, a group inside is judged by its own keys: it may be a service.
    if (verdict === 'unknown' && /^(?:$|\{|#|\/\/)/.test(shown)) continue
    if (shown === '' || /^[|>][-+\d]*$/.test(shown)) return [body, true]
    if (holdsNoValue(shown)) continue
    const space = /^\s*/.exec(value)?.[0] ?? ''
    return [body.slice(0, at) + space + mask, true]
  }
  return [body, false]
}

/** Without quotes, and without what closes a group that was opened before; the brace of a placeholder is its own. */
function bareValue(text: string): string {
  const inner = holdsNoValue(text) ? text : text.replace(/[\s,}\]]+$/, '')
  const whole = holdsNoValue(`${inner}}`) ? `${inner}}` : inner
  return whole.replace(/^(["'])(.*)\1$/, '$2')
}
