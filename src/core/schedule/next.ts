/**
 * When a schedule comes, as instants. What it says is a time of the clock in its zone, and where that clock is changed
 * there are two readings:
 *
 * - A schedule that names its hours (`30 2 * * *`, `0 *\/6 * * *`, `*\/5 8-18 * * *`) means times of day. What falls into
 *   the hour that is skipped comes once, right after the gap, however many there were; what falls into the hour that
 *   comes twice comes the first time only.
 * - A schedule that comes in every hour (`*\/30 * * * *`) means time that passes. In the hour that is skipped nothing is
 *   due, and the next one comes anyway; the hour that comes twice has its occurrences both times.
 *
 * `note` says what was decided.
 */
import { noteOf } from './note.ts'
import { parseSchedule, type Schedule } from './parse.ts'
import { dayMs, nextWall } from './wall.ts'
import { changesBetween, locate, offsetAt } from './zone.ts'

export type Occurrence = {
  at: Date
  /** What a change of the clock did to it; undefined where there is none. */
  note?: string
}

/** The first one after an instant. Undefined when it never comes. Throws `usage` for what is no schedule. */
export function nextOccurrence(cron: string, zone: string, after: Date): Occurrence | undefined {
  const schedule = parseSchedule(cron)
  const at = nextInstant(schedule, zone, after.getTime())
  if (at === undefined) return undefined
  const note = noteOf(schedule, zone, at)
  return { at: new Date(at), ...(note !== undefined && { note }) }
}

/** Fewer than asked for when it comes no more. */
export function nextOccurrences(
  cron: string,
  zone: string,
  after: Date,
  count: number,
): Occurrence[] {
  const found: Occurrence[] = []
  for (let last = after; found.length < count;) {
    const next = nextOccurrence(cron, zone, last)
    if (!next) break
    found.push(next)
    last = next.at
  }
  return found
}

/** The same in milliseconds, and without the note. */
export const nextInstant = (schedule: Schedule, zone: string, after: number): number | undefined =>
  schedule.isHourly
    ? nextByTimePassed(schedule, zone, after)
    : nextByTimeOfDay(schedule, zone, after)

function nextByTimeOfDay(schedule: Schedule, zone: string, after: number): number | undefined {
  let wall: number | undefined = after + offsetAt(zone, after) - 1000
  while ((wall = nextWall(schedule, wall)) !== undefined) {
    const place = locate(zone, wall)
    const at = place.is === 'skipped' ? place.change.at : place.at
    if (at > after) return at
  }
  return undefined
}

/** Between two changes of the clock local and real time go side by side, so each such span is looked through by itself. */
function nextByTimePassed(schedule: Schedule, zone: string, after: number): number | undefined {
  let from = after
  let offset = offsetAt(zone, from)
  let wall = nextWall(schedule, from + offset)
  while (wall !== undefined) {
    const at = wall - offset
    // Further ahead only the day counts: no hour in between comes on a day that the schedule has.
    const [change] = changesBetween(zone, from, Math.min(at, from + 2 * dayMs))
    if (!change) {
      if (at - from <= 2 * dayMs) return at
      const place = locate(zone, wall)
      if (place.is !== 'skipped') return place.at
      from = place.change.at
    } else {
      from = change.at
    }
    offset = offsetAt(zone, from)
    wall = nextWall(schedule, from + offset - 1000)
  }
  return undefined
}
