import measure from 'fast-string-truncated-width'

/**
 * Breaks a text into lines of at most `width` columns, between words where it can; a word longer than a line stays
 * whole, so that an address or an id can be copied. Line breaks in the text stay. What is broken off stands as far in as
 * its line, or behind `hanging`.
 */
export function wrap(text: string, width: number, hanging?: string): string[] {
  return text.split('\n').flatMap((line) => wrapLine(line, Math.max(20, width), hanging))
}

function wrapLine(line: string, width: number, hanging?: string): string[] {
  if (columnsOf(line) <= width) return [line]
  const first = /^\s*/.exec(line)?.[0] ?? ''
  const indent = hanging ?? first
  const lines: string[] = []
  let current = ''
  for (const word of line.trim().split(/ +/)) {
    const longer = current === '' ? first + word : `${current} ${word}`
    if (current !== '' && columnsOf(longer) > width) {
      lines.push(current)
      current = indent + word
    } else current = longer
  }
  return [...lines, current]
}

const columnsOf = (text: string): number => measure(text).width
