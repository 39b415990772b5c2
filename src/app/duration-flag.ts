import { durationRule, parseDuration } from '../config/durations.ts'
import { CaravanError } from '../core/errors.ts'

/** The milliseconds of a flag such as `--for 2h`, above zero. Throws `usage`. */
export function readDurationFlag(flag: string, text: string): number {
  const ms = parseDuration(text)
  if (ms) return ms
  throw new CaravanError({
    code: 'usage',
    message: `${flag} ${text} is no ${ms === 0 ? 'time at all' : 'duration'}`,
    hint: `It ${durationRule}.`,
  })
}
