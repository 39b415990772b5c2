/** What a schedule means: when it comes, what a change of the clock does to it, and what is easily meant otherwise. */
import { CaravanError } from '../core/errors.ts'
import { propose } from '../core/nearest.ts'
import { nextOccurrence, nextOccurrences, type Occurrence } from '../core/schedule/next.ts'
import { dateOf, timeOf } from '../core/schedule/note.ts'
import { faultOfSchedule, isSchedule, parseSchedule } from '../core/schedule/parse.ts'
import { findSlips } from '../core/schedule/slips.ts'
import { type Change, changesBetween, offsetAt } from '../core/schedule/zone.ts'
import { isTimeZone, nearestTimeZone } from '../core/time-zone.ts'
import { utcText } from '../core/words.ts'
import { listPauses } from '../store/pauses.ts'
import type { JobExplanation } from './answers/jobs.ts'
import type { App } from './app.ts'
import { jobOverview } from './job-schedule.ts'

type Warning = JobExplanation['warnings'][number]

/** A job by its id, or five cron fields. Throws `job_unknown`, and `usage` for what is no schedule or no zone. */
export async function explainSchedule(
  app: App,
  target: string,
  { tz }: { tz?: string } = {},
): Promise<JobExplanation> {
  if (tz !== undefined) requireZone(tz)
  if (target.trim() === '') {
    throw new CaravanError({
      code: 'value_missing',
      message: 'which job or schedule is to be explained?',
      hint: 'Name a job, or write five cron fields in quotes, such as "0 3 * * *".',
    })
  }
  if (looksLikeCron(target)) {
    const cron = target.trim().split(/\s+/).join(' ')
    requireFive(cron)
    return explain(app, { job: null, schedule: cron, timezone: tz ?? (await zoneOfFile(app)) }, [])
  }
  const said = await jobOverview(app, target)
  const timezone = tz ?? said.timezone
  return explain(
    app,
    { job: target, schedule: said.schedule, timezone },
    await warningsOf(app, target, said),
  )
}

/** No job has a blank, a star or a figure in front in its name; a single word may be one that was mistyped. */
const looksLikeCron = (target: string): boolean =>
  /\s/.test(target.trim()) || /^[*@?]/.test(target.trim())

function requireFive(cron: string): void {
  if (isSchedule(cron)) return
  throw new CaravanError({
    code: 'usage',
    message: `"${cron}" is no schedule: ${faultOfSchedule(cron)}`,
    hint: 'The fields are minute, hour, day, month, weekday, such as "0 3 * * *".',
  })
}

function requireZone(zone: string): void {
  if (isTimeZone(zone)) return
  throw new CaravanError({
    code: 'usage',
    message: `there is no time zone ${zone}`,
    hint: propose(nearestTimeZone(zone), 'Zones have IANA names, such as Asia/Shanghai.'),
  })
}

/** UTC where there is no project. */
async function zoneOfFile(app: App): Promise<string> {
  try {
    return (await app.usableConfig()).config.timezone
  } catch (error) {
    if (error instanceof CaravanError && error.code === 'config_missing') return 'UTC'
    throw error
  }
}

async function warningsOf(
  app: App,
  job: string,
  said: Awaited<ReturnType<typeof jobOverview>>,
): Promise<Warning[]> {
  const warnings: Warning[] = []
  const warn = (code: string, text: string) => void warnings.push({ code, text })
  if (said.isFaulty)
    warn('faulty', 'what the file says about it has a fault: see "caravan config check"')
  else if (said.schedule === null)
    warn('by_hand', `the file gives it no schedule; it is run with "caravan jobs run ${job}"`)
  if (!said.enabled) warn('disabled', 'the file says "enabled: false", so it is not run on it')
  const now = app.clock.now()
  const pause = (await listPauses((await app.state()).db, now)).get(job)
  if (pause) {
    const until = pause.until === null ? '' : ` until ${utcText(pause.until)}`
    const reason = pause.reason === '' ? '' : `: ${pause.reason}`
    warn('paused', `paused by ${pause.setBy}${until}${reason}; see "caravan jobs resume"`)
  }
  return warnings
}

const shown = 10

function explain(
  app: App,
  { job, schedule, timezone }: Pick<JobExplanation, 'job' | 'schedule' | 'timezone'>,
  warnings: Warning[],
): JobExplanation {
  if (schedule === null)
    return { job, schedule, timezone, meaning: null, next: [], clock_change: null, warnings }
  const now = app.clock.now()
  const clock_change = nextChange(schedule, timezone, now)
  return {
    job,
    schedule,
    timezone,
    meaning: parseSchedule(schedule).isHourly ? 'time_passed' : 'time_of_day',
    next: nextOccurrences(schedule, timezone, now, shown).map(({ at, note }) => ({
      at: at.toISOString(),
      local: localText(at, timezone),
      note: note ?? null,
    })),
    clock_change,
    warnings: [
      ...warnings,
      ...findSlips(schedule, timezone, now),
      ...ofChange(schedule, timezone, now),
    ],
  }
}

/** `2026-03-29T03:00:00.000+02:00`. */
function localText(at: Date, zone: string): string {
  const offset = offsetAt(zone, at.getTime())
  const minutes = Math.round(Math.abs(offset) / 60_000)
  const two = (value: number) => String(value).padStart(2, '0')
  const sign = offset < 0 ? '-' : '+'
  const local = new Date(at.getTime() + offset).toISOString().slice(0, -1)
  return `${local}${sign}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

/** Within it every zone that has a summer time begins and ends it. */
const lookAheadMs = 400 * 86_400_000
const mostEffects = 6

const changesAhead = (zone: string, now: Date): Change[] =>
  changesBetween(zone, now.getTime(), now.getTime() + lookAheadMs)

function nextChange(cron: string, zone: string, now: Date): JobExplanation['clock_change'] {
  const [change] = changesAhead(zone, now)
  if (!change) return null
  const { at, before, after } = change
  const show = (wall: number) => `${dateOf(wall)} ${timeOf(wall)}`
  const effects = touched(cron, zone, change).map(({ note }) => note ?? '')
  const more = effects.length - mostEffects
  return {
    at: new Date(at).toISOString(),
    from: show(at + before),
    to: show(at + after),
    effects: [
      ...effects.slice(0, mostEffects),
      ...(more > 0 ? [`and ${more} more of the kind`] : []),
    ],
  }
}

/** The occurrences that a change does something to. */
function touched(cron: string, zone: string, { at, before, after }: Change): Occurrence[] {
  const shift = Math.abs(after - before)
  const found: Occurrence[] = []
  let last = new Date(at - shift - 1)
  for (;;) {
    const next = nextOccurrence(cron, zone, last)
    if (!next) return found
    if (next.note !== undefined) found.push(next)
    if (next.at.getTime() > at + shift) return found
    last = next.at
  }
}

/**
 * What the clock skips or shows twice, at any change of the coming year. Where time that passes is meant that is no
 * surprise, so it is told of the changes alone that stand nowhere else.
 */
function ofChange(cron: string, zone: string, now: Date): Warning[] {
  const { isHourly } = parseSchedule(cron)
  return changesAhead(zone, now)
    .slice(isHourly ? 1 : 0)
    .flatMap((change) => {
      const [first] = touched(cron, zone, change)
      if (!first?.note) return []
      const code = change.after > change.before ? 'skipped_hour' : 'doubled_hour'
      return [{ code, text: first.note.replace('this is the first time', 'both times run') }]
    })
}
