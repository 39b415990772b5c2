/** Reads what was typed behind an operation, `key=value`, by what the operation takes. */
import { readFile } from 'node:fs/promises'
import { isGroup } from '../../config/tree.ts'
import { CaravanError } from '../../core/errors.ts'
import { readFault } from '../../core/system-faults.ts'
import { parseJson } from '../service-form.ts'
import { type InputFault, unknownKey } from './check-input.ts'
import {
  childOf,
  type Form,
  formsOf,
  inputNode,
  isGroupNode,
  keysOf,
  type Node,
} from './input-schema.ts'
import type { NamedOperation } from './operation.ts'

export type Typed = {
  words: readonly string[]
  /** A file with one JSON object, or `-` for stdin. */
  data?: string
  readStdin(): Promise<string>
}

/**
 * The input that words and data make, words over data; with what is wrong about it so far. Throws `usage` for what is
 * neither a word nor data, and for files that cannot be read.
 */
export async function readWords(
  { name, shape }: NamedOperation,
  typed: Typed,
): Promise<{ input: Record<string, unknown>; faults: InputFault[] }> {
  const help = `caravan call ${name} --help`
  const stdin = onlyOnce(typed.readStdin)
  const root = inputNode(shape.input)
  const faults: InputFault[] = []
  const places: Place[] = []
  let input: Record<string, unknown> = typed.data ? await readData(typed.data, stdin) : {}
  for (const [key, texts] of grouped(typed.words, help)) {
    const found = locate(root, key)
    if ('message' in found) faults.push(found)
    else places.push({ key, texts, ...found })
  }
  for (const { key, path, node, texts } of places) {
    const whole = places.find((other) => key.startsWith(`${other.key}.`))
    if (whole) {
      faults.push({ key: whole.key, message: `is given as a whole and by its key ${key} too` })
      continue
    }
    if (formsOf(node).some(({ secret }) => secret) && texts.some((text) => !isFile(text))) {
      faults.push({ key, message: 'is a secret: write key=@file or key=@-, not the value itself' })
      continue
    }
    const read: string[] = []
    for (const text of texts) read.push(await contentOf(text, stdin))
    const value = readTexts(node, read)
    if (value === severalTimes) {
      faults.push({ key, message: `was given ${texts.length} times, and takes one value` })
    } else input = withKey(input, path, value)
  }
  return { input, faults }
}

type Place = { key: string; texts: string[]; path: string[]; node: Node }

/** What was typed for each key, in order. The words themselves are not repeated in errors: one may be a secret. */
function grouped(words: readonly string[], help: string): Map<string, string[]> {
  const all = new Map<string, string[]>()
  for (const [at, word] of words.entries()) {
    const [, key, text = ''] = /^([^=\s]+)=(.*)$/s.exec(word) ?? []
    if (key === undefined) {
      throw new CaravanError({
        code: 'usage',
        message: `word ${at + 1} behind the operation is no input: inputs are written key=value`,
        hint: 'A value with blanks in it needs quotes: text="two words".',
        see: help,
      })
    }
    all.set(key, [...(all.get(key) ?? []), text])
  }
  return all
}

/** Follows `params.code` through the schema. What is free text in a group with any keys may have dots in its key. */
function locate(root: Node, key: string): { path: string[]; node: Node } | InputFault {
  const steps = key.split('.')
  const path: string[] = []
  let node = root
  while (steps.length > 0) {
    const prefix = path.map((step) => `${step}.`).join('')
    const [step = ''] = steps
    const isNamed = keysOf(node).includes(step)
    const child = childOf(node, step)
    if (!child) {
      if (isGroupNode(node)) return unknownKey(node, step, prefix)
      const isList = formsOf(node).some(({ items }) => items)
      const message = isList
        ? 'is a list: write it as JSON, or in --data'
        : 'is one value, with no keys below it'
      return { key: path.join('.'), message }
    }
    path.push(isNamed || isGroupNode(child) ? step : steps.join('.'))
    steps.splice(0, isNamed || isGroupNode(child) ? 1 : steps.length)
    node = child
  }
  return { path, node }
}

