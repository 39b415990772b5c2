import { z } from 'zod'

const unitMs: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** Ten years: more than any wait we know, and far below what `Date` can add. */
const longestMs = 3650 * 86_400_000

export const durationRule =
  'must be a whole number and a unit (ms, s, m, h, d), such as 500ms, 10s, 15m, 2h or 30d'

/** `10s` in milliseconds; undefined when it is not a duration. `0s` is one. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,15})(ms|s|m|h|d)$/.exec(text.trim())
  if (!match) return undefined
  const ms = Number(match[1]) * (unitMs[match[2]!] ?? Number.NaN)
  return ms <= longestMs ? ms : undefined
}

/** A duration as it stands in the file, parsed to milliseconds. */
export const Duration = z.string().transform((text, context) => {
  const ms = parseDuration(text)
  if (ms !== undefined) return ms
  context.issues.push({ code: 'custom', message: durationRule, input: text })
  return z.NEVER
})
