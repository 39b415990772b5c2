import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { CaravanError } from '../../core/errors.ts'
import type { Kek } from './keys.ts'

/*
 * A record is one line of text, seven parts joined by dots, binary parts in base64url:
 *
 *   v1 . kek id . wrap nonce . wrapped data key + tag . nonce . ciphertext . tag
 *
 * Each secret has its own random 32-byte data key. The value is sealed with it (AES-256-GCM), bound to the row that
 * holds it; the data key is sealed with the key-encryption key, bound to that key's id. Moving a record to another row
 * or another version of the same row makes it unreadable. Rotation wraps the data key anew and never sees the value.
 */

/** The row a record belongs to. */
export type Identity = { table: string; name: string; version: number }

/** Seals a value; two seals of the same value differ. */
export function sealSecret(kek: Kek, identity: Identity, value: string): string {
  const dataKey = randomBytes(32)
  const wrapped = seal(kek.key, wrapContext(kek.id), dataKey)
  const sealed = seal(createSecretKey(dataKey), valueContext(identity), Buffer.from(value, 'utf8'))
  dataKey.fill(0)
  return writeRecord({
    kekId: kek.id,
    wrapNonce: wrapped.nonce,
    wrappedKey: Buffer.concat([wrapped.ciphertext, wrapped.tag]),
    ...sealed,
  })
}

/** Throws `key_wrong` when another key sealed it, `secret_damaged` when it was altered or belongs to another row. */
export function openSecret(kek: Kek, identity: Identity, record: string): string {
  const parts = readRecord(record, identity.name)
  const dataKey = unwrap(kek, parts, identity.name)
  const value = unseal(createSecretKey(dataKey), valueContext(identity), parts)
  dataKey.fill(0)
  if (!value) throw damaged(identity.name)
  return value.toString('utf8')
}

/** Seals the data key with the new key; the sealed value is copied as it is. `name` is for errors alone. */
export function rewrap(oldKek: Kek, newKek: Kek, record: string, name?: string): string {
  const parts = readRecord(record, name)
  const dataKey = unwrap(oldKek, parts, name)
  const wrapped = seal(newKek.key, wrapContext(newKek.id), dataKey)
  dataKey.fill(0)
  const wrappedKey = Buffer.concat([wrapped.ciphertext, wrapped.tag])
  return writeRecord({ ...parts, kekId: newKek.id, wrapNonce: wrapped.nonce, wrappedKey })
}

/** The id of the key that a record needs, without any key; throws `secret_damaged` for what is no record. */
export const kekIdOf = (record: string): string => readRecord(record).kekId

/** A slot that the check is for; none in a state from before there were slots. */
export type CheckedSlot = { id: string; recipient: string }

/** What `init` stores, so that a wrong key is told in one line at start. */
export const checkRecord = (kek: Kek, instanceId: string, slot?: CheckedSlot): string =>
  sealSecret(kek, checkIdentity, checkText(instanceId, slot))

/**
 * Throws `key_wrong` for another key, `state_swapped` when the state is another installation's, `secret_damaged` when
 * the record was altered or made for another slot.
 */
export function verifyCheckRecord(
  kek: Kek,
  instanceId: string,
  record: string,
  slot?: CheckedSlot,
): void {
  const text = openSecret(kek, checkIdentity, record)
  if (text === checkText(instanceId, slot)) return
  if (text.split(' ')[0] === instanceId) throw damaged(checkIdentity.name)
  throw new CaravanError({
    code: 'state_swapped',
    message: 'the key check of this state file belongs to another installation',
    hint: 'Restore the state file and its key from the same backup.',
  })
}

const checkText = (instanceId: string, slot: CheckedSlot | undefined): string =>
  slot ? `${instanceId} ${slot.id} ${slot.recipient}` : instanceId

const checkIdentity: Identity = { table: 'key_check', name: 'key check', version: 1 }

type Sealed = { nonce: Buffer; ciphertext: Buffer; tag: Buffer }
type RecordParts = Sealed & { kekId: string; wrapNonce: Buffer; wrappedKey: Buffer }

const cipher = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16
const keyBytes = 32
// Without it Node accepts tags of 4 bytes, which can be guessed.
const options = { authTagLength: tagBytes }

const wrapContext = (kekId: string): Buffer =>
  Buffer.from(JSON.stringify(['caravan-data-key-v1', kekId]))

const valueContext = ({ table, name, version }: Identity): Buffer =>
  Buffer.from(JSON.stringify(['caravan-secret-v1', table, name, version]))

function seal(key: KeyObject, context: Buffer, plain: Buffer): Sealed {
  const nonce = randomBytes(nonceBytes)
  const box = createCipheriv(cipher, key, nonce, options).setAAD(context)
  const ciphertext = Buffer.concat([box.update(plain), box.final()])
  return { nonce, ciphertext, tag: box.getAuthTag() }
}

/** Undefined when key, context or any bit differs. */
function unseal(key: KeyObject, context: Buffer, sealed: Sealed): Buffer | undefined {
  const box = createDecipheriv(cipher, key, sealed.nonce, options).setAAD(context)
  box.setAuthTag(sealed.tag)
  const plain = box.update(sealed.ciphertext)
  try {
    return Buffer.concat([plain, box.final()])
  } catch {
    return undefined
  }
}

function unwrap(kek: Kek, parts: RecordParts, name?: string): Buffer {
  if (parts.kekId !== kek.id) {
    throw new CaravanError({
      code: 'key_wrong',
      message: `${name ? `the secret ${name}` : 'a secret'} was sealed with the key ${parts.kekId}, and the key in use is ${kek.id}`,
      hint: 'Give caravan the key that this state file was made with. Keys are kept apart from backups on purpose.',
    })
  }
  const dataKey = unseal(kek.key, wrapContext(kek.id), {
    nonce: parts.wrapNonce,
    ciphertext: parts.wrappedKey.subarray(0, keyBytes),
    tag: parts.wrappedKey.subarray(keyBytes),
  })
  if (!dataKey) throw damaged(name)
  return dataKey
}

const writeRecord = (parts: RecordParts): string =>
  [
    'v1',
    parts.kekId,
    ...[parts.wrapNonce, parts.wrappedKey, parts.nonce, parts.ciphertext, parts.tag].map((part) =>
      part.toString('base64url'),
    ),
  ].join('.')

function readRecord(record: string, name?: string): RecordParts {
  const [version, kekId, ...rest] = record.split('.')
  if (version !== 'v1' || !kekId || rest.length !== 5) throw damaged(name)
  const [wrapNonce, wrappedKey, nonce, ciphertext, tag] = rest.map((part) => {
    const bytes = Buffer.from(part, 'base64url')
    // A decoder skips what it does not know: only what reads back the same is a part.
    if (bytes.toString('base64url') !== part) throw damaged(name)
    return bytes
  }) as [Buffer, Buffer, Buffer, Buffer, Buffer]
  const isSound =
    wrapNonce.length === nonceBytes &&
    wrappedKey.length === keyBytes + tagBytes &&
    nonce.length === nonceBytes &&
    tag.length === tagBytes
  if (!isSound) throw damaged(name)
  return { kekId, wrapNonce, wrappedKey, nonce, ciphertext, tag }
}

const damaged = (name?: string): CaravanError =>
  new CaravanError({
    code: 'secret_damaged',
    message: `${name ? `the secret ${name}` : 'a secret'} cannot be opened: its record was altered, cut or moved`,
    hint: 'Store it again with "caravan secret set", or restore a backup of the state file.',
  })
