/** Cron fields, read by croner and kept as what the calendar asks of them. */
import { CronPattern } from 'croner'
import { CaravanError } from '../errors.ts'

/** When something is due by the local clock, whatever zone that is in. */
export type Schedule = {
  text: string
  /** Ascending; `[0]` where the text has no seconds. */
  seconds: readonly number[]
  minutes: readonly number[]
  hours: readonly number[]
  /** It comes in every hour of the day, so what is meant is the time that passes, not a time of the clock. */
  isHourly: boolean
  /** How often it comes on a day that it comes on at all. */
  timesADay: number
  /** `month` from 0 to 11. */
  hasMonth(month: number): boolean
  /** Whether it comes on this day of a month that it comes in. */
  hasDay(year: number, month: number, day: number): boolean
}

/** Many jobs share one schedule, and each is asked again every minute. */
const known = new Map<string, Schedule>()
const mostKnown = 2000

/**
 * Five cron fields (minute, hour, day, month, weekday), or six with seconds in front, which is for tests and benches.
 * Throws `usage` with what is wrong.
 */
export function parseSchedule(text: string): Schedule {
  const found = known.get(text)
  if (found) return found
  const schedule = read(text)
  if (known.size >= mostKnown) known.clear()
  known.set(text, schedule)
  return schedule
}

/** Whether it can stand in the config: five fields, each of them right. */
export function isSchedule(text: string): boolean {
  if (text.trim().split(/\s+/).length !== 5) return false
  try {
    return Boolean(parseSchedule(text))
  } catch {
    return false
  }
}

const fields = [
  ['minute', '0 to 59'],
  ['hour', '0 to 23'],
  ['day', '1 to 31'],
  ['month', '1 to 12'],
  ['weekday', '0 to 7'],
] as const

const nicknames: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
}

/** What is wrong with five fields that are none, in words: which field, or how a short word is written. */
export function faultOfSchedule(text: string): string {
  const written = nicknames[text.trim().toLowerCase()]
  if (written !== undefined) return `${text.trim()} is written "${written}"`
  const parts = text.trim().split(/\s+/).filter(Boolean)
  if (parts.length !== 5) {
    return `it has ${parts.length} ${parts.length === 1 ? 'field' : 'fields'} and not five`
  }
  const wrong = parts.findIndex(
    (part, at) => !isPattern(parts.map((_, n) => (n === at ? part : '*'))),
  )
  const [name, range] = fields[wrong] ?? ['schedule', '']
  return `the ${name} "${parts[wrong] ?? text}" cannot be${range && ` (${range})`}`
}

function isPattern(parts: readonly string[]): boolean {
  try {
    return Boolean(new CronPattern(parts.join(' '), undefined, { mode: '5-part' }))
  } catch {
    return false
  }
}

function read(text: string): Schedule {
  const pattern = parsePattern(text)
  const [seconds, minutes, hours] = [pattern.second, pattern.minute, pattern.hour].map(valuesOf)
  return {
    text,
    seconds: seconds!,
    minutes: minutes!,
    hours: hours!,
    isHourly: hours!.length === 24,
    timesADay: seconds!.length * minutes!.length * hours!.length,
    hasMonth: (month) => Boolean(pattern.month[month]),
    hasDay: (year, month, day) => hasDay(pattern, year, month, day),
  }
}

function parsePattern(text: string): CronPattern {
  try {
    const pattern = new CronPattern(text.trim(), undefined, { mode: '5-or-6-parts' })
    pattern.year = [] // ten thousand ones for every schedule
    return pattern
  } catch {
    throw new CaravanError({
      code: 'usage',
      message: `"${text}" is no schedule: ${faultOfSchedule(text)}`,
      hint: 'It has five cron fields (minute, hour, day, month, weekday), such as "0 3 * * *".',
    })
  }
}

const valuesOf = (marks: readonly number[]): number[] =>
  marks.flatMap((mark, value) => (mark ? [value] : []))

/** A day of the month and a weekday that are both named mean either of them, as cron has it; `+` before the weekday: both. */
function hasDay(pattern: CronPattern, year: number, month: number, day: number): boolean {
  const byMonth = hasDayOfMonth(pattern, year, month, day)
  if (pattern.starDOW) return byMonth
  const byWeek = hasWeekday(pattern, year, month, day)
  return pattern.useAndLogic || pattern.starDOM ? byMonth && byWeek : byMonth || byWeek
}

function hasDayOfMonth(pattern: CronPattern, year: number, month: number, day: number): boolean {
  if (pattern.day[day - 1]) return true
  const length = daysIn(year, month)
  if (pattern.lastDayOfMonth && day === length) return true
  if (pattern.lastWeekday && day === nearestWeekday(year, month, length)) return true
  return pattern.nearestWeekdays.some(
    (mark, index) => mark && index < length && nearestWeekday(year, month, index + 1) === day,
  )
}

/** The bits of a weekday: its first to fifth of the month, and its last. */
const lastOne = 32

function hasWeekday({ dayOfWeek }: CronPattern, year: number, month: number, day: number): boolean {
  const bits = dayOfWeek[weekdayOf(year, month, day)] ?? 0
  const nth = 1 << Math.floor((day - 1) / 7)
  return Boolean(bits & nth) || (Boolean(bits & lastOne) && day + 7 > daysIn(year, month))
}

/** The working day nearest to a day, in the same month. */
function nearestWeekday(year: number, month: number, day: number): number {
  const weekday = weekdayOf(year, month, day)
  if (weekday === 0) return day === daysIn(year, month) ? day - 2 : day + 1
  if (weekday === 6) return day === 1 ? day + 2 : day - 1
  return day
}

const weekdayOf = (year: number, month: number, day: number): number =>
  new Date(Date.UTC(year, month, day)).getUTCDay()

const daysIn = (year: number, month: number): number =>
  new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
