import { isDeepStrictEqual } from 'node:util'
import { isMap, isScalar, isSeq, Lexer, stringify } from 'yaml'
import type { Scalar, YAMLMap } from 'yaml'
import type { Catalogue } from './checks.ts'
import { parseConfig } from './document.ts'
import type { Path } from './faults.ts'
import { withValue } from './issues.ts'
import {
  holdsNoValue,
  type Judge,
  mask,
  maskAddresses,
  maskBrokenLines,
  maskLines,
} from './mask-text.ts'
import {
  fieldNames,
  isSecretName,
  type View,
  viewInside,
  viewOf,
  viewOfConfig,
} from './secret-view.ts'
import { Config, JobConfig, ServiceConfig } from './schema.ts'
import { applySplice, type Splice } from './splice.ts'

export type Masked = {
  /** The file with `***` where a value was taken out; every other byte is as it was. */
  text: string
  tree: unknown
  /** Where a value was taken out. Comments have no path. */
  paths: Path[]
  isMasked: boolean
}

/**
 * A config file without any value that must not be kept or shown: what stands in clear in a secret field, in a field or
 * for an adapter that no schema knows, in the address of a proxy, and behind the name of a secret in a comment.
 * Placeholders stay. Throws `config_unreadable`.
 */
export async function maskConfig(
  text: string,
  file: string,
  catalogue: Catalogue,
): Promise<Masked> {
  const body = withoutMark(text)
  const { document, tree } = parseConfig(body, file)
  const view = await viewOfConfig(tree, catalogue)
  const found: Found[] = []
  collect(document.contents, [], view, found)
  const hidden = found.flatMap(({ hidden: value }) => (value.length >= 4 ? [value] : []))
  const comments = maskComments(body, await judgeOfComments(body, view, catalogue), hidden)
  const splices = [...found.map((each) => spliceOf(body, each)), ...comments]
  if (splices.length === 0) return { text, tree, paths: [], isMasked: false }
  const wanted = found.reduce((before, { path, shown }) => withValue(before, path, shown), tree)
  const edited = text.slice(0, text.length - body.length) + applyAll(body, splices)
  return {
    text: readsAs(edited, wanted) ? edited : stringify(wanted),
    tree: wanted,
    paths: found.map(({ path }) => path),
    isMasked: true,
  }
}

/** The same for a text that is no YAML, by the names of its keys alone. */
export async function maskBroken(text: string, catalogue: Catalogue): Promise<string> {
  const names = new Map(
    [Config, ServiceConfig, JobConfig].flatMap((it) => [...fieldNames(viewOf(it))]),
  )
  for (const id of catalogue.jobIds) {
    const schema = await catalogue.optionsSchemaOf(id)
    if (schema) fieldNames(viewOf(schema), names)
  }
  await addAdapters(names, text, catalogue)
  const judge: Judge = (key) => judged(names, key) ?? (isSecretName(key) ? 'secret' : 'unknown')
  return maskBrokenLines(text.split('\n'), judge).join('\n')
}

const bom = '\uFEFF'

export const withoutMark = (text: string): string => (text.startsWith(bom) ? text.slice(1) : text)

type Found = { path: Path; node: Scalar | YAMLMap; shown: string; hidden: string }

function collect(node: unknown, path: Path, view: View, found: Found[]): void {
  if (isMap(node) && view === 'secret' && node.items.length > 0) {
    // `password: {abc}` is a group to YAML: the key itself is the secret.
    found.push({ path, node, shown: mask, hidden: '' })
  } else if (isMap(node)) {
    for (const { key, value } of node.items) {
      const step = String(isScalar(key) ? key.value : key)
      collect(value, [...path, step], viewInside(view, step), found)
    }
  } else if (isSeq(node)) {
    node.items.forEach((item, index) =>
      collect(item, [...path, index], viewInside(view, index), found),
    )
  } else if (isScalar(node)) {
    const { value } = node
    if (value === null || typeof value === 'boolean') return
    const text = String(value)
    const shown = shownOf(text, view)
    if (shown !== text) found.push({ path, node, shown, hidden: text })
  }
}

