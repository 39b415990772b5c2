import { isDeepStrictEqual } from 'node:util'
import { isMap, isScalar } from 'yaml'
import { CaravanError } from '../core/errors.ts'
import { parseConfig } from './document.ts'
import type { Path } from './faults.ts'
import { valueAt } from './issues.ts'
import {
  appendToBlock,
  appendToFlow,
  applySplice,
  insertLines,
  isFlow,
  isInline,
  openBlock,
  removeFromBlock,
  removeFromFlow,
  replaceLines,
  replaceValue,
  requireOwnLine,
} from './splice.ts'
import type { MapNode, MapPair, Splice } from './splice.ts'
import { isGroup } from './tree.ts'
import { blockLines } from './yaml-text.ts'
import type { Style } from './yaml-text.ts'

/*
 * Edits of integrations.yaml as text. Only the lines of the edited entry change; every other byte stays: comments,
 * blank lines, order, quotes, indentation, line ends, byte order mark, a missing last line end. Each edit is read
 * back, and one that would change anything else is refused (`config_uneditable`), never written.
 *
 * Adding an entry and removing it again gives the same bytes when its section had another entry or was a bare
 * `services:`. A section written as `services: {}` or not at all is left as a bare `services:`.
 */

/** Adds a service behind the others. Throws `service_exists`. */
export function addService(text: string, name: string, service: Record<string, unknown>): string {
  if (valueAt(treeOf(text), ['services', name]) !== undefined) {
    throw new CaravanError({
      code: 'service_exists',
      message: `there is a service named ${name} already`,
      hint: `Choose another name, or remove it first: caravan remove ${name}`,
    })
  }
  return setIn(text, ['services', name], service)
}

/** Removes a service with the comments inside it; those above and below it stay. Throws `service_unknown`. */
export function removeService(text: string, name: string): string {
  if (valueAt(treeOf(text), ['services', name]) === undefined) {
    throw new CaravanError({
      code: 'service_unknown',
      message: `there is no service named ${name}`,
      see: 'caravan list',
    })
  }
  return deleteIn(text, ['services', name])
}

/**
 * Sets one value. A map is merged key by key, so that what stays the same keeps its comments; a list is written anew
 * as a whole. Missing parents are made. The same value again gives the same text.
 */
export function setIn(text: string, path: Path, value: unknown): string {
  const [mapPath, whole] = liftLists(treeOf(text), path, withoutUndefined(value))
  const current = valueAt(treeOf(text), mapPath)
  if (current !== undefined && isDeepStrictEqual(current, whole)) return text
  if (
    isGroup(current) &&
    isGroup(whole) &&
    Object.keys(current).length &&
    Object.keys(whole).length
  ) {
    let merged = text
    for (const [key, item] of Object.entries(whole)) merged = setIn(merged, [...mapPath, key], item)
    for (const key of Object.keys(current)) {
      if (!Object.hasOwn(whole, key)) merged = deleteIn(merged, [...mapPath, key])
    }
    return merged
  }
  const expected = withEntry(treeOf(text), mapPath, whole)
  return verified(text, expected, [(body) => setSplice(body, mapPath, whole)])
}

/** Removes one entry; a missing one changes nothing. The last entry of a section leaves its bare key, a deeper one `{}`. */
export function deleteIn(text: string, path: Path): string {
  const tree = treeOf(text)
  if (valueAt(tree, path) === undefined) return text
  const parentPath = path.slice(0, -1)
  const parent = valueAt(tree, parentPath)
  if (Array.isArray(parent)) {
    const index = Number(path.at(-1))
    return setIn(text, parentPath, parent.toSpliced(index, 1))
  }
  if (path.some((step) => typeof step === 'number')) {
    const list = path.slice(
      0,
      path.findIndex((step) => typeof step === 'number'),
    )
    return setIn(text, list, valueAt(withoutEntry(tree, path), list))
  }
  const isLast = isGroup(parent) && Object.keys(parent).length === 1
  if (isLast && path.length > 2) return setIn(text, parentPath, {})
  const expected = withoutEntry(tree, path)
  return verified(text, expected, [
    (body) => deleteSplice(body, path, false),
    (body) => deleteSplice(body, path, true),
  ])
}

const bom = '\uFEFF'

const treeOf = (text: string): unknown => parseConfig(text, 'the file').tree

/** Tries the ways in turn and returns the first whose result reads as exactly what was wanted. */
function verified(text: string, expected: unknown, ways: ((body: string) => Splice)[]): string {
  const mark = text.startsWith(bom) ? bom : ''
  const body = text.slice(mark.length)
  for (const way of ways) {
    const edited = mark + applySplice(body, way(body))
    if (readsAs(edited, expected)) return edited
  }
  throw new CaravanError({
    code: 'config_uneditable',
    message:
      'the change cannot be made without touching other parts of the file; nothing was changed',
    hint: 'Change it by hand, then run "caravan config check".',
  })
}

function readsAs(text: string, expected: unknown): boolean {
  try {
    return isDeepStrictEqual(tidy(treeOf(text)), tidy(expected))
  } catch {
    return false
  }
}

