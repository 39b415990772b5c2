/** Made-up secrets that are planted in a config and looked for afterwards, in every form they may have taken. */
import { createHash } from 'node:crypto'
import { secretsIn } from '../calls/redact.ts'
import { fieldsOf } from '../config/form.ts'
import type { AnyAdapter } from '../core/adapter.ts'

export type Planted = {
  config: Record<string, unknown>
  /** The fields that hold one. */
  fields: string[]
  /** The values, and the parts of them that are secrets themselves. */
  secrets: string[]
}

/**
 * Replaces every secret of a config that `adapter` accepts, and fills the secret fields that it leaves out. A field that takes anything gets quotes, blanks and letters beyond ASCII; of an address the last part
 * is replaced. Other words for `salt` make other canaries.
 */
export function plantCanaries(
  adapter: AnyAdapter,
  given: Record<string, unknown>,
  salt: string,
): Planted {
  const config = { ...given }
  const fields: string[] = []
  for (const { name } of fieldsOf(adapter.config).filter(({ isSecret }) => isSecret)) {
    const seed = `${adapter.id}/${name}/${salt}`
    const like = String(given[name] ?? hexOf(seed).slice(0, 32))
    const candidates = [`canary ${name}/"é"+${salt}`, likeness(like, seed), like]
    const isKept = (value: string) => accepts(adapter, { ...config, [name]: value }, name)
    const value = candidates.find(isKept)
    if (value === undefined) continue
    if (value === given[name]) throw new Error(`${adapter.id}: no canary fits ${name}`)
    config[name] = value
    fields.push(name)
  }
  return { config, fields, secrets: secretsOf(adapter, config) }
}

/** The secrets of a config, and the parts of them that are secrets themselves. */
export function secretsOf(adapter: AnyAdapter, config: unknown): string[] {
  const parsed: unknown = adapter.config.parse(config)
  const values = secretsIn(parsed)
  const parts = adapter.http.secretParts?.(parsed) ?? []
  return [...new Set([...values, ...values.flatMap(partsOf), ...parts])]
}

/** What proves something in an address: long ids in its path and query. Found without asking the adapter for them. */
function partsOf(secret: string): string[] {
  const url = URL.parse(secret)
  if (!url?.host) return []
  const parts = [...url.pathname.split('/'), ...url.searchParams.values()]
  return parts.filter((part) => part.length >= 16)
}

/** Whether nothing is wrong with a field; another one may have to be given beside it. */
function accepts(adapter: AnyAdapter, config: Record<string, unknown>, field: string): boolean {
  const { success, data } = adapter.config.safeParse(config)
  return success && !(adapter.checkConfig?.(data) ?? []).some((fault) => fault.field === field)
}

/** What tells vendors' secrets apart stays: the beginning of an address, prefixes such as `SEC`. */
const prefix = /^(https?:\/\/.*[/=]|SEC|whsec_|\d+:)/

/** Another text of the same form: digits for digits, small letters for small ones, hexadecimal for hexadecimal. */
function likeness(secret: string, seed: string): string {
  const [kept = ''] = prefix.exec(secret) ?? []
  const rest = secret.slice(kept.length)
  const small = /^[0-9a-f-]+$/.test(rest) ? 'abcdef' : 'abcdefghijklmnopqrstuvwxyz'
  const bytes = Buffer.concat([0, 1, 2, 3].map((part) => hashOf(`${seed}/${part}`)))
  let at = 0
  const pick = (letters: string) =>
    letters.charAt(bytes.readUInt8(at++ % bytes.length) % letters.length)
  const changed = rest
    .replace(/[a-z]/g, () => pick(small))
    .replace(/[A-Z]/g, () => pick('ABCDEFGHIJKLMNOPQRSTUVWXYZ'))
    .replace(/\d/g, () => pick('0123456789'))
  return kept + changed
}

const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest()
const hexOf = (text: string): string => hashOf(text).toString('hex')

/** Six forms: plain, in a URL, base64, base64url, hex, in JSON. What a file holds is compared byte by byte. */
export function sixForms(secret: string): string[] {
  const bytes = Buffer.from(secret)
  return [
    secret,
    encodeURIComponent(secret),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    JSON.stringify(secret).slice(1, -1),
  ]
}

/** The secrets that stand somewhere in a text or in bytes, in any form; each told by its beginning alone. */
export function found(secrets: readonly string[], where: string | Buffer): string[] {
  const bytes = Buffer.isBuffer(where) ? where : Buffer.from(where)
  const lower = Buffer.from(bytes.toString('latin1').toLowerCase(), 'latin1')
  return secrets.flatMap((secret) => {
    const forms = sixForms(secret)
    const hit = forms.findIndex((form, at) => (at === hexAt ? lower : bytes).includes(form))
    return hit === -1 ? [] : [`${secret.slice(0, 12)}… in form ${hit}`]
  })
}

/** Hexadecimal is written in small and in capital letters. */
const hexAt = 4
