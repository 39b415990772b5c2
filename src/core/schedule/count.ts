/** Many occurrences at once, such as those of a month in which nothing was running. */
import { setImmediate as turn } from 'node:timers/promises'
import { nextInstant } from './next.ts'
import { parseSchedule, type Schedule } from './parse.ts'
import { countWalls, dayMs } from './wall.ts'
import { changesBetween, offsetAt } from './zone.ts'

export type Span = {
  count: number
  /** Null when there is none. */
  first: Date | null
  last: Date | null
}

/** Days, or single occurrences, between two turns of the event loop. */
const atOnce = 500

/**
 * The occurrences after `after` and up to `until`. A year of them takes about as long as its days; the event loop gets
 * its turns. Throws `usage` for what is no schedule.
 */
export async function countBetween(
  cron: string,
  zone: string,
  after: Date,
  until: Date,
): Promise<Span> {
  const schedule = parseSchedule(cron)
  const [from, end] = [after.getTime(), until.getTime()]
  let total = 0
  let last: number | undefined
  let work = 0
  for (const part of partsOf(zone, from, end)) {
    for await (const found of part.isPlain
      ? [countPlain(schedule, zone, part)]
      : step(schedule, zone, part)) {
      total += found.count
      last = found.last ?? last
    }
    if (++work % atOnce === 0) await turn()
  }
  const first = total === 0 ? undefined : nextInstant(schedule, zone, from)
  return {
    count: total,
    first: first === undefined ? null : new Date(first),
    last: last === undefined ? null : new Date(last),
  }
}

type Part = { from: number; until: number; isPlain: boolean }
type Found = { count: number; last: number | undefined }

/** A day each, and what lies around a change of the clock by itself. */
function* partsOf(zone: string, from: number, until: number): Generator<Part> {
  for (let begin = from; begin < until;) {
    const end = Math.min(until, (Math.floor(begin / dayMs) + 1) * dayMs)
    // What comes before a change may be repeated after it.
    const [change] = changesBetween(zone, begin - dayMs, end + dayMs).filter(
      ({ at, ...shift }) => at + leadOf(shift) > begin && at - leadOf(shift) < end,
    )
    if (!change) {
      yield { from: begin, until: end, isPlain: true }
      begin = end
      continue
    }
    const [early, late] = [change.at - leadOf(change), change.at + leadOf(change)]
    if (early > begin) yield { from: begin, until: early, isPlain: true }
    const stop = Math.min(late, until)
    yield { from: Math.max(begin, early), until: stop, isPlain: false }
    begin = stop
  }
}

const leadOf = ({ before, after }: { before: number; after: number }): number =>
  Math.abs(after - before) + 1000

function countPlain(schedule: Schedule, zone: string, { from, until }: Part): Found {
  const offset = offsetAt(zone, from)
  const { count, last } = countWalls(schedule, from + offset, until + offset)
  return { count, last: last === undefined ? undefined : last - offset }
}

async function* step(
  schedule: Schedule,
  zone: string,
  { from, until }: Part,
): AsyncGenerator<Found> {
  let done = 0
  for (let at = nextInstant(schedule, zone, from); at !== undefined && at <= until;) {
    yield { count: 1, last: at }
    if (++done % atOnce === 0) await turn()
    at = nextInstant(schedule, zone, at)
  }
}
