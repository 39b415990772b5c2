import type { App } from '../../app/app.ts'
import { runJob, whyNotWhole } from '../../app/run.ts'
import { noteTick } from '../../store/daemons.ts'
import type { DaemonContext, MakePart } from '../part.ts'
import type { ScheduledJob } from '../scheduled-job.ts'
import { createScheduler, type Scheduler, type SchedulerState } from './scheduler.ts'

/** How often the table of daemons is told that the scheduler ticks, in milliseconds. */
const tellEveryMs = 5000
/** How long runs get to reach a checkpoint; the daemon's own grace ends before. */
const graceMs = 600_000

const schedulers = new Map<string, Scheduler>()

/** Of the daemon in this process, for whoever asks how it is; undefined before it was made. */
export const schedulerState = (daemon: string): SchedulerState | undefined =>
  schedulers.get(daemon)?.state()

/**
 * Ticks at the beginning of each second. node-cron, which the design names, is not what ticks here: when the clock is
 * set forward it steps through every second it has missed in one go (an hour takes 150 ms, a month over a minute), and
 * when it is set back it waits until the old time comes again. A timer that never sleeps for more than a second does
 * neither. See `npm run bench -- scheduler`.
 */
export const makeScheduler: MakePart = (context) => {
  const { db, clock, log, id, signal } = context
  let known: { app: App; jobs: readonly ScheduledJob[] } | undefined
  let toldAtMs = Number.NEGATIVE_INFINITY
  const scheduler = createScheduler({ db, clock, log, jobs: () => known?.jobs ?? [] })
  schedulers.set(id, scheduler)

  async function tick(): Promise<void> {
    const app = context.app()
    if (known?.app !== app) known = { app, jobs: await jobsOf(context, app, known?.jobs) }
    // Not waited for: what is missed for long is counted while the next ticks go on.
    void scheduler.tick()
    const { tickedAt } = scheduler.state()
    if (!tickedAt || clock.monotonicMs() < toldAtMs + tellEveryMs) return
    toldAtMs = clock.monotonicMs()
    // A full disk is the scheduler's own trouble to tell; it must not keep the ticks from coming.
    await noteTick(db, id, tickedAt).catch(() => undefined)
  }

  return {
    name: 'scheduler',
    everyMs: 0,
    async pass() {
      if (known === undefined) return tick()
      const woke = await clock.sleep(untilNextSecond(clock.now()), signal).then(
        () => true,
        () => false,
      )
      if (woke) await tick()
    },
    async stop() {
      const left = await scheduler.stop(graceMs)
      schedulers.delete(id)
      for (const job of left) log.warn(`${job} did not reach a checkpoint in time`, { job })
    },
  }
}

/** One millisecond into it: a timer may end a little before its time, and the second would not have begun. */
const untilNextSecond = (now: Date): number => 1001 - now.getMilliseconds()

/** The same array when nothing about any schedule has changed, so that a reload of something else plans nothing. */
async function jobsOf(
  context: DaemonContext,
  app: App,
  former: readonly ScheduledJob[] | undefined,
): Promise<readonly ScheduledJob[]> {
  const { config } = await app.config()
  const jobs = Object.entries(config.jobs).flatMap(([id, job]): ScheduledJob[] =>
    job.schedule === undefined || !job.enabled
      ? []
      : [
          {
            id,
            schedule: job.schedule,
            timezone: job.timezone ?? config.timezone,
            overlap: job.overlap,
            missed: job.missed,
            jitterMs: job.jitter ?? 0,
            // Of the config in force when it begins; a run under way keeps what it began with.
            async run({ trigger, dueAt, onStarted, signal }) {
              const { report } = await runJob(context.app(), id, {
                trigger,
                dueAt,
                onStarted,
                signal,
              })
              return { run: report.run, status: report.status, error: whyNotWhole(report) }
            },
          },
        ],
  )
  return former && same(former, jobs) ? former : jobs
}

const same = (some: readonly ScheduledJob[], others: readonly ScheduledJob[]): boolean =>
  JSON.stringify(some) === JSON.stringify(others)
