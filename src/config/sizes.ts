import { z } from 'zod'

/** Decimal and binary units mean what their standards say: 1 kB is 1000 bytes, 1 KiB is 1024. */
const unitBytes: Record<string, number> = {
  b: 1,
  kb: 1000,
  mb: 1000 ** 2,
  gb: 1000 ** 3,
  tb: 1000 ** 4,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
}

const sizeRule =
  'must be a whole number and a unit (B, KB, MB, GB, TB or KiB, MiB, GiB, TiB), such as 500MB or 2GB'

/** `2GB` in bytes; undefined when it is not a size. Upper and lower case are the same. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,15}) ?([a-z]{1,3})$/i.exec(text.trim())
  const unit = match && unitBytes[match[2]!.toLowerCase()]
  if (!match || !unit) return undefined
  const bytes = Number(match[1]) * unit
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** A size as it stands in the file, parsed to bytes. */
export const Size = z.string().transform((text, context) => {
  const bytes = parseSize(text)
  if (bytes !== undefined) return bytes
  context.issues.push({ code: 'custom', message: sizeRule, input: text })
  return z.NEVER
})
