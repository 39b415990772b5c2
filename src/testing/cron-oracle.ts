/**
 * What a schedule means, found the slow way: by looking at the clock of a zone in every minute of a stretch. It shares
 * nothing with src/core/schedule, and reads stars, numbers, ranges, lists and steps alone.
 */

const minuteMs = 60_000
/** Clocks are changed at whole quarters of an hour. */
const quarter = 15

export type Clockwork = {
  fromMs: number
  /** What the clock shows in each minute: minutes since 1970 as if it showed UTC. */
  walls: Int32Array
}

/** The clock of a zone from one instant to another, both at whole quarters of an hour. */
export function watchClock(zone: string, from: Date, until: Date): Clockwork {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'medium',
  })
  const count = (until.getTime() - from.getTime()) / minuteMs
  const walls = new Int32Array(count)
  for (let minute = 0; minute < count; minute += quarter) {
    const shown = format.format(from.getTime() + minute * minuteMs) // 2026-03-29 03:00:00
    const wall = Date.parse(`${shown.replace(' ', 'T')}Z`) / minuteMs
    for (let more = 0; more < quarter && minute + more < count; more++)
      walls[minute + more] = wall + more
  }
  return { fromMs: from.getTime(), walls }
}

/** Every instant at which five fields are due, in milliseconds, in order. */
export function dueInstants(cron: string, { fromMs, walls }: Clockwork): number[] {
  const matches = matcher(cron)
  const isHourly = valuesOf(cron.split(' ')[1] ?? '', 0, 23).size === 24
  const due: number[] = []
  let furthest = (walls[0] ?? 0) - 1
  walls.forEach((wall, minute) => {
    const isSeen = wall <= furthest
    let isDue = matches(wall) && (isHourly || !isSeen)
    // What the clock has jumped over.
    if (!isHourly) for (let lost = furthest + 1; lost < wall; lost++) isDue ||= matches(lost)
    if (isDue) due.push(fromMs + minute * minuteMs)
    furthest = Math.max(furthest, wall)
  })
  return due
}

function matcher(cron: string): (wall: number) => boolean {
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = cron.split(' ')
  const minutes = valuesOf(minute, 0, 59)
  const hours = valuesOf(hour, 0, 23)
  const days = valuesOf(day, 1, 31)
  const months = valuesOf(month, 1, 12)
  const weekdays = valuesOf(weekday, 0, 7)
  const dayMatches = new Map<number, boolean>()
  const onDay = (number: number): boolean => {
    const date = new Date(number * 86_400_000)
    if (!months.has(date.getUTCMonth() + 1)) return false
    const inMonth = days.has(date.getUTCDate())
    const inWeek = weekdays.has(date.getUTCDay()) || (date.getUTCDay() === 0 && weekdays.has(7))
    return day !== '*' && weekday !== '*' ? inMonth || inWeek : inMonth && inWeek
  }
  return (wall) => {
    if (!minutes.has(wall % 60) || !hours.has(Math.floor(wall / 60) % 24)) return false
    const number = Math.floor(wall / 1440)
    const known = dayMatches.get(number) ?? onDay(number)
    dayMatches.set(number, known)
    return known
  }
}

function valuesOf(field: string, least: number, most: number): Set<number> {
  const values = new Set<number>()
  for (const part of field.split(',')) {
    const [range = '', step = '1'] = part.split('/')
    const [from = '', to = from] = range === '*' ? [String(least), String(most)] : range.split('-')
    for (let value = Number(from); value <= Number(to); value += Number(step)) values.add(value)
  }
  return values
}
