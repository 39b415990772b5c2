import type { z } from 'zod'
import { type Form, formsOf, inputNode, isGroupNode, type Node, valuesOf } from './input-schema.ts'

/** One key of an input as a person reads of it. */
export type InputField = {
  /** `to`, `params.<name>`, `lines[].productCode`. */
  name: string
  /** In words: `text or list of text`. */
  type: string
  required: boolean
  description: string | null
  example: string | null
  default: string | null
}

/** Every key of an input, groups before what stands in them. */
export const fieldsOf = (schema: z.ZodType): InputField[] => below(inputNode(schema), '')

/** A line that calls an operation with what its schema gives as examples: `to=+8618501234444 template=order_shipped`. */
export function exampleOf(schema: z.ZodType): string {
  const fields = fieldsOf(schema).filter(({ name }) => !/[.[]/.test(name))
  return fields
    .filter(({ required, example }) => required || example !== null)
    .map(({ name, example }) => {
      const text = `${name}=${example ?? '…'}`
      return /^[\w.+=:…-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
    })
    .join(' ')
}

function below(node: Node, prefix: string): InputField[] {
  return formsOf(node).flatMap((form) => {
    const named = Object.entries(form.properties ?? {}).flatMap(([key, child]) => [
      fieldOf(child, `${prefix}${key}`, form.required?.includes(key) ?? false),
      ...inside(child, `${prefix}${key}`),
    ])
    const values = valuesOf(form)
    return values
      ? [...named, fieldOf(values, `${prefix}<name>`, false), ...inside(values, `${prefix}<name>`)]
      : named
  })
}

function inside(node: Node, name: string): InputField[] {
  const items = formsOf(node).flatMap((form) => (form.items ? [form.items] : []))
  return [
    ...below(node, `${name}.`),
    ...items.filter(isGroupNode).flatMap((item) => below(item, `${name}[].`)),
  ]
}

function fieldOf(node: Node, name: string, isRequired: boolean): InputField {
  return {
    name,
    type: typeOf(node),
    required: isRequired && node.default === undefined,
    description: node.description ?? null,
    example: textOf(node.example),
    default: textOf(node.default),
  }
}

const textOf = (value: unknown): string | null =>
  value === undefined ? null : typeof value === 'string' ? value : JSON.stringify(value)

const formats: Readonly<Record<string, string>> = {
  'date-time': 'date and time',
  date: 'date',
  uri: 'URL',
  email: 'e-mail address',
}

/** What a value is, in a few words. */
export const typeOf = (node: Node): string =>
  [...new Set(formsOf(node).map(typeOfForm))].join(' or ')

function typeOfForm(form: Form): string {
  const choices = form.enum ?? (form.const === undefined ? undefined : [form.const])
  if (choices) return choices.map(String).join(' | ')
  if (form.type === 'array') return `list of ${typeOf(form.items ?? {})}`
  if (form.type === 'object') return 'group'
  if (form.type === 'integer') return 'whole number'
  if (form.type === 'number') return 'number'
  if (form.type === 'boolean') return 'true or false'
  if (form.type === 'string') return formats[form.format ?? ''] ?? 'text'
  return 'anything'
}
