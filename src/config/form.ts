import { parse } from 'yaml'
import { z } from 'zod'
import { checkAgainst } from './issues.ts'
import { hasPlaceholder, parsePlaceholders } from './placeholders.ts'

/** One field of an adapter's config, as prompts, flags, docs and the example file need it. */
export type Field = {
  name: string
  /** `yaml`: a list or a group of keys, given as YAML or JSON text. */
  type: 'text' | 'number' | 'boolean' | 'choice' | 'yaml'
  /** Of `yaml`: keys with values, or a list of such, which a list of words cannot say. */
  isGroup?: true
  /** For `choice`; texts or numbers. */
  choices?: (string | number)[]
  /** Without a default and not optional. */
  required: boolean
  default?: unknown
  isSecret: boolean
  description?: string
  example?: unknown
  /** What a value must be, in a few words: `at least 1`, `a URL`. */
  rule?: string
}

/** The fields of a schema in its own order. */
export function fieldsOf(schema: z.ZodObject): Field[] {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    cycles: 'ref',
  })
  return Object.entries(properties).map(([name, property]) => {
    const described = typeof property === 'object' ? (property as JsonSchema) : {}
    return describe(name, described, required.includes(name))
  })
}

/**
 * Checks what was typed, flagged or read for one field. The text of a number, a yes/no or a list becomes one; a text
 * with placeholders is taken as it is. `error` never repeats the value.
 */
export function validateField(
  schema: z.ZodObject,
  name: string,
  given: unknown,
): { ok: true; value: unknown } | { ok: false; error: string } {
  const field = fieldsOf(schema).find((each) => each.name === name)
  const type = schema.shape[name]
  if (!field || !type) return { ok: false, error: 'unknown field' }
  if (hasPlaceholder(given)) {
    const parts = parsePlaceholders(given)
    return typeof parts === 'string' ? { ok: false, error: parts } : { ok: true, value: given }
  }
  const value = typeof given === 'string' ? readText(field, given) : given
  const result = checkAgainst(type as z.ZodType, value)
  if (result.ok) return { ok: true, value }
  const error = result.issues
    .map(({ path, message }) => [...path.map(stepText), message].join(': '))
    .join('; ')
  return { ok: false, error }
}

/** People count the entries of a list from one. */
const stepText = (step: string | number): string =>
  typeof step === 'number' ? `entry ${step + 1}` : step

/** Text as a value of the field's type; text that is none stays text, and the schema says what is wrong. */
export function readText(field: Field, text: string): unknown {
  const trimmed = text.trim()
  switch (field.type) {
    case 'number':
      return trimmed !== '' && Number.isFinite(Number(trimmed)) ? Number(trimmed) : text
    case 'boolean':
      if (/^(?:true|yes|y)$/i.test(trimmed)) return true
      return /^(?:false|no|n)$/i.test(trimmed) ? false : text
    case 'choice':
      return field.choices?.find((choice) => String(choice) === trimmed) ?? text
    case 'yaml':
      return parsed(text)
    case 'text':
      return text
  }
}

/** The part of JSON Schema that zod writes and we read. */
type JsonSchema = {
  type?: string
  items?: JsonSchema
  format?: string
  enum?: unknown[]
  const?: unknown
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  default?: unknown
  description?: string
  example?: unknown
  secret?: boolean
  pattern?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  exclusiveMaximum?: number
}

function describe(name: string, schema: JsonSchema, isRequired: boolean): Field {
  const branches = (schema.anyOf ?? schema.oneOf ?? []).filter(({ type }) => type !== 'null')
  const choices = choicesOf(schema, branches)
  // A secret is text or our own class; a class has no JSON type.
  const main = branches.find(({ type }) => type) ?? schema
  const field: Field = {
    name,
    type: choices ? 'choice' : typeOf(main),
    required: isRequired && schema.default === undefined,
    isSecret: schema.secret === true || branches.some(({ secret }) => secret === true),
  }
  if (isGroupSchema(main)) field.isGroup = true
  const rule = ruleOf(main)
  const description = schema.description ?? main.description
  const example = schema.example ?? main.example
  if (choices) field.choices = choices
  if (schema.default !== undefined) field.default = schema.default
  if (description !== undefined) field.description = description
  if (example !== undefined) field.example = example
  if (rule) field.rule = rule
  return field
}

function choicesOf(schema: JsonSchema, branches: JsonSchema[]): (string | number)[] | undefined {
  const ofOne = (each: JsonSchema) => each.enum ?? (each.const === undefined ? [] : [each.const])
  const isClosed = branches.length > 0 && branches.every((branch) => ofOne(branch).length > 0)
  const values = isClosed ? branches.flatMap(ofOne) : ofOne(schema)
  const plain = values.filter((value) => typeof value === 'string' || typeof value === 'number')
  return plain.length && plain.length === values.length ? plain : undefined
}

function typeOf({ type }: JsonSchema): Field['type'] {
  if (type === 'integer' || type === 'number') return 'number'
  if (type === 'boolean') return 'boolean'
  return type === 'array' || type === 'object' ? 'yaml' : 'text'
}

const isGroupSchema = ({ type, items }: JsonSchema): boolean =>
  type === 'object' || (type === 'array' && items?.type === 'object')

/** A default or an example as it is typed; undefined for nothing and for what holds nothing. */
export function valueText(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value !== 'object') return String(value)
  if (Object.keys(value).length === 0) return undefined
  const isPlain = Array.isArray(value) && value.every((item) => typeof item !== 'object')
  return isPlain ? value.join(',') : JSON.stringify(value)
}

const formatRules: Record<string, string> = {
  uri: 'a URL',
  email: 'an e-mail address',
  date: 'a date, such as 2026-01-31',
  'date-time': 'a date and time, such as 2026-01-31T08:00:00Z',
  time: 'a time, such as 08:00:00',
}

function ruleOf(schema: JsonSchema): string | undefined {
  const { minimum = schema.exclusiveMinimum, maximum = schema.exclusiveMaximum } = schema
  const isEdge = (limit?: number) =>
    limit === undefined || Math.abs(limit) >= Number.MAX_SAFE_INTEGER
  const rules = [
    schema.type === 'integer' && 'a whole number',
    schema.format !== undefined && formatRules[schema.format],
    !isEdge(minimum) &&
      `${schema.exclusiveMinimum === undefined ? 'at least' : 'above'} ${minimum}`,
    !isEdge(maximum) && `${schema.exclusiveMaximum === undefined ? 'at most' : 'below'} ${maximum}`,
    (schema.minLength ?? 0) > 1 && `at least ${schema.minLength} characters`,
    schema.maxLength !== undefined && `at most ${schema.maxLength} characters`,
    schema.pattern !== undefined && !schema.format && `of the form ${schema.pattern}`,
  ].filter((rule) => typeof rule === 'string')
  return rules.length ? rules.join(', ') : undefined
}

function parsed(text: string): unknown {
  try {
    return parse(text)
  } catch {
    return text
  }
}
