/** A line of a diff: only in the older text, only in the newer, or in both. */
export type DiffLine = { sign: '-' | '+' | ' '; text: string }

/** A table larger than this is not made: 3000 by 3000 changed lines, 36 MB. */
const maxCells = 9_000_000

/** The lines of two texts side by side, by their longest common part. */
export function diffLines(before: string, after: string): DiffLine[] {
  const isCrLf = [before, after].every((text) => text.includes('\r\n'))
  const [a, b] = [linesOf(before, isCrLf), linesOf(after, isCrLf)]
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1
  let end = 0
  while (
    end < a.length - start &&
    end < b.length - start &&
    a[a.length - 1 - end] === b[b.length - 1 - end]
  )
    end += 1
  const same = (lines: string[]): DiffLine[] => lines.map((text) => ({ sign: ' ', text }))
  return [
    ...same(a.slice(0, start)),
    ...middle(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...same(a.slice(a.length - end)),
  ]
}

/** Without a last line end the last line is another one, and so is each whose line end changed its kind. */
function linesOf(text: string, isCrLf: boolean): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  else lines.push('\\ No line end at the end of the file')
  return text === '' ? [] : lines.map((line) => line.replace(/\r$/, isCrLf ? '' : '\\r'))
}

function middle(a: readonly string[], b: readonly string[]): DiffLine[] {
  const removed = (text: string): DiffLine => ({ sign: '-', text })
  const added = (text: string): DiffLine => ({ sign: '+', text })
  if (a.length * b.length > maxCells) return [...a.map(removed), ...b.map(added)]
  const width = b.length + 1
  const lengths = new Uint32Array((a.length + 1) * width)
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const result: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    const [old, now] = [a[i], b[j]]
    if (old !== undefined && old === now) {
      result.push({ sign: ' ', text: old })
      i += 1
      j += 1
    } else if (old !== undefined && (now === undefined || at(i + 1, j) >= at(i, j + 1))) {
      result.push(removed(old))
      i += 1
    } else if (now !== undefined) {
      result.push(added(now))
      j += 1
    }
  }
  return result
}

const contextLines = 3

/** The changed parts with three lines around each, as `diff -u` shows them; empty when nothing differs. */
export function unifiedDiff(before: string, after: string): string[] {
  const lines = diffLines(before, after)
  const near = new Set<number>()
  lines.forEach(({ sign }, index) => {
    if (sign === ' ') return
    for (let at = index - contextLines; at <= index + contextLines; at++) near.add(at)
  })
  const result: string[] = []
  let [oldLine, newLine] = [1, 1]
  for (let index = 0; index < lines.length;) {
    if (!near.has(index)) {
      oldLine += 1
      newLine += 1
      index += 1
      continue
    }
    let end = index
    while (end < lines.length && near.has(end)) end += 1
    const hunk = lines.slice(index, end)
    const [olds, news] = [
      hunk.filter(({ sign }) => sign !== '+'),
      hunk.filter(({ sign }) => sign !== '-'),
    ]
    result.push(
      `@@ -${rangeOf(oldLine, olds.length)} +${rangeOf(newLine, news.length)} @@`,
      ...hunk.map(({ sign, text }) => sign + text),
    )
    oldLine += olds.length
    newLine += news.length
    index = end
  }
  return result
}

/** As `diff -u` counts: nothing at all stands behind the line before. */
const rangeOf = (line: number, count: number): string =>
  count === 1 ? String(line) : `${count === 0 ? line - 1 : line},${count}`