/** A section without entries is null or `{}` depending on how it is written; both mean the same. */
const tidy = (tree: unknown): unknown =>
  isGroup(tree)
    ? Object.fromEntries(
        Object.entries(tree).map(([key, value]) => [
          key,
          value === null || (isGroup(value) && !Object.keys(value).length) ? null : value,
        ]),
      )
    : tree

function setSplice(text: string, path: Path, value: unknown): Splice {
  const { document } = parseConfig(text, 'the file')
  const style = styleOf(text)
  const [parents, key] = [path.slice(0, -1), String(path.at(-1))]
  let map: unknown = document.contents
  let owner: MapPair | undefined
  for (const [index, step] of parents.entries()) {
    const next = isMap(map) ? pairOf(map as MapNode, step) : undefined
    if (!next || !isMap(next.value)) {
      // The rest of the way is missing, or stands there empty.
      const rest = path.slice(index + 1)
      const nested = rest.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value)
      return setSplice(text, path.slice(0, index + 1), nested)
    }
    owner = next
    map = next.value
  }
  if (!isMap(map)) {
    const end = text.length
    return insertLines(text, end, blockLines(key, value, style), style)
  }
  const parent = map as MapNode
  const pair = pairOf(parent, key)
  if (!pair) {
    if (!isFlow(parent)) return appendToBlock(text, requireBlock(text, parent), key, value, style)
    if (parent.items.length || !owner || isInsideFlow(document.contents, parents)) {
      return appendToFlow(text, parent, key, value)
    }
    return openBlock(text, own(text, owner), { [key]: value }, style)
  }
  const inFlow = isFlow(parent)
  const old = pair.value
  if (isGroup(value) && Object.keys(value).length && !inFlow && (!old || isInline(old))) {
    const isFilledFlow = isMap(old) && old.items.length > 0
    if (!isFilledFlow) return openBlock(text, own(text, pair), value, style)
  }
  const isLongList = Array.isArray(value) && value.length > 0 && !isFlow(old)
  const splice = inFlow || !isLongList ? replaceValue(text, pair, value, inFlow) : undefined
  return splice ?? replaceLines(text, own(text, pair), key, value, style)
}

function deleteSplice(text: string, path: Path, greedy: boolean): Splice {
  const { document } = parseConfig(text, 'the file')
  let map: unknown = document.contents
  for (const step of path.slice(0, -1)) map = pairOf(map as MapNode, step)?.value
  const parent = map as MapNode
  const pair = pairOf(parent, path.at(-1)!)!
  if (isFlow(parent)) return removeFromFlow(parent, pair)
  return removeFromBlock(text, own(text, pair), greedy)
}

const pairOf = (map: MapNode, step: string | number): MapPair | undefined =>
  map.items.find(({ key }) => isScalar(key) && key.value === String(step))

function own(text: string, pair: MapPair): MapPair {
  requireOwnLine(text, pair)
  return pair
}

function requireBlock(text: string, map: MapNode): MapNode {
  requireOwnLine(text, map.items.at(-1)!)
  return map
}

/** Whether the map at a path stands inside `{ … }` of one of its parents. */
function isInsideFlow(root: unknown, path: Path): boolean {
  let node = root
  for (const step of path) {
    if (isFlow(node)) return true
    node = isMap(node) ? pairOf(node as MapNode, step)?.value : undefined
  }
  return false
}

function styleOf(text: string): Style {
  const steps = text.matchAll(/^(?![ \t]*#)( *)[^\s#][^\n]*:[ \t]*(?:#[^\n]*)?\r?\n( +)[^\s#-]/gm)
  for (const [, outer, inner] of steps) {
    const indent = inner!.length - outer!.length
    if (indent > 0 && indent <= 8) return { eol: eolOf(text), indent }
  }
  return { eol: eolOf(text), indent: 2 }
}

const eolOf = (text: string): Style['eol'] => (text.includes('\r\n') ? '\r\n' : '\n')

/** A path through a list ends at the list, whose new content takes the value's place. */
function liftLists(tree: unknown, path: Path, value: unknown): [Path, unknown] {
  const at = path.findIndex((step) => typeof step === 'number')
  if (at < 0) return [path, value]
  const list = path.slice(0, at)
  return [list, valueAt(withEntry(tree, path, value), list)]
}

function withEntry(tree: unknown, path: Path, value: unknown): unknown {
  const [step, ...rest] = path
  if (step === undefined) return value
  if (Array.isArray(tree)) {
    const items = [...tree]
    items[Number(step)] = withEntry(items[Number(step)], rest, value)
    return items
  }
  const map = isGroup(tree) ? tree : {}
  return { ...map, [step]: withEntry(map[step], rest, value) }
}

function withoutEntry(tree: unknown, path: Path): unknown {
  const [step, ...rest] = path
  if (Array.isArray(tree)) {
    if (!rest.length) return tree.toSpliced(Number(step), 1)
    return tree.with(Number(step), withoutEntry(tree[Number(step)], rest))
  }
  if (!isGroup(tree) || step === undefined) return tree
  if (rest.length) return { ...tree, [step]: withoutEntry(tree[step], rest) }
  return Object.fromEntries(Object.entries(tree).filter(([key]) => key !== String(step)))
}

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined)
  if (!isGroup(value)) return value
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutUndefined(item)]))
}
