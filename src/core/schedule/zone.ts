/** What a zone does to its clock, and where a local time is in real time. The data is the platform's (Intl). */
import { offsetMs } from '../local-time.ts'
import { dayMs } from './wall.ts'

/** The clock of a zone goes from one offset to another; both in milliseconds ahead of UTC. */
export type Change = { at: number; before: number; after: number }

/** A local time is once, not at all (the clock skips it at `change`), or twice. */
export type Place =
  | { is: 'once'; at: number }
  | { is: 'skipped'; change: Change }
  | { is: 'twice'; at: number; change: Change }

/** Ahead of UTC, in milliseconds. Throws RangeError for a zone that does not exist. */
export function offsetAt(zone: string, ms: number): number {
  const { before, change } = dayOf(zone, Math.floor(ms / dayMs))
  return change && ms >= change.at ? change.after : before
}

/** The changes after `from` and up to `until`. */
export function changesBetween(zone: string, from: number, until: number): Change[] {
  const changes: Change[] = []
  for (let day = Math.floor(from / dayMs); day <= Math.floor(until / dayMs); day++) {
    const { change } = dayOf(zone, day)
    if (change && change.at > from && change.at <= until) changes.push(change)
  }
  return changes
}

/** No zone is further from UTC. */
const furthestMs = 15 * 3_600_000

export function locate(zone: string, wall: number): Place {
  const changes = changesBetween(zone, wall - furthestMs, wall + furthestMs)
  const [first] = changes
  if (!first) return { is: 'once', at: wall - offsetAt(zone, wall) }
  const skipping = changes.find(({ at, before, after }) => wall >= at + before && wall < at + after)
  if (skipping) return { is: 'skipped', change: skipping }
  const doubling = changes.find(({ at, before, after }) => wall >= at + after && wall < at + before)
  if (doubling) return { is: 'twice', at: wall - doubling.before, change: doubling }
  const last = changes.findLast(({ at, after }) => wall >= at + after)
  return { is: 'once', at: wall - (last?.after ?? first.before) }
}

type Day = { before: number; change?: Change }

const zones = new Map<string, Map<number, Day>>()
const mostDays = 5000

/** A day of UTC. Two changes on one day have not been seen since clocks are set by law. */
function dayOf(zone: string, day: number): Day {
  let days = zones.get(zone)
  if (!days) zones.set(zone, (days = new Map()))
  const found = days.get(day)
  if (found) return found
  const [from, until] = [day * dayMs, (day + 1) * dayMs]
  const before =
    days.get(day - 1)?.change?.after ?? days.get(day - 1)?.before ?? offsetMs(from, zone)
  const after = days.get(day + 1)?.before ?? offsetMs(until, zone)
  const made: Day =
    before === after ? { before } : { before, change: findChange(zone, from, until) }
  if (days.size >= mostDays) days.clear()
  days.set(day, made)
  return made
}

function findChange(zone: string, from: number, until: number): Change {
  const before = offsetMs(from, zone)
  let [early, late] = [from, until]
  while (late - early > 1000) {
    const middle = early + Math.floor((late - early) / 2000) * 1000
    if (offsetMs(middle, zone) === before) early = middle
    else late = middle
  }
  return { at: late, before, after: offsetMs(late, zone) }
}
