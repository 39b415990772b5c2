/** Times of a local clock, without a zone: milliseconds as if the clock showed UTC. */
import type { Schedule } from './parse.ts'

export const dayMs = 86_400_000

/** Every pattern of days has come by then, also a leap day that must be a Monday, over a century without one. */
const furthestDays = 45 * 366

/** The first time after `wall` at which the clock shows what the schedule says. Undefined when it never does. */
export function nextWall(schedule: Schedule, wall: number): number | undefined {
  const from = Math.floor(wall / 1000) * 1000 + 1000
  const today = Math.floor(from / dayMs)
  if (isDay(schedule, today)) {
    const time = timeFrom(schedule, (from - today * dayMs) / 1000)
    if (time !== undefined) return today * dayMs + time * 1000
  }
  const first = timeFrom(schedule, 0) ?? 0
  for (let day = today + 1; day < today + furthestDays; day++) {
    const date = new Date(day * dayMs)
    if (!schedule.hasMonth(date.getUTCMonth())) {
      day = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1) / dayMs - 1
    } else if (isDay(schedule, day)) {
      return day * dayMs + first * 1000
    }
  }
  return undefined
}

/** How often the clock shows it after `from` and up to `until`, and when last. */
export function countWalls(
  schedule: Schedule,
  from: number,
  until: number,
): { count: number; last: number | undefined } {
  let count = 0
  let last: number | undefined
  for (let day = Math.floor(from / dayMs); day * dayMs <= until; day++) {
    if (!isDay(schedule, day)) continue
    const [begin, end] = [day * dayMs, (day + 1) * dayMs - 1]
    const before = from < begin ? 0 : timesUpTo(schedule, secondsOf(from - begin))
    const upTo = timesUpTo(schedule, secondsOf(Math.min(until, end) - begin))
    if (upTo === before) continue
    count += upTo - before
    last = begin + timeAt(schedule, upTo - 1) * 1000
  }
  return { count, last }
}

function isDay(schedule: Schedule, day: number): boolean {
  const date = new Date(day * dayMs)
  const month = date.getUTCMonth()
  return (
    schedule.hasMonth(month) && schedule.hasDay(date.getUTCFullYear(), month, date.getUTCDate())
  )
}

/** The first time of a day at or after a second of it. */
function timeFrom({ hours, minutes, seconds }: Schedule, from: number): number | undefined {
  const [hour, minute, second] = [Math.floor(from / 3600), Math.floor(from / 60) % 60, from % 60]
  for (const h of hours) {
    if (h < hour) continue
    for (const m of minutes) {
      if (h === hour && m < minute) continue
      for (const s of seconds) {
        if (h === hour && m === minute && s < second) continue
        return h * 3600 + m * 60 + s
      }
    }
  }
  return undefined
}

const secondsOf = (ms: number): number => Math.floor(ms / 1000)

/** How many times of a day there are up to a second of it. */
function timesUpTo({ hours, minutes, seconds }: Schedule, time: number): number {
  const [hour, minute, second] = [Math.floor(time / 3600), Math.floor(time / 60) % 60, time % 60]
  const below = (values: readonly number[], limit: number): number =>
    values.filter((value) => value < limit).length
  let count = below(hours, hour) * minutes.length * seconds.length
  if (!hours.includes(hour)) return count
  count += below(minutes, minute) * seconds.length
  return minutes.includes(minute) ? count + below(seconds, second + 1) : count
}

/** The time of a day by its number, from 0. */
function timeAt({ hours, minutes, seconds }: Schedule, index: number): number {
  const [minute, second] = [Math.floor(index / seconds.length), index % seconds.length]
  const hour = hours[Math.floor(minute / minutes.length)]!
  return hour * 3600 + minutes[minute % minutes.length]! * 60 + seconds[second]!
}
