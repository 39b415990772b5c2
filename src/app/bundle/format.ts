/**
 * A bundle as it lies in a file:
 *
 *   caravan-bundle-v1
 *   made: 2026-11-21T08:00:00.000Z           what it is, for people and for `restore`
 *   …
 *   config: 812 bytes
 *                                            an empty line
 *   version: 1                               integrations.yaml, as many bytes as were said
 *   …
 *   r1.…                                     what is sealed: the secrets, and a hash of everything above
 *   end of caravan-bundle
 *
 * Nothing in it can be changed without notice: what stands above is bound by the hash, the hash by the seal.
 */
import { createHmac, type KeyObject } from 'node:crypto'
import { readSync, openSync, closeSync, constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { z } from 'zod'
import { maxConfigBytes } from '../../config/document.ts'
import { sha256Of } from '../../config/write.ts'
import { CaravanError, messageOf, systemCode } from '../../core/errors.ts'

const magic = 'caravan-bundle-v1'
/**
 * Bound to what is sealed, so that nothing sealed for another purpose passes for it. Whoever has a bundle knows for which
 * recipient it is and could seal another one for him; with a passphrase that is prevented, for its key is bound in too.
 */
export const sealContext = (passphraseKey?: KeyObject): string =>
  passphraseKey
    ? `${magic} ${createHmac('sha256', passphraseKey).update(magic).digest('hex')}`
    : magic
const ending = '\nend of caravan-bundle\n'

/** A config of 1 MB and the secrets of a thousand services; what is larger was named by mistake. */
const maxBytes = 16_000_000
const maxHeadBytes = 2_000_000

export type Head = {
  madeAt: string
  /** Version of caravan. */
  madeBy: string
  recipient: string
  /** How the passphrase becomes the recipient's key; left out for a key of another machine. */
  passphrase?: { n: number; r: number; p: number; salt: string }
}

export type Carried = Record<string, { value: string; expires_at: string | null }>

export type Bundle = Head & {
  /** As bytes stand in the file, up to what is sealed. */
  above: Buffer
  config: Buffer
  sealed: string
}

/** `contents`: further lines for people, by name. */
export function headText(
  head: Head,
  contents: readonly (readonly [name: string, value: string])[],
  config: string,
  seal: (above: string) => string,
): string {
  const { passphrase } = head
  const kdf =
    passphrase && `scrypt ${passphrase.n} ${passphrase.r} ${passphrase.p} ${passphrase.salt}`
  const lines = [
    ['made', head.madeAt],
    ['by', `caravan ${head.madeBy}`],
    ['for', head.recipient],
    ...(kdf ? [['passphrase', kdf] as const] : []),
    ...contents,
    ['config', `${Buffer.byteLength(config)} bytes`],
  ]
  const text = lines.map(([name, value = '']) => `${name}: ${oneLine(value)}\n`).join('')
  const above = `${magic}\n${text}\n${config}`
  return `${above}\n${seal(above)}${ending}`
}

/** Names of files may hold anything. */
const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ')

/** Whether a file begins as a bundle does. False for what cannot be read. */
export function isBundle(path: string): boolean {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const bytes = Buffer.alloc(prefix.length)
      readSync(file, bytes, 0, bytes.length, 0)
      return bytes.toString('latin1') === prefix
    } finally {
      closeSync(file)
    }
  } catch {
    return false
  }
}

const prefix = 'caravan-bundle-v'

/** Throws `file_unreadable`. What is read is at most a little more than a bundle can be. */
export async function readBundleFile(path: string): Promise<Buffer> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const stat = await file.stat()
      if (!stat.isFile()) throw new Error('it is not a regular file')
      if (stat.size > maxBytes) throw damaged(path, `it is larger than ${maxBytes} bytes`)
      return await file.readFile()
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof CaravanError) throw error
    const why = systemCode(error) === 'ENOENT' ? 'there is no such file' : messageOf(error)
    throw new CaravanError({ code: 'file_unreadable', message: `cannot read ${path}: ${why}` })
  }
}

