/**
 * A process of the soak: the real scheduler, runner and call path, on a clock that goes as fast as the work lets it:
 * node soak-child.ts PLAN. Prints what it holds again and again. SIGHUP: the schedule of the first job changes. SIGUSR2: a
 * quarter of an hour has passed at once, as when the machine slept.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { z } from 'zod'
import { keepMemoryLean } from '../app/lean-memory.ts'
import type { Service } from '../calls/call.ts'
import { createCallLog } from '../calls/log.ts'
import { createCallPath } from '../calls/path.ts'
import { createRedactor } from '../calls/redact.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import { createCredentialCache } from '../core/credentials.ts'
import type { Log } from '../core/log.ts'
import type { ScheduledJob } from '../daemon/scheduled-job.ts'
import { createScheduler } from '../daemon/scheduler/scheduler.ts'
import { defineSync } from '../jobs/define.ts'
import { runSync } from '../jobs/runner.ts'
import { openCallLog } from '../store/call-log.ts'
import { saveProducts } from '../store/catalog/products.ts'
import { callLogPath } from '../store/files.ts'
import { openState } from '../store/open.ts'
import { createTestClock } from './clock.ts'
import type { SoakPlan } from './soak-plan.ts'
import { trialAdapter } from './trial-adapter.ts'

keepMemoryLean() // as the daemon does
const plan = JSON.parse(process.argv[2] ?? '') as SoakPlan
const hands = createTestClock(new Date(plan.startMs))
let sleptMs = 0
const clock: Clock = { ...hands, now: () => new Date(hands.now().getTime() + sleptMs) }
process.on('SIGUSR2', () => (sleptMs += 900_000))

const { db, close } = await openState(plan.state, { clock: systemClock })
const file = await openCallLog(callLogPath(plan.state), { clock: systemClock })
const log = createCallLog(file.db, systemClock)
// Vendors keep the time of the wall: a timeout of two seconds would else be over in some milliseconds.
const path = createCallPath({ db, log, clock: systemClock, random: () => 0 })
const service: Service = {
  name: 'trial',
  adapter: trialAdapter,
  config: trialAdapter.config.parse({ base_url: plan.url, key: 'soak-key' }),
  configHash: 'hash',
  guards: {
    timeoutMs: 2000,
    deadlineMs: 5000,
    attempts: 1,
    breaker: { failures: 1000, openForMs: 100 },
  },
  credentials: createCredentialCache(systemClock),
  redactor: createRedactor([]),
}

const jobOf = (id: string) =>
  defineSync({
    id,
    title: id,
    needs: {},
    options: z.object({}),
    checkpoint: z.object({ part: z.int() }),
    retry: (options) => options,
    async *read({ signal }, from) {
      for (let part = (from?.part ?? -1) + 1; part < 2; part++) {
        if (part === 0) await path.call(service, 'read', { id }, { signal })
        yield { items: [{ part }], checkpoint: { part } }
      }
    },
    async write(tx, items: { part: number }[]) {
      const name = clock.now().toISOString()
      const products = items.map(({ part }) => ({ externalId: `${part}`, code: `${part}`, name }))
      return saveProducts(tx, id, products, clock.now())
    },
    preview: async () => [],
  })

function scheduled(id: string, schedule: string): ScheduledJob {
  const job = jobOf(id)
  return {
    id,
    schedule,
    timezone: 'UTC',
    overlap: id.endsWith('1') ? 'queue' : 'skip',
    missed: id.endsWith('2') ? 'skip' : 'run_once',
    jitterMs: 0,
    async run({ trigger, dueAt, onStarted, signal }) {
      const outcome = await runSync(job, {
        db,
        clock,
        signal,
        trigger,
        dueAt,
        onStarted,
        options: {},
        clientsFor: () => ({ use: {}, source: {} }),
      })
      const error = outcome.error ? String(outcome.error) : null
      return { run: outcome.id, status: outcome.status, error }
    },
  }
}

const jobsWith = (first: string): readonly ScheduledJob[] =>
  Array.from({ length: plan.jobs }, (_, n) => scheduled(`job-${n}`, n === 0 ? first : '* * * * *'))

let isSlow = false
let jobs = jobsWith('* * * * *')
const stop = new AbortController()
process.on('SIGTERM', () => stop.abort())
process.on('SIGHUP', () => {
  isSlow = !isSlow
  jobs = jobsWith(isSlow ? '*/2 * * * *' : '* * * * *')
})

const tell = (level: string) => (message: string, fields?: { error?: unknown }) => {
  const error = fields?.error === undefined ? '' : ` ${String(fields.error)}`
  process.stdout.write(`${level} ${message}${error}\n`)
}
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** What is held once all garbage is gone, in bytes; beside it what the system says of the process. */
async function tellMemory(): Promise<void> {
  // What is told of its end, such as a signal made of others, goes with the next collection.
  for (let times = 0; times < 2; times++) {
    collect()
    await turn()
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  process.stdout.write(`memory ${heapUsed} ${external} ${rss}\n`)
}

const words: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: tell('warn'),
  error: tell('error'),
  with: () => words,
}
const scheduler = createScheduler({ db, clock, log: words, jobs: () => jobs })
// A listener more on a signal for each run, for example.
process.on('warning', ({ name, message }) => {
  if (name === 'MaxListenersExceededWarning') process.stdout.write(`error ${message}\n`)
})
process.stdout.write('begins\n')
for (let ticks = 0; !stop.signal.aborted; ticks++) {
  // Seconds pass quickly while little runs; some runs are still going on when they are due again.
  const isBusy = scheduler.state().running.length > 3
  for (let seconds = isBusy ? 1 : 10; seconds > 0; seconds--) {
    await hands.advance(1000)
    void scheduler.tick()
  }
  if (ticks % plan.memoryEvery === 0) await tellMemory()
  await systemClock.sleep(isBusy ? 5 : 1)
}
const left = await scheduler.stop(600_000)
process.stdout.write(`left ${left.join(' ')}\n`)
await path.close()
await log.close()
await file.close()
await close()
process.stdout.write('ended\n')