function shownOf(text: string, view: View): string {
  if (text === '' || holdsNoValue(text)) return text
  // Where a group or a list is expected, text is as unknown as any.
  return view === 'open' ? maskAddresses(text) : mask
}

function spliceOf(text: string, { node, shown }: Found): Splice {
  const [start = 0, end = 0] = node.range ?? []
  const source = text.slice(start, end)
  if (shown !== mask && maskAddresses(source) !== source)
    return { start, end, text: maskAddresses(source) }
  const isBlock = isScalar(node) && (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED')
  const lineEnd = isBlock ? (/\r?\n\s*$/.exec(source)?.[0] ?? '') : ''
  return { start, end, text: JSON.stringify(shown) + lineEnd }
}

/** From the last to the first, so that what comes before keeps its place. */
export const applyAll = (text: string, splices: readonly Splice[]): string =>
  splices.toSorted((a, b) => b.start - a.start).reduce(applySplice, text)

function readsAs(text: string, wanted: unknown): boolean {
  try {
    return isDeepStrictEqual(parseConfig(withoutMark(text), 'the file').tree, wanted)
  } catch {
    return false
  }
}

/** Comments of a text, with their `#`, where they stand. */
export function commentsOf(text: string): { start: number; source: string }[] {
  const found: { start: number; source: string }[] = []
  let at = 0
  let isScalarNext = false
  for (const source of new Lexer().lex(text)) {
    // Marks of the lexer that are no part of the text.
    if (source === '\u0002' || source === '\u0018' || source === '\u001f') {
      isScalarNext = source === '\u001f'
      continue
    }
    if (source.startsWith('#') && !isScalarNext) found.push({ start: at, source })
    isScalarNext = false
    at += source.length
  }
  return found
}

function maskComments(text: string, judge: Judge, hidden: readonly string[]): Splice[] {
  const comments = commentsOf(text)
  // Deeper lines belong to the one above only where comments follow each other line by line.
  const blocks: (typeof comments)[] = []
  for (const comment of comments) {
    const before = blocks.at(-1)?.at(-1)
    const between = before && text.slice(before.start + before.source.length, comment.start)
    if (between !== undefined && /^\r?\n[ \t]*$/.test(between)) blocks.at(-1)?.push(comment)
    else blocks.push([comment])
  }
  return blocks.flatMap((block) => {
    const lines = maskLines(
      block.map(({ source }) => source.replace(/\r$/, '')),
      judge,
      /^#+/,
    )
    return block.flatMap(({ start, source }, index) => {
      const end = start + source.replace(/\r$/, '').length
      const shown = hidden.reduce((line, value) => line.replaceAll(value, mask), lines[index] ?? '')
      return shown === text.slice(start, end) ? [] : [{ start, end, text: shown }]
    })
  })
}

/** A name in a comment that no schema has is judged by its look. */
async function judgeOfComments(text: string, view: View, catalogue: Catalogue): Promise<Judge> {
  const names = fieldNames(view)
  await addAdapters(names, text, catalogue)
  return (key) => judged(names, key) ?? (isSecretName(key) ? 'secret' : 'open')
}

function judged(names: ReadonlyMap<string, boolean>, key: string): 'secret' | 'open' | undefined {
  const isSecret = names.get(key.split('.').at(-1) ?? '')
  return isSecret === undefined ? undefined : isSecret ? 'secret' : 'open'
}

/** A comment may show a service that the file has nowhere else, so every adapter whose name stands in it counts. */
async function addAdapters(
  names: Map<string, boolean>,
  text: string,
  catalogue: Catalogue,
): Promise<void> {
  for (const id of catalogue.adapterIds) {
    if (!text.includes(id)) continue
    const schema = await catalogue.configSchemaOf(id)
    if (schema) fieldNames(viewOf(schema), names)
  }
}
