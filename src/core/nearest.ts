/** The word that was probably meant. Every list of names and words is searched by the same rule. */
import { distance } from 'fastest-levenshtein'

/** The known word closest to what was written, whatever its case; undefined when none is close. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const written = word.toLowerCase()
  const mayDiffer = Math.max(2, Math.floor(written.length / 3))
  const close = [...known]
    .map((candidate) => ({ candidate, steps: stepsBetween(written, candidate.toLowerCase()) }))
    .filter(({ candidate, steps }) => {
      const longer = Math.max(written.length, candidate.length)
      return steps <= mayDiffer && (longer - steps) / longer > 0.4
    })
    .toSorted((a, b) => a.steps - b.steps)
  return close[0]?.candidate
}

/** A hint that begins with the word that was probably meant, when one is known: `Did you mean list? …`. */
export const propose = (meant: string | undefined, rest: string): string =>
  meant === undefined ? rest : `Did you mean ${meant}? ${rest}`

/** Letters to add, take away or change. Two that changed places count as one, and so does an end that was left out. */
function stepsBetween(written: string, known: string): number {
  if (written.length >= 3 && known.startsWith(written))
    return Math.min(1, known.length - written.length)
  let fewest = distance(written, known)
  for (let at = 1; at < written.length && fewest > 1; at++) {
    const swapped = `${written.slice(0, at - 1)}${written[at]}${written[at - 1]}${written.slice(at + 1)}`
    fewest = Math.min(fewest, 1 + distance(swapped, known))
  }
  return fewest
}

/**
 * The one id that begins almost as what was written; undefined when there is none, or more than one. Ids are ULIDs: they
 * have no I, L, O and U, which people read into them.
 */
export function nearestId(written: string, ids: Iterable<string>): string | undefined {
  const start = written
    .trim()
    .toUpperCase()
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1')
    .replaceAll('U', 'V')
  if (start.length < 6) return undefined
  const close = [...ids]
    .map((id) => ({ id, steps: stepsBetween(start, id.slice(0, start.length)) }))
    .filter(({ steps }) => steps <= 2)
    .toSorted((a, b) => a.steps - b.steps)
  const [first, second] = close
  return first && first.steps < (second?.steps ?? Infinity) ? first.id : undefined
}
