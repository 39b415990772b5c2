import type { Path } from './faults.ts'

/** Plain data as YAML gives it. */
export const isGroup = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The entries of a group by name; none of anything else. */
export const entriesOf = (node: unknown): [name: string, value: unknown][] =>
  isGroup(node) ? Object.entries(node) : []

export const samePath = (a: Path, b: Path): boolean =>
  a.length === b.length && a.every((step, index) => step === b[index])

/** Visits the entries of a list or a group; nothing for a scalar. */
export function eachChild(
  node: unknown,
  path: Path,
  visit: (child: unknown, path: Path) => void,
): void {
  if (Array.isArray(node)) node.forEach((item, index) => visit(item, [...path, index]))
  else if (isGroup(node)) {
    for (const [key, item] of Object.entries(node)) visit(item, [...path, key])
  }
}
