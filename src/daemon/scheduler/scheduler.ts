/**
 * Runs jobs when they are due. What is due stands in the state and the occurrence's row decides who runs it, so several
 * processes may look at the same time and any of them may be killed at any moment.
 */
import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '../../core/clock.ts'
import { crashPoint } from '../../core/crash-point.ts'
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { readSpec, specOf } from '../../core/schedule/spec.ts'
import { counted } from '../../core/words.ts'
import { addOccurrences, hasWork, type NewOccurrence } from '../../store/occurrences.ts'
import { type ProcessIdentity, thisProcess } from '../../store/process-identity.ts'
import {
  dueJobs,
  dueSchedules,
  findSchedule,
  lastTick,
  listSchedules,
  saveSchedules,
  type Schedule,
} from '../../store/schedules.ts'
import type { Db } from '../../store/schema.ts'
import { atomically } from '../../store/transaction.ts'
import type { ScheduledJob } from '../scheduled-job.ts'
import { type Begun, beginOpen, lookAround } from './begin.ts'
import { between, createClockWatch, spanText } from './clock-watch.ts'
import { decide, writeOff } from './decide.ts'
import { singleSlot, survey } from './missed.ts'
import { dueAfter, isAhead, syncSchedules, takeBack } from './plan.ts'
import { recoverOccurrences } from './recover.ts'
import { createRunning } from './running.ts'

export type SchedulerOptions = {
  db: Db
  clock: Clock
  log: Log
  /** The jobs that are scheduled now; the same array as long as nothing has changed. */
  jobs(): readonly ScheduledJob[]
  /** For the jitter; from 0 up to, not including, 1. */
  random?: () => number
  /** For tests; default: this process. */
  me?: ProcessIdentity
  /** Runs side by side; what is over it waits its turn. */
  maxRunning?: number
}

export type SchedulerState = {
  /** When it last looked for what is due and could read the state; undefined: not yet. */
  tickedAt: Date | undefined
  /** Jobs that run in this process. */
  running: readonly string[]
  /** Why the last tick came to nothing, such as a full disk; undefined: it did not. */
  trouble: string | undefined
}

export type Scheduler = {
  /** Looks for what is due and begins it. Does not wait for the runs, and never throws: see `state().trouble`. */
  tick(): Promise<void>
  /** Begins nothing more, lets runs end at their next checkpoint, and returns the jobs that were not done in time. */
  stop(graceMs: number): Promise<readonly string[]>
  state(): SchedulerState
}

/** Schedules decided in one transaction, which is one turn of the event loop. */
const atOnce = 200
/** How often what was left behind by other processes is looked for, in milliseconds. */
const recoverEveryMs = 5000
/** After a jump of the clock leases look expired until they are kept anew, in milliseconds. */
const settleAfterJumpMs = 30_000
const longestBackOffMs = 30_000
/** Further ahead than this the clock was, when a schedule was decided, in milliseconds. */
const aheadMs = 2000

const nothingMore = async () => undefined

