/** What a change of the clock did to an occurrence, in words for the ledger. */
import type { Schedule } from './parse.ts'
import { countWalls, dayMs, nextWall } from './wall.ts'
import { type Change, changesBetween, offsetAt } from './zone.ts'

/** Undefined where no change of the clock touches it. `at` is an instant that the schedule comes at. */
export function noteOf(schedule: Schedule, zone: string, at: number): string | undefined {
  const near = changesBetween(zone, at - 2 * dayMs, at + dayMs)
  for (const change of near) {
    const note =
      change.after > change.before
        ? noteOfGap(schedule, zone, at, change)
        : noteOfRepeat(schedule, zone, at, change)
    if (note !== undefined) return note
  }
  return undefined
}

/** It is told of the first occurrence after the gap. */
function noteOfGap(
  schedule: Schedule,
  zone: string,
  at: number,
  change: Change,
): string | undefined {
  const [begin, end] = [change.at + change.before, change.at + change.after]
  if (at < change.at) return undefined
  const isFirst = schedule.isHourly
    ? nextWall(schedule, end - 1000) === at + change.after
    : at === change.at
  const first = nextWall(schedule, begin - 1000)
  if (!isFirst || first === undefined || first >= end) return undefined
  const { count, last } = countWalls(schedule, begin - 1, end - 1)
  const missing =
    count === 1 || last === undefined
      ? `${timeOf(first)} does not exist on ${dateOf(first)} in ${zone}`
      : `${timeOf(first)} to ${timeOf(last)} do not exist on ${dateOf(first)} in ${zone}`
  if (schedule.isHourly) return `${missing}: left out, this is the next one`
  return count === 1
    ? `${missing}: run at ${timeOf(end)}`
    : `${missing}, ${count} occurrences: run once, at ${timeOf(end)}`
}

function noteOfRepeat(
  schedule: Schedule,
  zone: string,
  at: number,
  change: Change,
): string | undefined {
  const wall = at + offsetAt(zone, at)
  if (wall < change.at + change.after || wall >= change.at + change.before) return undefined
  const twice = `${timeOf(wall)} comes twice on ${dateOf(wall)} in ${zone}`
  if (!schedule.isHourly) return `${twice}: run the first time only`
  return `${twice}: this is the ${at < change.at ? 'first' : 'second'} time`
}

export const dateOf = (wall: number): string => new Date(wall).toISOString().slice(0, 10)

/** `02:30`; with seconds where there are some. */
export const timeOf = (wall: number): string =>
  new Date(wall).toISOString().slice(11, wall % 60_000 === 0 ? 16 : 19)
