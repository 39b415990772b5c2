import { pathText } from '../../config/faults.ts'
import { valueAt } from '../../config/issues.ts'
import { CaravanError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import { type KeyNode, type Leaf, leavesOf } from './keys.ts'

/**
 * The keys that are asked for: one, or all below a group. What stands inside a list or a map of free keys is explained
 * as itself, when it is there. Throws `config_key_unknown` with the nearest right key.
 */
export function findKeys(
  root: KeyNode,
  raw: unknown,
  key: string,
): { path: string; leaves: Leaf[] } {
  const steps = stepsOf(key)
  let node = root
  for (const [index, step] of steps.entries()) {
    if ('leaf' in node) {
      const inner = insideLeaf(node.leaf, raw, steps.slice(index))
      if (inner) return { path: pathText(inner.path), leaves: [inner] }
      throw unknownKey(root, steps, key)
    }
    const next = node.children.get(step)
    if (!next) throw unknownKey(root, steps, key)
    node = next
  }
  return { path: steps.join('.'), leaves: leavesOf(node) }
}

const stepsOf = (key: string): string[] =>
  key
    .trim()
    .replaceAll(/\[(\d+)\]/g, '.$1')
    .split('.')
    .filter((step) => step !== '')

function insideLeaf(leaf: Leaf, raw: unknown, rest: string[]): Leaf | undefined {
  const path = [...leaf.path, ...rest]
  if (valueAt(raw, path) === undefined) return undefined
  return {
    ...leaf,
    path,
    schema: undefined,
    field: leaf.field && { ...leaf.field, default: undefined },
  }
}

function unknownKey(root: KeyNode, steps: string[], key: string): CaravanError {
  const meant = nearestKey(root, steps)
  const hint = meant === undefined ? undefined : `Did you mean ${meant}?`
  return new CaravanError({
    code: 'config_key_unknown',
    message: `integrations.yaml can hold no key ${key}`,
    hint: [hint, 'Every key is shown by "caravan config explain".'].filter(Boolean).join(' '),
  })
}

/** Step by step the nearest word; a service or a job may have been named without its section. */
function nearestKey(root: KeyNode, steps: string[]): string | undefined {
  const [first = ''] = steps
  if ('leaf' in root) return undefined
  for (const section of ['services', 'jobs']) {
    const group = root.children.get(section)
    if (group && 'children' in group && group.children.has(first))
      return mend(root, [section, ...steps])
  }
  return mend(root, steps)
}

function mend(root: KeyNode, steps: string[]): string | undefined {
  const mended: string[] = []
  let node = root
  for (const step of steps) {
    if ('leaf' in node) break
    const word = node.children.has(step) ? step : nearest(step, node.children.keys())
    const next = word === undefined ? undefined : node.children.get(word)
    if (!next || word === undefined) {
      // `services.haier.client_id`: the fields of the adapter stand one deeper.
      const config = node.children.get('config')
      if (!config || 'leaf' in config || !config.children.has(step)) return undefined
      mended.push('config', step)
      break
    }
    mended.push(word)
    node = next
  }
  return mended.join('.')
}
