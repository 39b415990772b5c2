/** Compares the wall clock with the monotonic one, and remembers when nothing looked for what was due, and why. */
import type { Clock } from '../../core/clock.ts'
import { utcText } from '../../core/words.ts'

/** A stretch of the wall clock in which nothing was begun. */
export type Absence = { from: string; until: string; why: string }

export type Step = {
  /** How far the wall clock was set, in milliseconds; 0: it was not. */
  jumpMs: number
  /** What nobody looked at since the last time; undefined: nothing to speak of. */
  absence: Absence | undefined
}

export type ClockWatch = {
  /** To be asked at each tick. */
  look(): Step
  /** Nothing could be begun since `since`, whatever the clock does; until `restore`. */
  lose(why: string, since?: Date): void
  restore(): void
  /** Why nothing was begun at `at`; undefined: nothing is known that would have kept it from beginning. */
  absenceAt(at: string): string | undefined
  note(absence: Absence): void
}

/** Clocks are disciplined by less than this between two ticks, in milliseconds. */
const steadyMs = 2000
/** Ticks come every second; a longer silence is worth a reason. */
const silenceMs = 5000
const mostKept = 20

export function createClockWatch(clock: Clock): ClockWatch {
  let last: { wallMs: number; monotonicMs: number } | undefined
  let lost: { since: string; why: string } | undefined
  let absences: Absence[] = []
  const note = (absence: Absence) => {
    absences = [...absences.slice(1 - mostKept), absence]
  }

  const loss = (): Absence | undefined => {
    if (!lost) return undefined
    const stretch = { from: lost.since, until: clock.now().toISOString() }
    return { ...stretch, why: `${lost.why} (${between(stretch.from, stretch.until)})` }
  }

  return {
    note,
    look() {
      const wallMs = clock.now().getTime()
      const monotonicMs = clock.monotonicMs()
      const before = last ?? { wallMs, monotonicMs }
      last = { wallMs, monotonicMs }
      const passedMs = monotonicMs - before.monotonicMs
      const driftMs = wallMs - before.wallMs - passedMs
      const jumpMs = Math.abs(driftMs) < steadyMs ? 0 : driftMs
      const stretch = { from: instant(before.wallMs), until: instant(wallMs) }
      const why = whySilent(jumpMs, passedMs, stretch)
      const absence = why === undefined ? undefined : { ...stretch, why }
      if (absence) note(absence)
      return { jumpMs, absence }
    },
    lose(why, since = clock.now()) {
      lost ??= { since: since.toISOString(), why }
    },
    restore() {
      const over = loss()
      if (over) note(over)
      lost = undefined
    },
    absenceAt: (at) =>
      [...absences, loss()].findLast((one) => one && one.from <= at && at <= one.until)?.why,
  }
}

function whySilent(
  jumpMs: number,
  passedMs: number,
  { from, until }: Omit<Absence, 'why'>,
): string | undefined {
  if (jumpMs > 0) {
    return `the clock went forward by ${spanText(jumpMs)}, set or asleep (${between(from, until)})`
  }
  if (passedMs > silenceMs) return `the process stood still (${between(from, until)})`
  return undefined
}

/** `2026-11-21 13:00:00 UTC to 2026-11-21 14:00:00 UTC`. */
export const between = (from: string, until: string): string =>
  `${utcText(from)} to ${utcText(until)}`

/** `3 d 2 h`, `1 h`, `45 s`: the two largest units. */
export function spanText(ms: number): string {
  let left = Math.round(Math.abs(ms) / 1000)
  const parts = units.map(([name, seconds]) => {
    const count = Math.floor(left / seconds)
    left -= count * seconds
    return { count, text: `${count} ${name}` }
  })
  const first = parts.findIndex(({ count }) => count > 0)
  if (first === -1) return '0 s'
  return parts
    .slice(first, first + 2)
    .filter(({ count }) => count > 0)
    .map(({ text }) => text)
    .join(' ')
}

const units: [name: string, seconds: number][] = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
]

const instant = (ms: number): string => new Date(ms).toISOString()
