import {
  LineCounter,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  parseDocument,
  visit,
} from 'yaml'
import type { Document, Node, ParsedNode, YAMLMap } from 'yaml'
import { CaravanError } from '../core/errors.ts'
import { formatFaults } from './faults.ts'
import type { ConfigFault, Path } from './faults.ts'

/** One megabyte: a file with a thousand services is a tenth of it. */
export const maxConfigBytes = 1_000_000

/** Deeper than any schema; far below where the parser's recursion would end. */
const maxDepth = 50

export type Place = { line: number; column: number }

export type ParsedConfig = {
  document: Document.Parsed<ParsedNode>
  /** Plain objects, arrays and scalars, placeholders as written. Keys are always text. */
  tree: unknown
  lines: LineCounter
}

/** The text of the file. A UTF-8 byte order mark is kept, so that an edit gives the same bytes back. */
export function decodeConfig(bytes: Uint8Array, file: string): string {
  if (bytes.length > maxConfigBytes) {
    throw unreadable(`${file} is larger than 1 MB (${bytes.length} bytes)`, 'Is it the right file?')
  }
  const isUtf16 =
    (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
  if (isUtf16) throw unreadable(`${file} is UTF-16 text`, 'Save it as UTF-8.')
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    const line = lineOfBadByte(bytes)
    throw unreadable(`${file} is not valid UTF-8 (line ${line})`, 'Save it as UTF-8.')
  }
}

/**
 * Parses the text strictly: what YAML allows and an operator would trip over (duplicate keys, anchors, tags, several
 * documents) is a fault. Throws `config_unreadable` with every fault found.
 */
export function parseConfig(text: string, file: string): ParsedConfig {
  const lines = new LineCounter()
  const faults: ConfigFault[] = []
  const addFault = (offset: number, message: string, hint?: string) => {
    const { line, col } = lines.linePos(offset)
    faults.push({
      path: [],
      line: Math.max(1, line),
      column: Math.max(1, col),
      message,
      hint,
      kind: 'invalid',
    })
  }
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  const control = text.search(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/)
  if (control >= 0) {
    const line = text.slice(0, control).split('\n').length
    throw unreadable(`${file} holds a control character (line ${line})`, 'Is it a text file?')
  }
  if (/(?:[[{-]\s*){200}/.test(text.slice(0, maxConfigBytes).replace(/-{3,}/g, ''))) {
    throw unreadable(`${file} is nested deeper than ${maxDepth} levels`)
  }

  let document: Document.Parsed<ParsedNode>
  try {
    document = parseDocument(text, {
      keepSourceTokens: true,
      lineCounter: lines,
      logLevel: 'error', // "silent" would also take a second document without a word
      prettyErrors: false,
      stringKeys: true,
      // The parser's own check is quadratic: 60 000 keys took it a minute. Ours is below.
      uniqueKeys: false,
    })
  } catch (error) {
    throw unreadable(`${file} cannot be read as YAML`, undefined, error)
  }
  for (const { pos, code, message } of document.errors) {
    addFault(pos[0], plainMessages[code] ?? plainWords(message))
  }
  if (!faults.length) findForbidden(document, addFault)
  if (faults.length) {
    const shown = formatFaults(file, faults.slice(0, 20))
    throw unreadable(`${file} cannot be read as YAML:\n${shown}`)
  }
  return { document, tree: document.toJS() ?? {}, lines }
}

/**
 * Where a path stands: its key, or its value when `part` says so. What is not in the file is shown at the nearest
 * parent that is.
 */
export function placeOf(
  { document, lines }: ParsedConfig,
  path: Path,
  part: 'key' | 'value',
): Place {
  let offset = 0
  let node: unknown = document.contents
  for (const [index, step] of path.entries()) {
    const isLast = index === path.length - 1
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === String(step))
      if (!pair) break
      offset = startOf(pair.key) ?? offset
      if (isLast && part === 'value') offset = startOf(pair.value, true) ?? offset
      node = pair.value
    } else {
      const item = document.getIn(path.slice(0, index + 1), true)
      offset = startOf(item) ?? offset
      node = item
    }
  }
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(1, line), column: Math.max(1, col) }
}

/** Undefined for what has no place of its own, such as the value of `key:`. */
function startOf(node: unknown, mustShow = false): number | undefined {
  if (typeof node !== 'object' || node === null) return undefined
  const range = (node as Node).range
  if (!range || (mustShow && range[0] === range[1])) return undefined
  return range[0]
}

const plainMessages: Record<string, string> = {
  TAB_AS_INDENT: 'a tab stands where spaces must indent',
  NON_STRING_KEY: 'a key must be plain text',
  MULTIPLE_DOCS: 'the file holds several documents; it must be one',
}

/** The parser's own words, but for those that puzzle an operator most. */
function plainWords(message: string): string {
  if (message.startsWith('Missing closing')) return 'a quote is opened above and not closed'
  if (/and end with a [\]}]$/.test(message)) {
    return 'a bracket is opened above and not closed, or what is inside is not indented'
  }
  return message
}

type AddFault = (offset: number, message: string, hint?: string) => void

function findForbidden(document: Document.Parsed, addFault: AddFault): void {
  visit(document, (_, node, ancestors) => {
    if (!isNode(node)) return undefined
    const start = node.range?.[0] ?? 0
    if (isAlias(node)) {
      addFault(start, 'aliases (*name) are not supported', 'Write the value out.')
      return undefined
    }
    if (node.anchor) addFault(start, 'anchors (&name) are not supported')
    if (node.tag) addFault(start, 'tags (!name) are not supported', 'Remove the tag.')
    if (isMap(node)) findTwins(node, addFault)
    if (ancestors.filter((ancestor) => isCollection(ancestor)).length > maxDepth) {
      addFault(start, `nested deeper than ${maxDepth} levels`)
      return visit.BREAK
    }
    return undefined
  })
}

function findTwins(map: YAMLMap, addFault: AddFault): void {
  const seen = new Set<unknown>()
  for (const { key } of map.items) {
    if (!isScalar(key)) continue
    const start = key.range?.[0] ?? 0
    if (seen.has(key.value)) addFault(start, `the key ${String(key.value)} stands here twice`)
    if (key.value === '__proto__') addFault(start, 'the key __proto__ is not allowed')
    seen.add(key.value)
  }
}

function lineOfBadByte(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let line = 1
  let start = 0
  while (start < bytes.length) {
    const newline = bytes.indexOf(0x0a, start)
    const end = newline < 0 ? bytes.length : newline + 1
    try {
      decoder.decode(bytes.subarray(start, end))
    } catch {
      return line
    }
    line += 1
    start = end
  }
  return line
}

const unreadable = (message: string, hint?: string, cause?: unknown): CaravanError =>
  new CaravanError({ code: 'config_unreadable', message, hint, cause })
