/** When a schedule came last. */
import { nextInstant } from './next.ts'
import { parseSchedule } from './parse.ts'
import { dayMs } from './wall.ts'

/** Whatever comes at all has come within it. */
const furthestMs = 45 * 366 * dayMs

/** The last one before an instant, looked for from ever further back. Undefined when there was none. Throws `usage`. */
export function previousOccurrence(cron: string, zone: string, before: Date): Date | undefined {
  const schedule = parseSchedule(cron)
  const end = before.getTime()
  for (let stepMs = 1000; stepMs < furthestMs; stepMs *= 2) {
    let found: number | undefined
    for (let at: number | undefined = end - stepMs - 1; ; found = at) {
      at = nextInstant(schedule, zone, at)
      if (at === undefined || at >= end) break
    }
    if (found !== undefined) return new Date(found)
  }
  return undefined
}
