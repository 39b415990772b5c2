import { isName } from './xml-characters.ts'

/**
 * What may stand between tags besides text: its kind, what is in it, how long its opening is, and the index
 * behind it all.
 */
export type Markup = {
  kind: 'comment' | 'cdata' | 'instruction'
  body: string
  begin: number
  end: number
}

/** Reads `<!…` or `<?…`. Undefined when it is neither of what XML knows. */
export function markupAt(text: string, at: number): Markup | 'doctype' | 'incomplete' | undefined {
  if (text.startsWith('<?', at)) return between(text, at, 'instruction', '<?', '?>')
  if (text.startsWith('<!--', at)) return between(text, at, 'comment', '<!--', '-->')
  if (text.startsWith('<![CDATA[', at)) return between(text, at, 'cdata', '<![CDATA[', ']]>')
  const head = text.slice(at, at + 9)
  if (head === '<!DOCTYPE') return 'doctype'
  return ['<!--', '<![CDATA[', '<!DOCTYPE'].some((whole) => whole.startsWith(head))
    ? 'incomplete'
    : undefined
}

function between(
  text: string,
  at: number,
  kind: Markup['kind'],
  begin: string,
  end: string,
): Markup | 'incomplete' {
  const from = at + begin.length
  const to = text.indexOf(end, from)
  return to < 0
    ? 'incomplete'
    : { kind, body: text.slice(from, to), begin: begin.length, end: to + end.length }
}

/** What is wrong with the inside of a comment; undefined when nothing is. */
export const checkComment = (body: string): string | undefined =>
  body.includes('--') || body.endsWith('-') ? '"--" within a comment' : undefined

const declaration =
  /^xml\s+version\s*=\s*(?:"1\.\d+"|'1\.\d+')(?:\s+encoding\s*=\s*(?:"[A-Za-z][\w.-]*"|'[A-Za-z][\w.-]*'))?(?:\s+standalone\s*=\s*(?:"(?:yes|no)"|'(?:yes|no)'))?\s*$/

/** What is wrong with a processing instruction or the XML declaration; undefined when nothing is. */
export function checkInstruction(body: string, isAtStart: boolean): string | undefined {
  const target = /^[^ \t\r\n]*/.exec(body)?.[0] ?? ''
  if (target.toLowerCase() === 'xml') {
    if (!isAtStart) return 'the XML declaration does not stand at the very beginning of the file'
    return declaration.test(body) ? undefined : 'the XML declaration is not well-formed'
  }
  return isName(target) ? undefined : 'a processing instruction without a name'
}
