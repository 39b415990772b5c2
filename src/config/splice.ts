import { isCollection, isMap, isScalar } from 'yaml'
import type { Node, Pair, ParsedNode, Scalar, YAMLMap } from 'yaml'
import { CaravanError } from '../core/errors.ts'
import { blockLines, blockScalar, flowPair, flowValue } from './yaml-text.ts'
import type { Style } from './yaml-text.ts'

/** A cut in a text: what stands from `start` to `end` is replaced. */
export type Splice = { start: number; end: number; text: string }

export type MapPair = Pair<ParsedNode, ParsedNode | null>
export type MapNode = YAMLMap<ParsedNode, ParsedNode | null>

export const applySplice = (text: string, { start, end, text: inserted }: Splice): string =>
  text.slice(0, start) + inserted + text.slice(end)

/** Puts one more entry behind the last of a map that has one; `column` is where its keys stand. */
export function appendToBlock(
  text: string,
  map: MapNode,
  key: string,
  value: unknown,
  style: Style,
): Splice {
  const last = map.items.at(-1)!
  const column = columnOf(text, startOf(last))
  const at = skipDeeperComments(text, lineEndAfter(text, endOf(last)), column)
  return insertLines(text, at, indented(blockLines(key, value, style), column), style)
}

/** Puts entries below `parent:`, before the comments that stand there; `{}` or a scalar behind the key goes away. */
export function openBlock(
  text: string,
  parent: MapPair,
  entries: Record<string, unknown>,
  style: Style,
): Splice {
  const column = columnOf(text, startOf(parent)) + style.indent
  const start = colonOf(parent) + 1
  const valueEnd = parent.value && !isEmpty(parent.value) ? parent.value.range[1] : start
  const end = lineEndAfter(text, valueEnd)
  const blocks = Object.entries(entries).flatMap(([key, value]) => blockLines(key, value, style))
  const { text: lines } = insertLines(text, end, indented(blocks, column), style)
  return { start, end, text: text.slice(valueEnd, end) + lines }
}

/** Puts an entry into `{ … }`, behind the last one. */
export function appendToFlow(text: string, map: MapNode, key: string, value: unknown): Splice {
  const last = map.items.at(-1)
  const pair = flowPair(key, value)
  const [start, close] = [map.range![0], map.range![1] - 1]
  if (!last) return { start: start + 1, end: close, text: ` ${pair} ` }
  const end = endOf(last)
  const needsComma = !hasColon(last) || /[^\s]$/.test(text.slice(0, end))
  return { start: end, end, text: needsComma ? `, ${pair}` : pair }
}

/** Takes an entry out of `{ … }` with its comma. */
export function removeFromFlow(map: MapNode, pair: MapPair): Splice {
  const index = map.items.indexOf(pair)
  const next = map.items[index + 1]
  const previous = map.items[index - 1]
  if (next) return { start: startOf(pair), end: startOf(next), text: '' }
  if (previous) return { start: endOf(previous), end: endOf(pair), text: '' }
  return { start: map.range![0] + 1, end: map.range![1] - 1, text: '' }
}

/** Takes the lines of an entry out; `greedy` takes the comments and blank lines behind it as well. */
export function removeFromBlock(text: string, pair: MapPair, greedy: boolean): Splice {
  const start = lineStart(text, startOf(pair))
  let end = lineEndAfter(text, endOf(pair))
  if (greedy) end = skipCommentsAndBlanks(text, end)
  // A file whose last line has no line end keeps that property.
  const isCutAtEnd = end === text.length && !text.endsWith('\n')
  return { start: isCutAtEnd ? withoutLineEnd(text, start) : start, end, text: '' }
}

/** Puts a scalar or a one-line collection where another value stands on its own lines or behind its key. */
export function replaceValue(
  text: string,
  pair: MapPair,
  value: unknown,
  inFlow: boolean,
): Splice | undefined {
  const old = pair.value
  const isCompound = typeof value === 'object' && value !== null
  const written = (source: string) =>
    inFlow || isCompound ? flowLike(value, source) : blockScalar(value, source)
  if (!old || isEmpty(old)) {
    if (!hasColon(pair)) return undefined
    return { start: colonOf(pair) + 1, end: colonOf(pair) + 1, text: ` ${written('')}` }
  }
  if (!isInline(old)) return undefined
  const [start, end] = old.range!
  return { start, end, text: written(text.slice(start, end)) }
}