const severalTimes = Symbol('one value was expected')

function readTexts(node: Node, texts: readonly string[]): unknown {
  const [only = ''] = texts
  if (texts.length === 1) return readText(node, only)
  const list = formsOf(node).find(({ items }) => items)
  return list?.items ? texts.map((text) => readText(list.items as Node, text)) : severalTimes
}

/** A text stays text wherever text is taken. What is none of what is wanted stays text too: the schema says it best. */
function readText(node: Node, text: string): unknown {
  const forms = formsOf(node)
  const list = forms.find(({ items }) => items)
  const isJson =
    (list && /^\s*\[/.test(text)) ||
    (isGroupNode(node) && /^\s*\{/.test(text)) ||
    (forms.some((form) => isAny(form)) && /^\s*[[{]/.test(text))
  const json = isJson ? jsonOf(text) : undefined
  if (json !== undefined) return json
  if (forms.some((form) => form.type === 'string' && !form.enum)) return text
  for (const form of forms) {
    const value = scalarOf(form, text.trim())
    if (value !== undefined) return value
  }
  return list?.items && !isGroupNode(list.items) && !isJson ? [readText(list.items, text)] : text
}

function scalarOf({ type, enum: choices }: Form, text: string): unknown {
  if (choices) return choices.find((choice) => String(choice) === text)
  if (type === 'integer' || type === 'number') {
    return /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined
  }
  if (type !== 'boolean') return undefined
  if (/^(?:true|yes)$/i.test(text)) return true
  return /^(?:false|no)$/i.test(text) ? false : undefined
}

const isAny = ({ type, enum: choices, const: only }: Node): boolean =>
  type === undefined && choices === undefined && only === undefined

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isFile = (text: string): boolean => text.startsWith('@') && !text.startsWith('@@')

/** `@file` is what the file holds, `@-` what stdin gives, `@@name` the text `@name`. */
async function contentOf(text: string, stdin: () => Promise<string>): Promise<string> {
  if (text.startsWith('@@')) return text.slice(1)
  if (!isFile(text)) return text
  const content = text === '@-' ? await stdin() : await readText8(text.slice(1), atHint)
  return content.replace(/\r?\n$/, '')
}

async function readData(
  path: string,
  stdin: () => Promise<string>,
): Promise<Record<string, unknown>> {
  const shown = path === '-' ? 'stdin' : path
  const hint = 'It holds the keys of the input and their values, such as {"to": "+8618501234444"}.'
  const text = path === '-' ? await stdin() : await readText8(path)
  const data = parseJson(text.replace(/^\ufeff/, ''), shown, hint)
  if (isGroup(data)) return data
  throw new CaravanError({ code: 'usage', message: `${shown} is not one JSON object`, hint })
}

const atHint = '"@" names a file. A text that begins with it is written with two: @@'

async function readText8(path: string, hint?: string): Promise<string> {
  const bytes = await readFile(path).catch((error: unknown) => {
    const { code, message, cause } = readFault(path, error)
    throw new CaravanError({ code, message, hint, cause })
  })
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new CaravanError({
      code: 'usage',
      message: `${path} is no text in UTF-8`,
      hint: 'An input is text; write it in UTF-8.',
    })
  }
}

/** Stdin can be read once; a second wish for it would be given nothing. */
function onlyOnce(read: () => Promise<string>): () => Promise<string> {
  let isRead = false
  return async () => {
    if (isRead) throw new CaravanError({ code: 'usage', message: 'stdin can be read once only' })
    isRead = true
    return read()
  }
}

function withKey(
  tree: Record<string, unknown>,
  [step = '', ...rest]: readonly string[],
  value: unknown,
): Record<string, unknown> {
  if (rest.length === 0) return { ...tree, [step]: value }
  const child = Object.hasOwn(tree, step) ? tree[step] : undefined
  return { ...tree, [step]: withKey(isGroup(child) ? child : {}, rest, value) }
}
