/** How many characters (code points) a text has; that is how XML schemas count. */
export function countCharacters(text: string): number {
  let count = text.length
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    if (unit >= 0xd800 && unit <= 0xdbff) count -= 1
  }
  return count
}

/**
 * The beginning of a text, at most `max` code points: never in the middle of a letter with its marks, of an HTML tag
 * or of a character reference, and after a whole word when there is one near the end.
 */
export function cutText(text: string, max: number): string {
  let kept = Array.from(text.slice(0, max * 2))
    .slice(0, max)
    .join('')
  if (kept.length >= text.length) return text
  const rest = String.fromCodePoint(text.codePointAt(kept.length) ?? 0x20)
  if (/[\p{M}\p{EMod}\u200d]/u.test(rest) || kept.endsWith('\u200d')) kept = dropLastLetter(kept)
  kept = dropUnclosed(dropUnclosed(kept, '<', '>'), '&', ';')
  const word = kept.search(/\s\S*$/u)
  const isInsideWord = !/\s/u.test(rest)
  const near = Math.max(kept.length - 40, kept.length / 2)
  return (isInsideWord && word >= near ? kept.slice(0, word) : kept).trimEnd()
}

function dropLastLetter(text: string): string {
  const tail = text.slice(-64)
  const last = [...new Intl.Segmenter('ru').segment(tail)].at(-1)?.segment ?? ''
  return text.slice(0, text.length - last.length)
}

/** A tag longer than this is no tag, and a reference such as `&nbsp;` is short. */
const longest: Readonly<Record<string, number>> = { '<': 1000, '&': 12 }

function dropUnclosed(text: string, opens: string, closes: string): string {
  const start = text.lastIndexOf(opens)
  const isMarkup = start > 0 && /[\p{L}/#!]/u.test(text.charAt(start + 1) || '/')
  const tail = text.slice(start)
  const isOpen = !tail.includes(closes) && tail.length <= (longest[opens] ?? 0)
  const isReference = opens !== '&' || !/\s/u.test(tail)
  return isMarkup && isOpen && isReference ? text.slice(0, start) : text
}
