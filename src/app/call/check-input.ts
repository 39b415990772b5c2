import { didYouMean } from '../../config/faults.ts'
import { checkAgainst } from '../../config/issues.ts'
import { isGroup } from '../../config/tree.ts'
import { CaravanError } from '../../core/errors.ts'
import { counted } from '../../core/words.ts'
import { childOf, inputNode, isGroupNode, formsOf, keysOf, type Node } from './input-schema.ts'
import type { NamedOperation } from './operation.ts'

/** One thing that is wrong with an input. `key` is empty for the input as a whole. */
export type InputFault = { key: string; message: string }

/** The input as the operation's own schema reads it. Throws all faults at once, those that were met before included. */
export function checkInput(
  operation: NamedOperation,
  input: unknown,
  { faults = [], code = 'input_invalid' }: InputCheck = {},
): unknown {
  const { name, shape } = operation
  const checked = checkAgainst(shape.input, input)
  const known = new Set(faults.map(({ key }) => key))
  const found = [
    ...faults,
    ...unknownKeys(inputNode(shape.input), input, ''),
    ...(checked.ok ? [] : checked.issues)
      .map(({ path, message }) => ({ key: path.join('.'), message }))
      // Words that could not be read leave a hole; that it is one has been told.
      .filter(({ key }) => !known.has(key)),
  ]
  if (checked.ok && found.length === 0) return checked.value
  throw new CaravanError({
    code,
    message: `${name} cannot be called like this, ${counted(found.length, 'fault')}:\n${found
      .map(({ key, message }) => `  ${key || 'the input'}: ${message}`)
      .join('\n')}`,
    see: `caravan call ${name} --help`,
  })
}

export type InputCheck = {
  /** What was found while the words were read. */
  faults?: readonly InputFault[]
  /** `usage` for what was typed. */
  code?: 'usage' | 'input_invalid'
}

/** Schemas of kinds let unknown keys pass and drop them: a mistyped one would be lost without a word. */
function unknownKeys(node: Node, value: unknown, prefix: string): InputFault[] {
  if (Array.isArray(value)) {
    const items = formsOf(node).find((form) => form.items)?.items
    return items ? value.flatMap((item, at) => unknownKeys(items, item, `${prefix}${at}.`)) : []
  }
  if (!isGroup(value) || !isGroupNode(node)) return []
  return Object.entries(value).flatMap(([key, child]) => {
    const known = childOf(node, key)
    return known ? unknownKeys(known, child, `${prefix}${key}.`) : [unknownKey(node, key, prefix)]
  })
}

export function unknownKey(node: Node, key: string, prefix: string): InputFault {
  const known = keysOf(node)
  const near = didYouMean(key, known)
  const list = known.length > 0 ? `; it takes ${known.join(', ')}` : ''
  return { key: `${prefix}${key}`, message: `unknown key${near || list}` }
}
