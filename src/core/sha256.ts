import { createHash } from 'node:crypto'

/** In lower-case hexadecimal. A text is hashed as UTF-8. */
export const sha256 = (data: string | Uint8Array): string =>
  createHash('sha256').update(data).digest('hex')
