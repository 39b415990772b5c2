/** What people write into a schedule and do not mean. */
import { nextOccurrence } from './next.ts'
import { parseSchedule } from './parse.ts'

export type Slip = {
  code:
    'every_minute' | 'either_day' | 'uneven_step' | 'month_end' | 'never' | 'zone_sign' | 'leap_day'
  text: string
}

/** Warnings about five cron fields in a zone that exists. Throws `usage` for what is no schedule. */
export function findSlips(cron: string, zone: string, now: Date): Slip[] {
  const schedule = parseSchedule(cron)
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = cron.trim().split(/\s+/)
  const slips: (Slip | undefined | false)[] = [
    isAny(minute) &&
      !isAny(hour) && {
        code: 'every_minute',
        text: `the first field is the minute: this comes every minute of the hours ${hour}, ${schedule.timesADay} times a day. Once an hour is "0 ${hour} ${day} ${month} ${weekday}"`,
      },
    !isAny(day) &&
      !isAny(weekday) &&
      !weekday.startsWith('+') && {
        code: 'either_day',
        text: `a day of the month and a weekday together mean either of them: this comes on every day ${day} and on every weekday ${weekday} besides. Only where both hold is "${minute} ${hour} ${day} ${month} +${weekday}"`,
      },
    uneven(minute, { of: 60, unit: 'minute', whole: 'hour' }),
    uneven(hour, { of: 24, unit: 'hour', whole: 'day' }),
    /^\*\/\d+$/.test(day) && {
      code: 'uneven_step',
      text: `"${day}" counts from the 1st of each month anew, so the step is shorter or longer where a month ends`,
    },
    ...monthEnd(day, month, weekday),
    /^Etc\/GMT[+-]\d/.test(zone) && {
      code: 'zone_sign',
      text: `the sign is turned round in zones of this form: ${zone} is ${zone.includes('+') ? 'behind' : 'ahead of'} UTC`,
    },
    nextOccurrence(cron, zone, now) === undefined && {
      code: 'never',
      text: 'it never comes: no month that it names has the day that it names',
    },
  ]
  const found = slips.filter((slip) => typeof slip === 'object')
  return found.some(({ code }) => code === 'never')
    ? found.filter(({ code }) => code !== 'month_end')
    : found
}

const isAny = (field: string): boolean => field === '*' || field === '?'

/** A step that does not divide the whole begins anew with it. */
function uneven(
  field: string,
  { of, unit, whole }: { of: number; unit: string; whole: string },
): Slip | undefined {
  const step = Number(/^\*\/(\d+)$/.exec(field)?.[1] ?? 0)
  if (step === 0 || of % step === 0) return undefined
  const last = Math.floor((of - 1) / step) * step
  const rest = of - last
  const text =
    last === 0
      ? `"${field}" comes at ${unit} 0 alone`
      : `"${field}" does not divide the ${whole}: ${unit} ${last} is followed by ${unit} 0, after ${rest} ${unit}s and not ${step}`
  return { code: 'uneven_step', text: text.replace(/\b1 (minute|hour)s/, '1 $1') }
}

function monthEnd(day: string, month: string, weekday: string): Slip[] {
  if (!/^(29|30|31)(,(29|30|31))*$/.test(day) || !isAny(weekday)) return []
  const first = Math.min(...day.split(',').map(Number))
  if (month === '2' || /^feb$/i.test(month)) {
    return first === 29
      ? [{ code: 'leap_day', text: '29 February is there in leap years alone' }]
      : []
  }
  if (!isAny(month)) return []
  return [
    {
      code: 'month_end',
      text: `not every month has a day ${first}: shorter ones are passed over. The last day of each month is "L"`,
    },
  ]
}
