import { parseDuration } from '../config/durations.ts'
import type { Clock } from '../core/clock.ts'
import { CaravanError } from '../core/errors.ts'
import { parseInstant } from '../core/parse-instant.ts'

/**
 * The instant of a flag such as `--since`: `2h` is two hours ago; anything else is an instant, in the local zone unless it
 * names one. Throws `usage`.
 */
export function readInstantFlag(flag: string, text: string, { now }: Pick<Clock, 'now'>): Date {
  const ago = parseDuration(text)
  if (ago !== undefined) return new Date(now().getTime() - ago)
  const at = parseInstant(text, 'local')
  if (at) return at
  throw new CaravanError({
    code: 'usage',
    message: `${flag} ${text} is neither a time nor a duration`,
    hint: 'Write it like 2h, 3d, 2026-11-21 or 2026-11-21T08:00.',
  })
}
