/**
 * Sealing for a key that is not here. Every key of ours, a file's or a passphrase's, has an X25519 pair derived from it:
 * with the public half, which is no secret, anybody may seal for the key, and only who holds the key can open. So a
 * master key can be given to every unlock slot, and a bundle to another machine, without either being asked for its key.
 */
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { CaravanError } from '../../core/errors.ts'

/** `caravan-recipient-v1:` and 32 bytes in base64url. Safe to show, to send and to store. */
export type Recipient = string

export type KeyPair = { recipient: Recipient; privateKey: KeyObject }

const prefix = 'caravan-recipient-v1:'
/** What stands in front of the 32 raw bytes in the encodings Node reads. RFC 8410. */
const privateHead = Buffer.from('302e020100300506032b656e04220420', 'hex')
const publicHead = Buffer.from('302a300506032b656e032100', 'hex')

/** The pair that belongs to a key; always the same. */
export function pairOf(key: KeyObject): KeyPair {
  const seed = Buffer.from(hkdfSync('sha256', key, '', 'caravan recipient', 32))
  const der = Buffer.concat([privateHead, seed])
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  seed.fill(0)
  der.fill(0)
  return { privateKey, recipient: prefix + rawPublic(createPublicKey(privateKey)) }
}

/**
 * Seals bytes for a recipient. `context` is bound to the result: it opens under the same context only. The shape is
 * `r1 . public key of this once . nonce . ciphertext . tag`, each in base64url. Throws `key_malformed`.
 */
export function sealFor(recipient: Recipient, context: string, plain: Uint8Array): string {
  const theirs = readRecipient(recipient)
  const once = generateKeyPairSync('x25519')
  const oncePublic = rawPublic(once.publicKey)
  const shared = diffieHellman({ privateKey: once.privateKey, publicKey: theirs })
  const nonce = randomBytes(12)
  const box = createCipheriv(cipher, keyFrom(shared, oncePublic, recipient), nonce, options)
  box.setAAD(Buffer.from(context))
  const ciphertext = Buffer.concat([box.update(plain), box.final()])
  const parts = [nonce, ciphertext, box.getAuthTag()].map((part) => part.toString('base64url'))
  return ['r1', oncePublic, ...parts].join('.')
}

/** Undefined when it was sealed for another key, under another context, or altered. */
export function openSealed(pair: KeyPair, context: string, sealed: string): Buffer | undefined {
  const [version, oncePublic = '', ...rest] = sealed.split('.')
  const [nonce, ciphertext, tag] = rest.map((part) => Buffer.from(part, 'base64url'))
  if (version !== 'r1' || rest.length !== 3 || !nonce || !ciphertext || !tag) return undefined
  try {
    const publicKey = readPublic(oncePublic)
    const shared = diffieHellman({ privateKey: pair.privateKey, publicKey })
    const box = createDecipheriv(
      cipher,
      keyFrom(shared, oncePublic, pair.recipient),
      nonce,
      options,
    )
    box.setAAD(Buffer.from(context)).setAuthTag(tag)
    return Buffer.concat([box.update(ciphertext), box.final()])
  } catch {
    return undefined
  }
}

const cipher = 'aes-256-gcm'
// Without it Node accepts tags of 4 bytes, which can be guessed.
const options = { authTagLength: 16 }

const keyFrom = (shared: Buffer, oncePublic: string, recipient: Recipient): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', shared, oncePublic, `caravan sealed for ${recipient}`, 32))

const rawPublic = (key: KeyObject): string =>
  key.export({ format: 'der', type: 'spki' }).subarray(publicHead.length).toString('base64url')

function readPublic(text: string): KeyObject {
  const raw = Buffer.from(text, 'base64url')
  if (raw.length !== 32 || raw.toString('base64url') !== text) throw new Error('no public key')
  return createPublicKey({
    key: Buffer.concat([publicHead, raw]),
    format: 'der',
    type: 'spki',
  })
}

function readRecipient(text: Recipient): KeyObject {
  try {
    if (!text.startsWith(prefix)) throw new Error('another prefix')
    return readPublic(text.slice(prefix.length))
  } catch (cause) {
    throw new CaravanError({
      code: 'key_malformed',
      message: 'this is not a recipient',
      hint: `A recipient is "${prefix}" and 43 letters, digits, hyphens and underscores. "caravan key list" shows it on the machine that is to receive.`,
      cause,
    })
  }
}
