import type { z } from 'zod'
import { didYouMean } from './faults.ts'
import type { Path } from './faults.ts'

/** One thing a schema does not accept, in an operator's words. `part` says what the fault points at. */
export type Issue = { path: Path; message: string; part: 'key' | 'value'; issue: z.core.$ZodIssue }

/**
 * Checks a value against a schema and says what is wrong in plain English. No message repeats a value: it may be a
 * secret. Messages that the schema itself gives are kept.
 */
export function checkAgainst<S extends z.ZodType>(
  schema: S,
  value: unknown,
): { ok: true; value: z.output<S> } | { ok: false; issues: Issue[] } {
  const result = schema.safeParse(value, { error: plainMessage })
  if (result.success) return { ok: true, value: result.data }
  const issues = result.error.issues.flatMap((issue): Issue[] => {
    const path = issue.path.filter((step) => typeof step !== 'symbol')
    if (issue.code !== 'unrecognized_keys') {
      const part =
        issue.code === 'invalid_key' || valueAt(value, path) === undefined ? 'key' : 'value'
      return [{ path, message: issue.message, part, issue }]
    }
    const known = keysAt(schema, path)
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: `unknown key${didYouMean(key, known)}`,
      part: 'key',
      issue,
    }))
  })
  return { ok: false, issues }
}

/** The value at a path; undefined where there is none. */
export function valueAt(tree: unknown, path: Path): unknown {
  let node = tree
  for (const step of path) {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, step)) return undefined
    node = (node as Record<string | number, unknown>)[step]
  }
  return node
}

/** A copy of a tree with one value replaced; the path must exist. */
export function withValue(tree: unknown, path: Path, value: unknown): unknown {
  const [step, ...rest] = path
  if (step === undefined) return value
  if (Array.isArray(tree))
    return tree.with(Number(step), withValue(tree[Number(step)], rest, value))
  const map = tree as Record<string, unknown>
  return { ...map, [step]: withValue(map[step], rest, value) }
}

const typeNames: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of keys',
  record: 'a group of keys',
  null: 'empty',
}

function plainMessage(issue: z.core.$ZodRawIssue): string {
  const { input } = issue
  switch (issue.code) {
    case 'invalid_type': {
      const wanted = typeNames[issue.expected] ?? issue.expected
      if (input === undefined) return `missing; must be ${wanted}`
      if (issue.expected === 'int') return 'must be a whole number'
      // Text that a schema tried to read as a number.
      if (Number.isNaN(input)) return `must be ${wanted}`
      const quotes =
        issue.expected === 'string' && (typeof input === 'number' || typeof input === 'boolean')
      return `must be ${wanted}, not ${nameOf(input)}${quotes ? ': put it in quotes' : ''}`
    }
    case 'invalid_value': {
      const values = issue.values.map(String)
      const near = typeof input === 'string' ? didYouMean(input, values) : ''
      return `${input === undefined ? 'missing; ' : ''}must be ${listed(values)}${near}`
    }
    case 'invalid_union':
      return unionMessage(issue)
    case 'too_small':
      return sizeMessage(issue.origin, 'at least', Number(issue.minimum), issue.inclusive)
    case 'too_big':
      return sizeMessage(issue.origin, 'at most', Number(issue.maximum), issue.inclusive)
    case 'invalid_format':
      return `must be ${formatNames[issue.format] ?? `of the form ${issue.pattern ?? issue.format}`}`
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`
    case 'invalid_key':
      return issue.issues[0]?.message ?? 'is not an allowed key'
    default:
      return 'is not allowed here'
  }
}

const formatNames: Record<string, string> = {
  url: 'a URL, such as https://api.example.com',
  email: 'an e-mail address',
  datetime: 'a date and time, such as 2026-01-31T08:00:00Z',
  date: 'a date, such as 2026-01-31',
  e164: 'a phone number with its country code, such as +8618511122233',
}

function sizeMessage(origin: string, words: string, limit: number, inclusive = true): string {
  if (origin === 'string') {
    if (words === 'at least' && limit === 1) return 'must not be empty'
    return `must have ${words} ${limit} characters`
  }
  if (origin === 'array' || origin === 'set') return `must have ${words} ${limit} entries`
  if (inclusive) return `must be ${words} ${limit}`
  return `must be ${words === 'at least' ? 'above' : 'below'} ${limit}`
}

/**
 * A secret is a union of text and our own class: what an operator can write is what the message names. Where one form
 * fits but for something inside it, that is what is wrong.
 */
function unionMessage(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidUnion>): string {
  const first = (issue.errors ?? []).flatMap((branch) => branch.slice(0, 1))
  const inner = first.filter(({ path }) => path.length > 0)
  if (inner.length > 0)
    return joinedOr(inner.map(({ path, message }) => `${path.join('.')}: ${message}`))
  const messages = first
    .filter((each) => !(each.code === 'invalid_type' && !Object.hasOwn(typeNames, each.expected)))
    .map(({ message }) => message)
  const parts = messages.map((message) =>
    /^((?:missing; )?must be )(.+?)(, not .*)?$/.exec(message),
  )
  const [head] = parts
  const isAlike = parts.every((part) => part && part[1] === head?.[1] && !!part[3] === !!head?.[3])
  if (!head || !isAlike) return joinedOr(messages)
  return `${head[1]}${[...new Set(parts.map((part) => part?.[2]))].join(' or ')}${head[3] ?? ''}`
}

function joinedOr(messages: readonly string[]): string {
  const distinct = [...new Set(messages)]
  return distinct.length ? distinct.join(', or ') : 'is not of an allowed form'
}

function nameOf(input: unknown): string {
  if (input === null) return 'empty'
  if (Array.isArray(input)) return 'a list'
  return typeof input === 'object' ? 'a group of keys' : (typeNames[typeof input] ?? typeof input)
}

const listed = (values: string[]): string =>
  values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`

/** The keys an object schema knows at a path; none when the path leads elsewhere. */
function keysAt(schema: z.core.$ZodType, path: Path): string[] {
  let node = inside(schema)
  for (const step of path) {
    const { def } = node._zod
    if (isObject(def)) node = inside(def.shape[String(step)] ?? node)
    else if (isRecord(def)) node = inside(def.valueType)
    else if (isArray(def)) node = inside(def.element)
    else return []
  }
  const { def } = node._zod
  return isObject(def) ? Object.keys(def.shape) : []
}

type Def = z.core.$ZodTypeDef
const isObject = (def: Def): def is z.core.$ZodObjectDef => def.type === 'object'
const isRecord = (def: Def): def is z.core.$ZodRecordDef => def.type === 'record'
const isArray = (def: Def): def is z.core.$ZodArrayDef => def.type === 'array'

/** Looks through optional, default, preprocess and the like. */
export function inside(schema: z.core.$ZodType): z.core.$ZodType {
  const def = schema._zod.def as Def & {
    innerType?: z.core.$ZodType
    in?: z.core.$ZodType
    out?: z.core.$ZodType
  }
  if (def.innerType) return inside(def.innerType)
  if (def.type === 'pipe' && def.in && def.out) {
    return inside(def.in._zod.def.type === 'transform' ? def.out : def.in)
  }
  return schema
}
