/** What an operation takes, as JSON Schema: for reading words, for unknown keys, for help. */
import { z } from 'zod'

/** The part of JSON Schema that zod writes for inputs. */
export type Node = {
  type?: string | string[]
  format?: string
  enum?: unknown[]
  const?: unknown
  anyOf?: Node[]
  oneOf?: Node[]
  properties?: Record<string, Node>
  required?: string[]
  additionalProperties?: Node | boolean
  items?: Node
  default?: unknown
  description?: string
  example?: unknown
  secret?: boolean
}

/** A node that is one thing. */
export type Form = Node & { type?: string }

/** As a caller may write it: before transforms, with defaults left out. */
export const inputNode = (schema: z.ZodType): Node =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', cycles: 'ref' }) as Node

/** The forms a value may have; one for most. */
export const formsOf = (node: Node): Form[] => {
  const types = Array.isArray(node.type) ? node.type.map((type) => ({ ...node, type })) : undefined
  const branches = node.anyOf ?? node.oneOf ?? types
  return branches ? branches.flatMap(formsOf).filter(({ type }) => type !== 'null') : [node as Form]
}

/** What stands under the keys of a group that takes any key; undefined for other nodes. */
export const valuesOf = ({ additionalProperties: more }: Node): Node | undefined =>
  typeof more === 'object' ? more : more === true ? {} : undefined

/** The keys a node names, over all its forms. */
export const keysOf = (node: Node): string[] => [
  ...new Set(formsOf(node).flatMap(({ properties }) => Object.keys(properties ?? {}))),
]

/** The node under a key; undefined where the key is unknown, or where a value can be no group. */
export function childOf(node: Node, key: string): Node | undefined {
  const forms = formsOf(node)
  const owner = forms.find(({ properties }) => properties && Object.hasOwn(properties, key))
  if (owner?.properties) return owner.properties[key]
  return forms.map(valuesOf).find((values) => values !== undefined)
}

/** Whether a value may be a group of keys at all. */
export const isGroupNode = (node: Node): boolean =>
  formsOf(node).some((form) => form.properties !== undefined || valuesOf(form) !== undefined)
