/**
 * A process with schedules that do nothing, ours or node-cron's, which prints how late they were, what they cost and how
 * long they held up the event loop. Usage: scheduler-child.ts <way> <count> <schedule> <seconds> [state file]
 */
import { setImmediate as turn } from 'node:timers/promises'
import { schedule as scheduleTask } from 'node-cron'
import { systemClock } from '../../src/core/clock.ts'
import type { Log } from '../../src/core/log.ts'
import type { ScheduledJob } from '../../src/daemon/scheduled-job.ts'
import { createScheduler } from '../../src/daemon/scheduler/scheduler.ts'
import { openState } from '../../src/store/open.ts'

/** What a child prints, once a second when it is about a step of the clock, else at its end. */
export type Figures = {
  latenessMs: { p50: number; p99: number; max: number }
  runs: number
  cpuMsPerSecond: number
  rssMb: number
  longestBlockMs: number
  /** The same in processor time of the main thread: what a busy machine adds is not in it. */
  longestBlockCpuMs: number
}

const [way = '', count = '1', schedule = '* * * * * *', seconds = '10', path = ''] =
  process.argv.slice(2)

/** Compiling and the first plans are not what a daemon costs. */
const warmUpMs = 4000
const late: number[] = []
let isWarm = false
let longestBlockMs = 0
let longestBlockCpuMs = 0

const ran = (dueMs: number) => void (isWarm && late.push(Date.now() - dueMs))

async function startOurs(): Promise<void> {
  const { db } = await openState(path, { clock: systemClock })
  const silent = () => undefined
  const log: Log = { debug: silent, info: silent, warn: silent, error: silent, with: () => log }
  const jobs = Array.from({ length: Number(count) }, (_, index): ScheduledJob => ({
    id: `job-${index}`,
    schedule,
    timezone: 'UTC',
    overlap: 'skip',
    missed: 'run_once',
    jitterMs: 0,
    async run({ dueAt }) {
      ran(dueAt.getTime())
      return { run: '', status: 'success', error: null }
    },
  }))
  const scheduler = createScheduler({ db, clock: systemClock, log, jobs: () => jobs })
  for (;;) {
    await systemClock.sleep(1001 - new Date().getMilliseconds())
    void scheduler.tick()
  }
}

function startNodeCron(): void {
  for (let index = 0; index < Number(count); index++) {
    const task = scheduleTask(schedule, () => ran(Math.floor(Date.now() / 1000) * 1000), {
      timezone: 'UTC',
      suppressMissedWarning: true,
    })
    task.on('execution:missed', () => undefined)
  }
}

/** A gap between two turns of a 20 ms interval is a turn that took so much longer. */
async function watchLoop(): Promise<void> {
  let last = performance.now()
  let lastCpuMs = cpuMs()
  for (;;) {
    await systemClock.sleep(20)
    const [now, nowCpuMs] = [performance.now(), cpuMs()]
    if (isWarm) {
      longestBlockMs = Math.max(longestBlockMs, now - last - 20)
      longestBlockCpuMs = Math.max(longestBlockCpuMs, nowCpuMs - lastCpuMs)
    }
    last = now
    lastCpuMs = nowCpuMs
  }
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

const percentile = (sorted: number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0

function figures(cpu: NodeJS.CpuUsage, forMs: number): Figures {
  const sorted = late.toSorted((a, b) => a - b)
  return {
    latenessMs: {
      p50: percentile(sorted, 0.5),
      p99: percentile(sorted, 0.99),
      max: sorted.at(-1) ?? 0,
    },
    runs: late.length,
    cpuMsPerSecond: (cpu.user + cpu.system) / forMs,
    rssMb: process.memoryUsage.rss() / 1e6,
    longestBlockMs,
    longestBlockCpuMs,
  }
}

if (way === 'ours') void startOurs()
else if (way === 'node-cron') startNodeCron()
if (process.env.WATCH_LOOP) void watchLoop()
await systemClock.sleep(warmUpMs)
await turn()
globalThis.gc?.()
isWarm = true
const startedMs = performance.now()
const before = process.cpuUsage()
process.stdout.write('warm\n')
await systemClock.sleep(Number(seconds) * 1000)
const forMs = performance.now() - startedMs
process.stdout.write(`${JSON.stringify(figures(process.cpuUsage(before), forMs))}\n`)
process.exit(0)
