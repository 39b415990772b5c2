import { createSecretKey, hkdfSync, randomBytes } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { CaravanError } from '../../core/errors.ts'

/** The key-encryption key. Prints without its content. */
export type Kek = {
  /** 16 hex digits derived from the key; safe to show and to store. */
  id: string
  key: KeyObject
}

const prefix = 'caravan-key-v1:'
const keyBytes = 32

/** A fresh key as text: `caravan-key-v1:` and 32 random bytes in base64url. */
export const newKey = (): string => prefix + randomBytes(keyBytes).toString('base64url')

/** The id of a key: enough to tell two keys apart, nothing that helps to find one. */
export const keyId = (key: KeyObject): string =>
  Buffer.from(hkdfSync('sha256', key, '', 'caravan key id', 8)).toString('hex')

/** Reads the text of a key; white space around it is ignored. Throws `key_malformed`, which says what is wrong. */
export function parseKey(text: string, source: string): Kek {
  const trimmed = text.trim()
  const fault = faultOf(trimmed)
  if (fault) {
    throw new CaravanError({
      code: 'key_malformed',
      message: `the key from ${source} ${fault}`,
      hint: `A key is "${prefix}" and 43 letters, digits, hyphens and underscores. Use the one that "caravan init" made; a new key cannot open old secrets.`,
    })
  }
  const bytes = Buffer.from(trimmed.slice(prefix.length), 'base64url')
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return { id: keyId(key), key }
}

/** Never repeats the text: it may be most of a key. */
function faultOf(text: string): string | undefined {
  if (text === '') return 'is empty'
  if (!text.startsWith(prefix)) {
    const isBare = /^(?:[0-9a-f]{64}|[A-Za-z0-9_+/-]{43}=?)$/i.test(text)
    return isBare ? `lacks the "${prefix}" in front` : `does not begin with "${prefix}"`
  }
  const body = text.slice(prefix.length)
  if (/\s/.test(body)) return 'has spaces or line breaks inside'
  if (!/^[A-Za-z0-9_-]*$/.test(body)) return 'has characters that do not belong there'
  if (body.length !== 43) return `has ${body.length} characters after the prefix instead of 43`
  const isExact = Buffer.from(body, 'base64url').toString('base64url') === body
  return isExact ? undefined : 'is misspelt: its last character cannot be right'
}
