import { resolve } from 'node:path'
import type { Path } from './faults.ts'

export type Placeholder =
  | { type: 'env'; name: string; fallback?: string }
  | { type: 'secret' | 'file' | 'cred'; name: string }

export type Part = { type: 'text'; text: string } | Placeholder

/** Where values come from. Each answers undefined when it has none, and throws a plain message when it cannot tell. */
export type Sources = {
  env: Record<string, string | undefined>
  /** The folder of integrations.yaml; `${file:…}` is relative to it. */
  configDir: string
  /** The text of a small file, with its last line end taken off. */
  readFile(path: string): Promise<string | undefined>
  secret(name: string): Promise<string | undefined>
  /** `$CREDENTIALS_DIRECTORY`. */
  credentialsDirectory?: string
}

export type PlaceholderFault = {
  path: Path
  message: string
  hint?: string
  kind: 'invalid' | 'unset'
}

export type Resolved = {
  value: unknown
  /** Paths of scalars that were one placeholder and nothing else; their text may stand for a number or a boolean. */
  whole: Path[]
  /** What came out of the secret store, files and credentials: never to be shown. */
  secretValues: string[]
  faults: PlaceholderFault[]
}

const namePatterns = {
  env: /^[A-Za-z_][A-Za-z0-9_]*$/,
  secret: /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
  file: /^[^\0]+$/,
  cred: /^[A-Za-z0-9_][A-Za-z0-9._-]*$/,
} as const

/** Cuts a text into its literal parts and placeholders; a string says what is malformed. `$${` is a literal `${`. */
export function parsePlaceholders(text: string): Part[] | string {
  const parts: Part[] = []
  let literal = ''
  let at = 0
  while (at < text.length) {
    const next = text.indexOf('$', at)
    if (next < 0) break
    if (text.startsWith('$${', next)) {
      literal += `${text.slice(at, next)}\${`
      at = next + 3
      continue
    }
    if (!text.startsWith('${', next)) {
      literal += text.slice(at, next + 1)
      at = next + 1
      continue
    }
    const end = text.indexOf('}', next)
    if (end < 0) return 'a placeholder is not closed with }; a literal ${ is written $${'
    const placeholder = readPlaceholder(text.slice(next + 2, end))
    if (typeof placeholder === 'string') return placeholder
    literal += text.slice(at, next)
    if (literal) parts.push({ type: 'text', text: literal })
    literal = ''
    parts.push(placeholder)
    at = end + 1
  }
  literal += text.slice(at)
  if (literal) parts.push({ type: 'text', text: literal })
  return parts
}

/** Whether a value is text with at least one placeholder, also a malformed one. */
export function hasPlaceholder(value: unknown): value is string {
  if (typeof value !== 'string' || !value.includes('${')) return false
  const parts = parsePlaceholders(value)
  return typeof parts === 'string' || parts.some(({ type }) => type !== 'text')
}

/** Whether a text is one placeholder and nothing else. */
export function isWholePlaceholder(value: unknown): boolean {
  if (typeof value !== 'string') return false
  const parts = parsePlaceholders(value)
  return typeof parts !== 'string' && parts.length === 1 && parts[0]?.type !== 'text'
}

/**
 * Replaces every placeholder in the strings of a value, however deep. Nothing is thrown: what has no value becomes a
 * fault with its path, and stays as written.
 */
export async function resolvePlaceholders(value: unknown, sources: Sources): Promise<Resolved> {
  const found: Omit<Resolved, 'value'> = { whole: [], secretValues: [], faults: [] }
  const walk = async (node: unknown, path: Path): Promise<unknown> => {
    if (typeof node === 'string') return resolveText(node, path, sources, found)
    if (Array.isArray(node)) {
      const items: unknown[] = []
      for (const [index, item] of node.entries()) items.push(await walk(item, [...path, index]))
      return items
    }
    if (typeof node !== 'object' || node === null) return node
    const entries: [string, unknown][] = []
    for (const [key, item] of Object.entries(node))
      entries.push([key, await walk(item, [...path, key])])
    return Object.fromEntries(entries)
  }
  return { value: await walk(value, []), ...found }
}

function readPlaceholder(inner: string): Placeholder | string {
  const prefixed = /^(secret|file|cred):(.*)$/s.exec(inner)
  if (prefixed) {
    const type = prefixed[1] as 'secret' | 'file' | 'cred'
    const name = prefixed[2]!
    if (namePatterns[type].test(name)) return { type, name }
    return `\${${type}:…} needs a ${type === 'file' ? 'path' : 'name of letters, digits, dots, hyphens and underscores'}`
  }
  const split = inner.indexOf(':-')
  const name = split < 0 ? inner : inner.slice(0, split)
  if (!namePatterns.env.test(name)) {
    return 'a placeholder is ${NAME}, ${NAME:-default}, ${secret:name}, ${file:path} or ${cred:name}; a literal ${ is written $${'
  }
  return { type: 'env', name, ...(split < 0 ? {} : { fallback: inner.slice(split + 2) }) }
}

async function resolveText(
  text: string,
  path: Path,
  sources: Sources,
  found: Omit<Resolved, 'value'>,
): Promise<string> {
  const parts = parsePlaceholders(text)
  if (typeof parts === 'string') {
    found.faults.push({ path, message: parts, kind: 'invalid' })
    return text
  }
  let result = ''
  for (const part of parts) {
    if (part.type === 'text') {
      result += part.text
      continue
    }
    const answer = await valueOf(part, sources)
    if (typeof answer !== 'string') {
      found.faults.push({ path, ...answer, kind: 'unset' })
      return text
    }
    if (part.type !== 'env' && answer) found.secretValues.push(answer)
    result += answer
  }
  if (parts.length === 1 && parts[0]?.type !== 'text') found.whole.push(path)
  return result
}

async function valueOf(
  part: Placeholder,
  sources: Sources,
): Promise<string | { message: string; hint: string }> {
  switch (part.type) {
    case 'env': {
      // As in a shell: `:-` also stands in for an empty variable, and an empty one is no value.
      const value = sources.env[part.name] || part.fallback
      if (value !== undefined) return value
      const state = sources.env[part.name] === '' ? 'is empty' : 'is not set'
      return {
        message: `the environment variable ${part.name} ${state}`,
        hint: `Set it, or give a default: \${${part.name}:-…}`,
      }
    }
    case 'secret':
      return (
        (await sources.secret(part.name)) ?? {
          message: `there is no secret named ${part.name}`,
          hint: `Store it with "caravan secret set ${part.name}".`,
        }
      )
    case 'file':
      return readSmall(resolve(sources.configDir, part.name), sources)
    case 'cred':
      if (!sources.credentialsDirectory) {
        return {
          message: `the credential ${part.name} cannot be read: CREDENTIALS_DIRECTORY is not set`,
          hint: `Start caravan by systemd with LoadCredential=${part.name}:…`,
        }
      }
      return readSmall(resolve(sources.credentialsDirectory, part.name), sources)
  }
}

async function readSmall(
  path: string,
  sources: Sources,
): Promise<string | { message: string; hint: string }> {
  try {
    const text = await sources.readFile(path)
    if (text === '')
      return { message: `the file ${path} is empty`, hint: 'Write the value into it.' }
    return (
      text ?? {
        message: `there is no file ${path}`,
        hint: 'Paths are relative to the config file.',
      }
    )
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return {
      message: `the file ${path} cannot be read: ${why}`,
      hint: 'Check the file and its mode.',
    }
  }
}
