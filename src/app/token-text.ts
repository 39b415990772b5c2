import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'

/**
 * `caravan_`, 256 random bits, and a checksum. The prefix lets scanners of repositories find one that leaked; the
 * checksum tells a mistyped token from a wrong one, without a look into the state.
 */
export function newTokenText(): string {
  const body = randomBytes(32).toString('base64url')
  return `${prefix}${body}${checksumOf(body)}`
}

/** `malformed`: it cannot be one of ours, or a character of it is wrong or missing. */
export function judgeTokenText(text: string): 'whole' | 'malformed' {
  const [, body, checksum] = form.exec(text) ?? []
  return body !== undefined && checksumOf(body) === checksum ? 'whole' : 'malformed'
}

/** Takes tokens out of a text that may have been written by anybody. */
export const hideTokens = (text: string): string =>
  text.replaceAll(/caravan_[\w-]{4,}/gi, 'caravan_***')

const prefix = 'caravan_'
const form = /^caravan_([\w-]{43})([\w-]{6})$/

function checksumOf(body: string): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32(body))
  return bytes.toString('base64url')
}