/** Throws `bundle_damaged` for what is no bundle, cut, or of a newer format. What it says is not proven yet. */
export function parseBundle(bytes: Buffer, path: string): Bundle {
  const start = bytes.subarray(0, maxHeadBytes).indexOf('\n\n') + 2
  const [first = '', ...lines] = bytes.toString('utf8', 0, Math.max(0, start - 2)).split('\n')
  if (first !== magic) throw notOurs(bytes, path)
  const fields = new Map(
    lines.map((line): [string, string] => {
      const at = line.indexOf(': ')
      return [line.slice(0, at), line.slice(at + 2)]
    }),
  )
  const field = (name: string, pattern: RegExp): RegExpExecArray => {
    const found = pattern.exec(fields.get(name) ?? '')
    if (!found) throw damaged(path, `its line "${name}" cannot be read`)
    return found
  }
  const size = Number(field('config', /^(\d{1,7}) bytes$/)[1])
  const above = bytes.subarray(0, start + size)
  const rest = bytes.toString('latin1', start + size)
  if (size > maxConfigBytes) throw damaged(path, 'its config is larger than 1 MB')
  if (above.length < start + size || !rest.endsWith(ending))
    throw damaged(path, 'its end is missing')
  if (!rest.startsWith('\n')) throw damaged(path, 'it was altered')
  const kdf = fields.has('passphrase')
    ? field('passphrase', /^scrypt (\d{1,8}) (\d{1,2}) (\d{1,2}) ([A-Za-z0-9_-]{16,64})$/)
    : undefined
  return {
    madeAt: field('made', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)[0],
    madeBy: field('by', /^caravan (\S+)$/)[1] ?? '',
    recipient: field('for', /^\S+$/)[0],
    ...(kdf && {
      passphrase: { n: Number(kdf[1]), r: Number(kdf[2]), p: Number(kdf[3]), salt: kdf[4] ?? '' },
    }),
    above,
    config: above.subarray(start),
    sealed: rest.slice(1, -ending.length),
  }
}

/** What was sealed, once opened. Throws `bundle_damaged` when it does not belong to what stands above it. */
export function readSealed(plain: Buffer, { above }: Bundle, path: string): Carried {
  const read = Inside.safeParse(jsonOf(plain))
  if (!read.success) throw damaged(path, 'what is sealed in it cannot be read')
  const { sha256, secrets } = read.data
  if (sha256 !== sha256Of(above)) throw damaged(path, 'what stands in clear in it was altered')
  return secrets
}

/** Anybody may seal something for a recipient: what comes out is not ours before it was looked at. */
const Inside = z.strictObject({
  sha256: z.string(),
  secrets: z.record(
    z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/),
    z.strictObject({ value: z.string().min(1), expires_at: z.iso.datetime().nullable() }),
  ),
})

function jsonOf(plain: Buffer): unknown {
  try {
    return JSON.parse(plain.toString('utf8'))
  } catch {
    return undefined
  }
}

export const sealedText = (above: string, secrets: Carried): Buffer =>
  Buffer.from(JSON.stringify({ sha256: sha256Of(above), secrets }))

/** A decoder skips what it does not know: only text that is written the same again was not altered. */
export const isCanonical = (sealed: string): boolean =>
  sealed
    .split('.')
    .slice(1)
    .every((part) => Buffer.from(part, 'base64url').toString('base64url') === part)

export const damaged = (path: string, why: string): CaravanError =>
  new CaravanError({
    code: 'bundle_damaged',
    message: `${path} cannot be restored: ${why}`,
    hint: 'Nothing was changed. Make it again with "caravan config bundle", or copy it again, as a binary file.',
  })

function notOurs(bytes: Buffer, path: string): CaravanError {
  const begin = bytes.toString('latin1', 0, 40)
  if (begin.startsWith(`${magic}\r`)) {
    return damaged(path, 'its line ends were changed on the way')
  }
  const version = /^caravan-bundle-v(\d{1,6})\n/.exec(begin)?.[1]
  if (version !== undefined && version !== '1') {
    return new CaravanError({
      code: 'bundle_damaged',
      message: `${path} is a bundle of format ${version}, and this caravan knows format 1`,
      hint: 'Restore it with the caravan that made it, or a newer one.',
    })
  }
  if (begin.startsWith('SQLite format 3')) {
    return new CaravanError({
      code: 'bundle_damaged',
      message: `${path} is a state or a backup of one, not a bundle of the config`,
      hint: `A backup is restored with: caravan restore ${path}`,
    })
  }
  return damaged(path, 'it is not a bundle')
}