/** Puts an entry in the place of another, as whole lines. */
export function replaceLines(
  text: string,
  pair: MapPair,
  key: string,
  value: unknown,
  style: Style,
): Splice {
  const from = startOf(pair)
  const start = lineStart(text, from)
  const end = lineEndAfter(text, endOf(pair))
  const lines = indented(blockLines(key, value, style), columnOf(text, from))
  const isCutAtEnd = end === text.length && !text.endsWith('\n')
  return { start, end, text: lines.join(style.eol) + (isCutAtEnd ? '' : style.eol) }
}

export const isFlow = (node: unknown): boolean => isCollection(node) && node.flow === true

/** A value that may share the line of its key. */
export const isInline = (node: Node): boolean =>
  isScalar(node) ? !isBlockScalar(node) : isFlow(node)

/** `key:` with nothing behind it. */
export const isEmpty = (node: Node | null): boolean =>
  node === null || (isScalar(node) && node.range![0] === node.range![1])

/** Fails when an entry shares its first line with something else, as in `- key: value` or `? key`. */
export function requireOwnLine(text: string, pair: MapPair): void {
  const from = startOf(pair)
  if (text.slice(lineStart(text, from), from).trim() === '') return
  throw new CaravanError({
    code: 'config_uneditable',
    message: 'this part of the file is written in a way that cannot be edited by a command',
    hint: 'Change it by hand, then run "caravan config check".',
  })
}

const flowLike = (value: unknown, source: string): string =>
  typeof value === 'string' && /^["']/.test(source) ? blockScalar(value, source) : flowValue(value)

const isBlockScalar = (node: Scalar): boolean =>
  node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED'

const startOf = (pair: MapPair): number => pair.key.range[0]

const colonToken = (pair: MapPair) =>
  pair.srcToken?.sep?.find(({ type }) => type === 'map-value-ind')

const hasColon = (pair: MapPair): boolean => colonToken(pair) !== undefined

const colonOf = (pair: MapPair): number => colonToken(pair)?.offset ?? pair.key.range[1]

/** Where the content of an entry ends; comments and blank lines behind it are not content. */
function endOf(pair: MapPair): number {
  const { value } = pair
  if (!value || isEmpty(value)) return hasColon(pair) ? colonOf(pair) + 1 : pair.key.range[1]
  return endOfNode(value)
}

function endOfNode(node: Node): number {
  if (isCollection(node) && !node.flow) {
    const last = node.items.at(-1)
    if (isMap(node)) return endOf(last as MapPair)
    if (last && !isEmpty(last as Node)) return endOfNode(last as Node)
  }
  return node.range![1]
}

const lineStart = (text: string, offset: number): number => text.lastIndexOf('\n', offset - 1) + 1

/** The start of the line behind the one on which content ends. A block scalar ends at a line start already. */
function lineEndAfter(text: string, offset: number): number {
  if (offset > 0 && text[offset - 1] === '\n') {
    let end = offset
    for (;;) {
      const previous = lineStart(text, end - 1)
      if (previous === end || text.slice(previous, end).trim() !== '' || previous === 0) return end
      end = previous
    }
  }
  const newline = text.indexOf('\n', offset)
  return newline < 0 ? text.length : newline + 1
}

/** Passes comments that directly follow and stand deeper than `column`: they speak of the entry above them. */
function skipDeeperComments(text: string, offset: number, column: number): number {
  let at = offset
  for (;;) {
    const line = /^( *)#.*(?:\n|$)/.exec(text.slice(at, lineEndAfter(text, at) || at))
    if (!line || line[1]!.length <= column) return at
    at += line[0].length
  }
}

function skipCommentsAndBlanks(text: string, offset: number): number {
  let at = offset
  while (at < text.length) {
    const newline = text.indexOf('\n', at)
    const end = newline < 0 ? text.length : newline + 1
    if (!/^\s*(?:#.*)?$/.test(text.slice(at, end).trimEnd())) return at
    at = end
  }
  return at
}

const columnOf = (text: string, offset: number): number => offset - lineStart(text, offset)

const indented = (lines: string[], column: number): string[] =>
  lines.map((line) => (line ? ' '.repeat(column) + line : line))

export function insertLines(text: string, at: number, lines: string[], { eol }: Style): Splice {
  const body = lines.join(eol)
  if (at === 0 || text[at - 1] === '\n') return { start: at, end: at, text: body + eol }
  // The last line has no line end: what is put behind it has none either.
  return { start: at, end: at, text: eol + body }
}

function withoutLineEnd(text: string, offset: number): number {
  if (text[offset - 1] !== '\n') return offset
  return text[offset - 2] === '\r' ? offset - 2 : offset - 1
}
