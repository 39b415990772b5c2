import { hash } from 'node:crypto'

/** Namespace of the ids below. Changing it would give every group and price type we ever wrote a new id. */
const namespace = '6b8f2f52-7d0e-5c11-9d53-0c6a2f1e4b77'

/**
 * A GUID that follows from the words alone (version 5, RFC 9562), for things that have a name but no id of their own:
 * `stableId('haier', 'group', 'Холодильники')`. The same words give the same id on every machine and for ever.
 */
export function stableId(...words: readonly string[]): string {
  const seed = Buffer.from(namespace.replaceAll('-', ''), 'hex')
  const name = Buffer.from(JSON.stringify(words))
  const bytes = Buffer.from(hash('sha1', Buffer.concat([seed, name]), 'hex').slice(0, 32), 'hex')
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex')
  return [0, 8, 12, 16, 20]
    .map((start, index, starts) => hex.slice(start, starts[index + 1]))
    .join('-')
}