export function createScheduler(options: SchedulerOptions): Scheduler {
  const { db, clock, log, maxRunning = 32 } = options
  const { random = Math.random, me = thisProcess() } = options
  const watch = createClockWatch(clock)
  const running = createRunning({ db, clock, log, me, onEnd: () => void tick() })
  const catchingUp = new Map<string, Promise<void>>()
  let failuresAtLook = 0
  let lastCatchUp = Promise.resolve()
  let known: readonly ScheduledJob[] | undefined
  let byId = new Map<string, ScheduledJob>()
  let tickedAt: Date | undefined
  let trouble: { message: string; failures: number; againAtMs: number } | undefined
  let recoverAtMs = 0
  let isStopping = false
  let isOver = false
  let jumpedBack = false
  let looking: Promise<void> | undefined
  let isAskedAgain = false

  /** One look at a time; whoever comes in between is served by one more. */
  async function tick(): Promise<void> {
    if (isOver) return
    if (looking) {
      isAskedAgain = true
      return looking
    }
    looking = (async () => {
      do {
        isAskedAgain = false
        await guarded(look)
      } while (isAskedAgain)
    })()
    await looking.finally(() => (looking = undefined))
    await lastCatchUp
  }

  /** A full disk or a busy state is no end: it is told once, and tried again ever less often. */
  async function guarded(step: () => Promise<void>): Promise<void> {
    const { jumpMs } = watchClock()
    if (jumpMs < 0) jumpedBack = true
    if (trouble && !isStopping && clock.monotonicMs() < trouble.againAtMs) return
    try {
      await step()
      if (catchingUp.size === 0) goOn()
    } catch (error) {
      holdUp(error)
    }
  }

  function holdUp(error: unknown): void {
    const message = messageOf(error)
    const failures = (trouble?.failures ?? 0) + 1
    if (trouble?.message !== message) log.error('The scheduler is held up', { error })
    watch.lose(message, tickedAt)
    const waitMs = Math.min(longestBackOffMs, 500 * 2 ** Math.min(failures, 10))
    trouble = { message, failures, againAtMs: clock.monotonicMs() + waitMs }
  }

  function goOn(): void {
    if (trouble) log.info(`The scheduler goes on after: ${trouble.message}`)
    trouble = undefined
    watch.restore()
  }

  function watchClock() {
    const step = watch.look()
    if (step.jumpMs !== 0) {
      recoverAtMs = clock.monotonicMs() + settleAfterJumpMs
      log.warn(
        `The clock went ${step.jumpMs > 0 ? 'forward' : 'back'} by ${spanText(step.jumpMs)}: what is due is planned anew`,
      )
    } else if (step.absence) log.warn(`What was due is late: ${step.absence.why}`)
    return step
  }

  async function look(): Promise<void> {
    if (isStopping) return running.settle(nothingMore)
    const isFirst = tickedAt === undefined
    if (isFirst) await noteDowntime()
    if (jumpedBack) await goBack()
    await sync()
    if (clock.monotonicMs() >= recoverAtMs || isFirst) await recover()
    const now = clock.now()
    if (await hasWork(db, now)) await work()
    else if (running.hasEnded()) await running.settle(nothingMore)
    tickedAt = now
  }

  async function noteDowntime(): Promise<void> {
    const now = clock.now()
    const until = now.toISOString()
    const from = await lastTick(db)
    const why = from
      ? `the daemon was down (${between(from, until)})`
      : 'no daemon was running before this one'
    watch.note({ from: from ?? '', until, why })
    if (isAhead((await listSchedules(db)).values(), now, aheadMs)) jumpedBack = true
  }

  async function goBack(): Promise<void> {
    await lastCatchUp
    const count = await takeBack(db, clock.now())
    if (count > 0) {
      log.warn(
        `${count} rows of the ledger for instants that are still to come were taken back: they had not begun`,
      )
    }
    jumpedBack = false
  }

  async function sync(): Promise<void> {
    const jobs = options.jobs()
    if (jobs === known) return
    const { planned, changed, gone, faulty } = await syncSchedules(db, jobs, clock.now)
    for (const job of planned) log.info(`${job} is scheduled`, { job })
    for (const job of changed) log.info(`${job} has another schedule`, { job })
    for (const job of gone) log.info(`${job} is no longer scheduled: removed or disabled`, { job })
    for (const job of faulty)
      log.error(`The schedule of ${job} cannot be read: it never runs`, { job })
    byId = new Map(jobs.map((job) => [job.id, job]))
    known = jobs
  }

  async function recover(): Promise<void> {
    const { found, paused } = await recoverOccurrences(db, {
      now: clock.now(),
      me,
      isOurs: ({ job, dueAt }) => running.has(job, dueAt),
    })
    recoverAtMs = clock.monotonicMs() + recoverEveryMs
    for (const { job, run, message } of found) {
      log.warn(`${job}: ${message}`, { job, ...(run !== null && { run }) })
    }
    for (const job of paused) {
      log.error(`${job} is paused for an hour: its runs ended the process again and again`, { job })
    }
  }

  /** Decides what is due and begins what may begin: as many as a turn of the event loop may take, then the next. */
  async function work(): Promise<void> {
    failuresAtLook = trouble?.failures ?? 0
    const due = (await dueJobs(db, clock.now())).filter((job) => !catchingUp.has(job))
    do {
      await workOff(due.splice(0, atOnce))
      if (due.length > 0) await turn()
    } while (due.length > 0)
  }

  async function workOff(due: readonly string[]): Promise<void> {
    const late: { schedule: Schedule; job: ScheduledJob }[] = []
    const begun = await running.settle(async (tx) => {
      const now = clock.now()
      const sight = { ...(await lookAround(tx, { me, now })), random, absenceAt: watch.absenceAt }
      const rows: NewOccurrence[] = []
      const plans: Schedule[] = []
      let free = maxRunning - running.count()
      for (const schedule of await dueSchedules(tx, due, now)) {
        const job = byId.get(schedule.job)
        if (!job || specOf(job) !== schedule.spec) continue
        const slot = singleSlot(readSpec(schedule.spec), schedule.nextDueAt)
        const nextDueAt = dueAfter(schedule.spec, new Date(slot.dueAt))
        if (nextDueAt !== null && nextDueAt <= now.toISOString()) {
          late.push({ schedule, job })
          continue
        }
        const row = decide({ ...sight, free }, job, schedule.spec, slot)
        if (row.status === 'running') free--
        rows.push(row)
        plans.push({ ...schedule, nextDueAt, decidedUntil: now.toISOString() })
      }
      const added = await addOccurrences(tx, rows)
      await saveSchedules(tx, plans)
      const direct = rows.filter(
        (row) => row.status === 'running' && added.has(`${row.job} ${row.dueAt}`),
      )
      const opened = await beginOpen(tx, { ...sight, free, jobs: byId, plannedNow: direct })
      return [...direct.map((row): Begun => ({ ...row, isResumed: false, crashes: 0 })), ...opened]
    })
    if (begun.length > 0) crashPoint('after-claim')
    for (const one of begun) {
      const job = byId.get(one.job)
      if (job) running.begin(job, one)
    }
    // One after the other: a thousand side by side would share one turn of the event loop.
    for (const { schedule, job } of late) {
      const before = lastCatchUp
      lastCatchUp = (async () => {
        await before
        await guardedCatchUp(schedule, job)
      })()
      catchingUp.set(job.id, lastCatchUp)
    }
  }

  async function guardedCatchUp(schedule: Schedule, job: ScheduledJob): Promise<void> {
    const failures = trouble?.failures ?? 0
    try {
      // After a failure the others are left for the next try, as at a stop: what is due is still due.
      if (failures === failuresAtLook && !isStopping && !jumpedBack) await catchUp(schedule, job)
    } catch (error) {
      holdUp(error)
    }
    catchingUp.delete(job.id)
    if (catchingUp.size > 0) return
    if ((trouble?.failures ?? 0) === failuresAtLook) goOn()
    if (looking) isAskedAgain = true
    else void tick()
  }

  /** Several were due at once: all but the latest are accounted for, without holding up the other jobs. */
  async function catchUp(schedule: Schedule, job: ScheduledJob): Promise<void> {
    await turn()
    const { nextDueAt, spec } = schedule
    if (nextDueAt === null) return
    const until = clock.now()
    const stretch = { job: job.id, spec, from: nextDueAt, until: until.toISOString() }
    const { slots, latest } = await survey(db, stretch)
    await atomically(db, async (tx) => {
      const stored = await findSchedule(tx, job.id)
      // Another process was faster, or the clock was set back in between.
      if (stored?.nextDueAt !== nextDueAt || stored.spec !== spec || jumpedBack) return
      const around = await lookAround(tx, { me, now: until })
      const sight = { ...around, random, absenceAt: watch.absenceAt, free: 0 }
      const rows = writeOff(sight, job.id, spec, slots)
      if (latest) rows.push(decide(sight, job, spec, latest))
      await addOccurrences(tx, rows)
      await saveSchedules(tx, [
        { ...schedule, nextDueAt: dueAfter(spec, until), decidedUntil: until.toISOString() },
      ])
    })
    const count = slots.reduce((sum, slot) => sum + slot.count, 0)
    if (count > 0) log.warn(`${job.id}: ${counted(count, 'occurrence')} missed`, { job: job.id })
  }

  return {
    tick,
    async stop(graceMs) {
      isStopping = true
      await looking
      await lastCatchUp
      const left = await running.stop(graceMs)
      await guarded(() => running.settle(nothingMore))
      await looking // a run that ended a moment ago asked for one more
      isOver = left.length === 0 // or is about to: what it left is written down, and the state is closed next
      return left
    },
    state: () => ({ tickedAt, running: running.jobs(), trouble: trouble?.message }),
  }
}
