import { sha256 } from './sha256.ts'

/** An idempotency key where letters, digits, `-` and `_` alone may stand; the same key is the same text each time. */
export const plainKey = (key: string): string => (/^[\w-]{1,100}$/.test(key) ? key : sha256(key))
