import { isDeepStrictEqual } from 'node:util'
import { pathText } from './faults.ts'
import type { Path } from './faults.ts'
import { isGroup } from './tree.ts'

/** One key of the file that is not as it was. What has no value before was added; what has none after was removed. */
export type KeyChange = {
  /** As operators write it: `services.haier.timeout`. */
  path: string
  change: 'added' | 'removed' | 'changed'
  before?: unknown
  after?: unknown
}

/** What differs between two files as data, in the order of the newer one. A list is one value. */
export function treeChanges(before: unknown, after: unknown, path: Path = []): KeyChange[] {
  if (isDeepStrictEqual(before, after)) return []
  const isInner = isGroup(before) && isGroup(after)
  // An empty section and a missing one mean the same.
  const isSection = path.length === 1 && [before, after].every((it) => it == null || isGroup(it))
  if (!isInner && !isSection && path.length > 0) {
    const change = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed'
    return [{ path: pathText(path), change, before, after }]
  }
  const [old, now] = [groupOf(before), groupOf(after)]
  const keys = [...Object.keys(now), ...Object.keys(old).filter((key) => !Object.hasOwn(now, key))]
  return keys.flatMap((key) => treeChanges(old[key], now[key], [...path, key]))
}

const groupOf = (node: unknown): Record<string, unknown> => (isGroup(node) ? node : {})

const shownPaths = 12

/** What changed, in one line: `services.haier added, jobs.haier-products.schedule changed`. */
export function summarize(changes: readonly KeyChange[]): string {
  if (changes.length === 0) return 'comments or spacing alone'
  const shown = changes.slice(0, shownPaths).map(({ path, change }) => `${path} ${change}`)
  const rest = changes.length - shown.length
  return [...shown, ...(rest > 0 ? [`${rest} more`] : [])].join(', ')
}

/** What the first version holds. */
export function summarizeFirst(tree: unknown): string {
  const count = (section: string) => Object.keys(groupOf(groupOf(tree)[section])).length
  const words = (n: number, one: string) => `${n} ${one}${n === 1 ? '' : 's'}`
  return `first version: ${words(count('services'), 'service')}, ${words(count('jobs'), 'job')}`
}
