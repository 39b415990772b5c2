/** Accounts for a stretch of a schedule that nobody looked at: single rows for the first, one row for each long rest. */
import { setImmediate as turn } from 'node:timers/promises'
import { countBetween } from '../../core/schedule/count.ts'
import { nextOccurrence } from '../../core/schedule/next.ts'
import { previousOccurrence } from '../../core/schedule/previous.ts'
import { readSpec } from '../../core/schedule/spec.ts'
import { occurrencesBetween } from '../../store/occurrences.ts'
import type { Db } from '../../store/schema.ts'

/** One occurrence, or several in a row. */
export type Slot = { dueAt: string; lastDueAt: string | null; count: number; note?: string }

export type Survey = {
  /** Those without a row, in order; the latest is not among them when it is in `latest`. */
  slots: Slot[]
  /** The last of all that was due, when it has no row: it may be run late. */
  latest: Slot | undefined
}

export type Stretch = { job: string; spec: string; from: string; until: string }

/** Occurrences that get a row each, before the rest shares one. */
const mostSingles = 100
const pageRows = 500
/** Steps between two turns of the event loop; one takes some 20 microseconds. */
const atOnce = 100

/** What was due from `from` to `until`, both included, and has no row yet. However long that is, the event loop goes on. */
export async function survey(db: Db, { job, spec, from, until }: Stretch): Promise<Survey> {
  const schedule = readSpec(spec)
  const slots: Slot[] = []
  let singles = mostSingles
  let steps = 0
  const breathe = async () => void (++steps % atOnce === 0 && (await turn()))

  /** Everything after `after` and up to `end`, of which none has a row. */
  const take = async (after: Date, end: Date) => {
    let last = after
    for (;;) {
      const next = nextOccurrence(schedule.cron, schedule.zone, last)
      if (!next || next.at > end) return
      await breathe()
      if (singles === 0) break
      singles--
      slots.push({ dueAt: next.at.toISOString(), lastDueAt: null, count: 1, note: next.note })
      last = next.at
    }
    const rest = await countBetween(schedule.cron, schedule.zone, last, end)
    if (!rest.first || !rest.last) return
    slots.push({
      dueAt: rest.first.toISOString(),
      lastDueAt: rest.count > 1 ? rest.last.toISOString() : null,
      count: rest.count,
    })
  }

  const end = new Date(until)
  let after = new Date(new Date(from).getTime() - 1)
  for (;;) {
    const page = await occurrencesBetween(db, job, {
      from: new Date(after.getTime() + 1).toISOString(),
      until,
      limit: pageRows,
    })
    for (const row of page) {
      const at = new Date(row.dueAt)
      await breathe()
      await take(after, new Date(at.getTime() - 1))
      after = row.lastDueAt === null ? at : new Date(row.lastDueAt)
    }
    if (page.length < pageRows) break
  }
  const before = slots.length
  await take(after, end)
  return slots.length === before ? { slots, latest: undefined } : partLatest(slots, schedule)
}

/** An instant that a schedule comes at, with what a change of the clocks did to it. */
export function singleSlot({ cron, zone }: { cron: string; zone: string }, dueAt: string): Slot {
  const note = nextOccurrence(cron, zone, new Date(Date.parse(dueAt) - 1))?.note
  return { dueAt, lastDueAt: null, count: 1, note }
}

function partLatest(slots: Slot[], schedule: { cron: string; zone: string }): Survey {
  const last = slots.at(-1)
  if (!last) return { slots, latest: undefined }
  const rest = slots.slice(0, -1)
  if (last.lastDueAt === null) return { slots: rest, latest: last }
  return {
    slots: [...rest, withoutLast(last, schedule)],
    latest: singleSlot(schedule, last.lastDueAt),
  }
}

/** The range without its last occurrence. */
function withoutLast(range: Slot, { cron, zone }: { cron: string; zone: string }): Slot {
  const count = range.count - 1
  const last = count > 1 && previousOccurrence(cron, zone, new Date(range.lastDueAt ?? ''))
  return { ...range, count, lastDueAt: last ? last.toISOString() : null }
}
