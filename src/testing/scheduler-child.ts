/**
 * A process of its own that runs a scheduler by the real clock, over jobs that come due each second and take a moment.
 * Usage: scheduler-child.ts <state file> <jobs> <milliseconds a run takes>. Prints `<trigger> <job> <due>` for each run that
 * was begun, and `ticked <longest block of the event loop in ms>` after each tick.
 */
import { systemClock as clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { createScheduler } from '../daemon/scheduler/scheduler.ts'
import type { ScheduledJob } from '../daemon/scheduled-job.ts'
import { openState } from '../store/open.ts'
import { finishRun, noCounters } from '../store/runs.ts'
import { startRun } from '../store/start-run.ts'

const [path = '', count = '1', takesMs = '100'] = process.argv.slice(2)
const { db } = await openState(path, { clock })

const silent = () => undefined
const log: Log = { debug: silent, info: silent, warn: silent, error: silent, with: () => log }

const jobs = Array.from({ length: Number(count) }, (_, index): ScheduledJob => {
  const id = `job-${index}`
  return {
    id,
    schedule: '* * * * * *',
    timezone: 'UTC',
    overlap: 'skip',
    missed: 'run_once',
    jitterMs: 0,
    async run({ trigger, dueAt, onStarted, signal }) {
      const start = { job: id, trigger, options: {}, now: clock.now(), leaseMs: 60_000 }
      const { id: run } = await startRun(db, { ...start, dueAt, onStarted })
      process.stdout.write(`${trigger} ${id} ${dueAt.toISOString()}\n`)
      await clock.sleep(Number(takesMs), signal).catch(() => undefined)
      const status = signal.aborted ? 'interrupted' : 'success'
      await finishRun(db, run, { status, at: clock.now(), counters: noCounters() })
      return { run, status, error: null }
    },
  }
})

const scheduler = createScheduler({ db, clock, log, jobs: () => jobs })
let longestMs = 0
void (async () => {
  for (let last = clock.monotonicMs(); ; last = clock.monotonicMs()) {
    await clock.sleep(20)
    longestMs = Math.max(longestMs, clock.monotonicMs() - last - 20)
  }
})()
process.once('SIGTERM', () => void scheduler.stop(10_000).then(() => process.exit(143)))
for (;;) {
  await clock.sleep(1001 - clock.now().getMilliseconds())
  await scheduler.tick()
  process.stdout.write(`ticked ${Math.round(longestMs)} ${clock.now().toISOString()}\n`)
  longestMs = 0
}
