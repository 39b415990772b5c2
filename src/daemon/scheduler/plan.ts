/** Keeps the table of schedules in step with the jobs that are scheduled, and with a clock that was set back. */
import { setImmediate as turn } from 'node:timers/promises'
import { countBetween, type Span } from '../../core/schedule/count.ts'
import { nextOccurrence } from '../../core/schedule/next.ts'
import { readSpec, specOf } from '../../core/schedule/spec.ts'
import { utcText } from '../../core/words.ts'
import {
  addOccurrences,
  cutRange,
  dropWaiting,
  forgetUnbegun,
  type NewOccurrence,
  type Occurrence,
  rangesOver,
  type SkipReason,
} from '../../store/occurrences.ts'
import {
  listSchedules,
  removeSchedules,
  saveSchedules,
  type Schedule,
} from '../../store/schedules.ts'
import type { Db } from '../../store/schema.ts'
import { atomically } from '../../store/transaction.ts'
import type { ScheduledJob } from '../scheduled-job.ts'
import { type Slot, survey } from './missed.ts'

export const notScheduled = 'its schedule is no longer in the file'

/** Schedules planned between two turns of the event loop. */
const atOnce = 100

/** When a schedule is due after an instant; null: never again. */
export function dueAfter(spec: string, after: Date): string | null {
  const { cron, zone } = readSpec(spec)
  return nextOccurrence(cron, zone, after)?.at.toISOString() ?? null
}

export type Synced = {
  planned: string[]
  changed: string[]
  gone: string[]
  /** Their schedule is none, or its zone is not known here. */
  faulty: string[]
}

/**
 * Plans what is new or has another schedule from now on. What the former schedule still owed is accounted for as
 * unscheduled; occurrences of the new one in the past are not invented.
 */
export async function syncSchedules(
  db: Db,
  jobs: readonly ScheduledJob[],
  clockNow: () => Date,
): Promise<Synced> {
  const now = clockNow()
  const stored = await listSchedules(db)
  const wanted = new Map(jobs.map((job) => [job.id, specOf(job)]))
  const former = [...stored.values()].filter(({ job, spec }) => wanted.get(job) !== spec)
  const gone = former.filter(({ job }) => !wanted.has(job)).map(({ job }) => job)
  const changed = former.filter(({ job }) => wanted.has(job)).map(({ job }) => job)
  const news = [...wanted].filter(([job, spec]) => stored.get(job)?.spec !== spec)
  if (news.length === 0 && former.length === 0) return { planned: [], changed, gone, faulty: [] }

  const owed: NewOccurrence[] = []
  for (const schedule of former) owed.push(...(await settleFormer(db, schedule, wanted, now)))
  const { plans, faulty } = await planAll(news, now)
  const isSaved = await atomically(db, async (tx) => {
    // What another process has decided in the meantime must not be passed over by a plan that begins later.
    const current = await listSchedules(tx)
    const touched = [...news.map(([job]) => job), ...gone]
    if (touched.some((job) => !isSame(stored.get(job), current.get(job)))) return false
    await addOccurrences(tx, owed)
    await dropWaiting(tx, [...gone, ...changed], { note: notScheduled, at: now })
    await removeSchedules(tx, gone)
    await saveSchedules(tx, plans)
    return true
  })
  if (!isSaved) return syncSchedules(db, jobs, clockNow)
  const planned = news.filter(([job]) => !stored.has(job)).map(([job]) => job)
  return { planned, changed, gone, faulty }
}

const isSame = (a: Schedule | undefined, b: Schedule | undefined): boolean =>
  a?.spec === b?.spec && a?.nextDueAt === b?.nextDueAt

/** A plan from `now` for each. */
export async function planAll(
  specs: Iterable<readonly [job: string, spec: string]>,
  now: Date,
): Promise<{ plans: Schedule[]; faulty: string[] }> {
  const plans: Schedule[] = []
  const faulty: string[] = []
  const at = now.toISOString()
  for (const [job, spec] of specs) {
    let nextDueAt: string | null = null
    try {
      nextDueAt = dueAfter(spec, now)
    } catch {
      faulty.push(job) // one that cannot be read must not hold up the others
    }
    plans.push({ job, spec, nextDueAt, decidedUntil: at, plannedAt: at })
    if (plans.length % atOnce === 0) await turn()
  }
  return { plans, faulty }
}

async function settleFormer(
  db: Db,
  { job, spec, nextDueAt }: Schedule,
  wanted: ReadonlyMap<string, string>,
  now: Date,
): Promise<NewOccurrence[]> {
  const until = now.toISOString()
  if (nextDueAt === null || nextDueAt > until) return []
  const { slots, latest } = await survey(db, { job, spec, from: nextDueAt, until })
  const note = noteOfChange(wanted.get(job))
  return [...slots, ...(latest ? [latest] : [])].map((slot) =>
    skipped(job, slot, { spec, reason: 'unscheduled', note, now }),
  )
}

const noteOfChange = (spec: string | undefined): string =>
  spec === undefined
    ? 'the job is no longer scheduled'
    : `the schedule was changed to ${spec} before it could run`

export function skipped(
  job: string,
  { dueAt, lastDueAt, count, note: change }: Slot,
  { spec, reason, note, now }: { spec: string; reason: SkipReason; note: string; now: Date },
): NewOccurrence {
  const at = now.toISOString()
  return {
    job,
    dueAt,
    lastDueAt,
    count,
    status: 'skipped',
    reason,
    note: change ? `${change}; ${note}` : note,
    beginsAt: dueAt,
    decidedAt: at,
    startedAt: null,
    finishedAt: at,
    runId: null,
    spec: lastDueAt === null ? null : spec,
    owner: null,
  }
}

/** Whether any schedule was decided by a clock that was further ahead than `now`; by more than `byMs`. */
export function isAhead(schedules: Iterable<Schedule>, now: Date, byMs: number): boolean {
  const limit = new Date(now.getTime() + byMs).toISOString()
  for (const { decidedUntil } of schedules) if (decidedUntil > limit) return true
  return false
}

/**
 * After the clock was set back: what ran stays and is not run again; what was only written off for instants that are
 * now to come is taken back, so that it runs when they come. Returns how many rows that were.
 */
export async function takeBack(db: Db, now: Date): Promise<number> {
  const at = now.toISOString()
  const cuts: { range: Occurrence; span: Span }[] = []
  for (const range of await rangesOver(db, at)) {
    const { cron, zone } = readSpec(range.spec ?? '')
    const before = new Date(Date.parse(range.dueAt) - 1)
    cuts.push({ range, span: await countBetween(cron, zone, before, now) })
  }
  // What is owed already is left as it is: it is decided next.
  const stored = [...(await listSchedules(db)).values()].filter(
    ({ nextDueAt }) => nextDueAt === null || nextDueAt > at,
  )
  const { plans } = await planAll(
    stored.map(({ job, spec }) => [job, spec] as const),
    now,
  )
  return atomically(db, async (tx) => {
    for (const { range, span } of cuts) {
      const cut = `it reached to ${utcText(range.lastDueAt ?? '')} until the clock was set back`
      await cutRange(tx, range, {
        lastDueAt: span.last?.toISOString() ?? range.dueAt,
        count: Math.max(1, span.count),
        note: range.note ? `${range.note}; ${cut}` : cut,
      })
    }
    const forgotten = await forgetUnbegun(tx, at)
    await saveSchedules(tx, plans)
    return forgotten + cuts.length
  })
}
