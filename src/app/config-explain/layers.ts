import { basename } from 'node:path'
import type { LoadedConfig } from '../../config/load.ts'
import { valueAt } from '../../config/issues.ts'
import { mask } from '../../config/mask-text.ts'
import {
  parsePlaceholders,
  type Placeholder,
  resolvePlaceholders,
} from '../../config/placeholders.ts'
import type { Sources } from '../../config/placeholders.ts'
import type { KeySource, Layer } from '../answers/config.ts'
import type { Leaf } from './keys.ts'
import { shown } from './show-value.ts'

export type Given = {
  loaded: LoadedConfig
  /** The same tree without secrets. */
  masked: unknown
  sources: Sources
}

export type FromFile = {
  sources: KeySource[]
  /** Why the strongest of them has no value. */
  fault: string | null
}

/** What the file says about a key, placeholders looked up: the layer that gives the value first. */
export async function fromFile(leaf: Leaf, given: Given): Promise<FromFile> {
  const { loaded } = given
  const value = valueAt(loaded.raw, leaf.path)
  if (value === undefined || value === null) return { sources: [], fault: null }
  const isSecret = leaf.field?.isSecret === true || (!leaf.field && leaf.owner === 'adapter')
  const at = loaded.placeOf(leaf.path, 'value')
  const where = `${basename(loaded.file)}:${at.line}:${at.column}`
  const place = { line: at.line, column: at.column }
  const parts = typeof value === 'string' ? parsePlaceholders(value) : []
  const placeholders =
    typeof parts === 'string'
      ? []
      : parts.filter((part): part is Placeholder => part.type !== 'text')
  if (placeholders.length === 0) {
    // A literal may hold what is secret further inside, as a list of accounts does.
    const plain = valueAt(given.masked, leaf.path)
    return {
      sources: [{ layer: 'file', detail: where, value: shown(plain, isSecret), ...place }],
      fault: null,
    }
  }
  const [only] = placeholders
  if (parts.length === 1 && only) return ofPlaceholder(only, given, isSecret, where, place)
  const { value: text, secretValues, faults } = await resolvePlaceholders(value, given.sources)
  const names = placeholders.map(describe).join(', ')
  const isHidden = isSecret || secretValues.length > 0
  const [fault] = faults
  return {
    sources: [
      {
        layer: 'file',
        detail: `${where}, with ${names}`,
        value: fault ? null : shown(text, isHidden),
        ...place,
      },
    ],
    fault: fault?.message ?? null,
  }
}

const layerOf: Record<Placeholder['type'], Layer> = {
  env: 'environment',
  secret: 'secret store',
  file: 'value file',
  cred: 'systemd credential',
}

async function ofPlaceholder(
  placeholder: Placeholder,
  { sources }: Given,
  isSecret: boolean,
  where: string,
  place: Pick<KeySource, 'line' | 'column'>,
): Promise<FromFile> {
  const detail = `${describe(placeholder)}, named at ${where}`
  const layer = layerOf[placeholder.type]
  const source = (value: unknown, of = layer, text = detail): KeySource => ({
    layer: of,
    detail: text,
    value,
    ...place,
  })
  if (placeholder.type === 'env') {
    const { name, fallback } = placeholder
    const held = sources.env[name]
    const other =
      fallback === undefined
        ? []
        : [source(shown(fallback, isSecret), 'default in the file', `behind ${name}, at ${where}`)]
    const isSet = held !== undefined && (held !== '' || fallback === undefined)
    if (isSet && held !== '')
      return { sources: [source(shown(held, isSecret)), ...other], fault: null }
    if (other.length > 0) return { sources: other, fault: null }
  }
  try {
    const { faults } = await resolvePlaceholders(textOf(placeholder), sources)
    const [fault] = faults
    return { sources: [source(fault ? null : mask)], fault: fault?.message ?? null }
  } catch (error) {
    return {
      sources: [source(null)],
      fault: error instanceof Error ? error.message : String(error),
    }
  }
}

const textOf = (placeholder: Placeholder): string =>
  placeholder.type === 'env'
    ? `\${${placeholder.name}}`
    : `\${${placeholder.type}:${placeholder.name}}`

const describe = (placeholder: Placeholder): string =>
  ({
    env: `variable ${placeholder.name}`,
    secret: `secret ${placeholder.name}`,
    file: `file ${placeholder.name}`,
    cred: `credential ${placeholder.name}`,
  })[placeholder.type]
