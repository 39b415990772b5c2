import { isDeepStrictEqual } from 'node:util'
import { isMap, isScalar, isSeq } from 'yaml'
import type { Scalar } from 'yaml'
import { CaravanError } from '../core/errors.ts'
import { parseConfig } from './document.ts'
import { type Path, pathText } from './faults.ts'
import { valueAt, withValue } from './issues.ts'
import { applyAll, commentsOf, withoutMark } from './mask.ts'
import { mask, maskAddresses } from './mask-text.ts'
import { eachChild } from './tree.ts'

export type Filled = {
  text: string
  /** Fields whose value nobody knows any more. */
  missing: string[]
  /** Lines of comments that stay masked. */
  maskedComments: number
}

/**
 * Gives a masked file its values back, as far as the present file holds one at the same path; `present` is that file as
 * it is and masked, undefined when it cannot be read.
 */
export function fillMasked(
  text: string,
  present: { text: string; masked: string } | undefined,
): Filled {
  const body = withoutMark(text)
  const { document, tree } = parseConfig(body, 'the version')
  const now = present && parseConfig(withoutMark(present.text), 'the file')
  const open: Open[] = []
  collectMasked(document.contents, [], open)
  const missing: string[] = []
  const known = open.flatMap(({ path, node }) => {
    const source = now && scalarAt(now.document.contents, path)
    const value = valueAt(now?.tree, path)
    if (source && isSameMasked(value, String(node.value))) return [{ path, node, source, value }]
    missing.push(pathText(path))
    return []
  })
  const comments = commentSplices(body, present)
  const wanted = known.reduce((before, { path, value }) => withValue(before, path, value), tree)
  const mark = text.slice(0, text.length - body.length)
  // As the present file writes it, so that the same file comes back byte by byte; else in a form that fits anywhere.
  for (const isVerbatim of [true, false]) {
    const splices = known.map(({ node, source, value }) => {
      const [start = 0, end = 0] = node.range ?? []
      const verbatim = inlineSource(withoutMark(present?.text ?? ''), source)
      return { start, end, text: (isVerbatim && verbatim) || JSON.stringify(value) }
    })
    const filled = applyAll(body, [...splices, ...comments.splices])
    if (readsAs(filled, wanted))
      return { text: mark + filled, missing, maskedComments: comments.left }
  }
  throw new CaravanError({
    code: 'config_uneditable',
    message: 'the values of this version that were masked cannot be put back into its text',
    hint: 'See it with "caravan config diff" and change the file by hand.',
  })
}

type Open = { path: Path; node: Scalar }

function collectMasked(node: unknown, path: Path, found: Open[]): void {
  if (isMap(node)) {
    for (const { key, value } of node.items)
      collectMasked(value, [...path, String(isScalar(key) ? key.value : key)], found)
  } else if (isSeq(node)) {
    node.items.forEach((item, index) => collectMasked(item, [...path, index], found))
  } else if (isScalar(node) && typeof node.value === 'string') {
    if (isMasked(node.value)) found.push({ path, node })
  }
}

const isMasked = (text: string): boolean =>
  text === mask || /(?::\/\/[^\s/:@]*:|=)\*\*\*/.test(text)

/** Where values were taken out of a masked tree, as `services.haier.config.password`. */
export function maskedPaths(tree: unknown): string[] {
  const found: string[] = []
  const look = (node: unknown, path: Path): void => {
    if (typeof node !== 'string') return eachChild(node, path, look)
    if (isMasked(node)) found.push(pathText(path))
  }
  look(tree, [])
  return found
}

function scalarAt(root: unknown, path: Path): Scalar | undefined {
  let node = root
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === String(step))
      node = pair?.value
    } else node = isSeq(node) ? node.items[Number(step)] : undefined
  }
  return isScalar(node) ? node : undefined
}

/** Whether this value, masked, is what the version has. */
function isSameMasked(value: unknown, masked: string): boolean {
  if (value === null || value === undefined || value === mask || value === '') return false
  return masked === mask || (typeof value === 'string' && maskAddresses(value) === masked)
}

function inlineSource(text: string, { range, type }: Scalar): string | undefined {
  if (!range || type === 'BLOCK_LITERAL' || type === 'BLOCK_FOLDED') return undefined
  const source = text.slice(range[0], range[1])
  return source.includes('\n') ? undefined : source
}

function commentSplices(body: string, present: { text: string; masked: string } | undefined) {
  const originals = present ? commentsOf(withoutMark(present.text)) : []
  const masked = present ? commentsOf(withoutMark(present.masked)) : []
  const open = commentsOf(body).filter(({ source }) => source.includes(mask))
  const known = Map.groupBy(
    originals.length === masked.length ? originals.keys() : [],
    (index) => masked[index]?.source,
  )
  const wanted = Map.groupBy(open, ({ source }) => source)
  // Lines that look the same are told apart by their order, as long as there are as many of them.
  const splices = [...wanted].flatMap(([source, places]) => {
    const texts = known.get(source) ?? []
    if (texts.length !== places.length) return []
    return places.map(({ start }, nth) => ({
      start,
      end: start + source.length,
      text: originals[texts[nth] ?? 0]?.source ?? source,
    }))
  })
  return { splices, left: open.length - splices.length }
}

function readsAs(text: string, wanted: unknown): boolean {
  try {
    return isDeepStrictEqual(parseConfig(text, 'the file').tree, wanted)
  } catch {
    return false
  }
}
