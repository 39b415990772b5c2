/** A scheduler over a real state, with jobs that do nothing, and a clock that the test holds and sets. */
import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { createScheduler, type Scheduler } from '../daemon/scheduler/scheduler.ts'
import type { RunRequest, ScheduledJob } from '../daemon/scheduled-job.ts'
import { listOccurrences, type Occurrence } from '../store/occurrences.ts'
import { finishRun, noCounters, type RunStatus } from '../store/runs.ts'
import type { Db } from '../store/schema.ts'
import { startRun } from '../store/start-run.ts'
import { createTestClock, type TestClock } from './clock.ts'
import { memoryState } from './state.ts'

export type SteppingClock = TestClock & {
  /** Sets the wall clock; the monotonic one knows nothing of it. */
  step(ms: number): void
}

export function createSteppingClock(start: string): SteppingClock {
  const held = createTestClock(new Date(start))
  let offsetMs = 0
  return {
    ...held,
    now: () => new Date(held.now().getTime() + offsetMs),
    step: (ms) => void (offsetMs += ms),
  }
}

/** What is said, line by line; prints nothing. */
export function createTestLog(): Log & { lines: string[] } {
  const lines: string[] = []
  const say = (message: string) => void lines.push(message)
  const log = { debug: say, info: say, warn: say, error: say, with: () => log, lines }
  return log
}

/** What a job does when it is run. */
export type Behaviour =
  | { is: 'ended'; status: Exclude<RunStatus, 'running'>; error?: string }
  /** Goes on until the test ends it, or it is asked to stop. */
  | { is: 'going on' }
  /** Hangs before its run is written down. */
  | { is: 'stuck' }
  | { is: 'refused'; error: Error }

export type World = {
  db: Db
  clock: SteppingClock
  log: ReturnType<typeof createTestLog>
  scheduler: Scheduler
  /** Runs that were begun, in order. */
  begun: { job: string; dueAt: string; trigger: RunRequest['trigger']; run: string; at: string }[]
  /** What each job does; default: it ends with success at once. */
  behave(job: string, behaviour: Behaviour): void
  /** Ends the run of a job that goes on. */
  end(job: string, status?: Exclude<RunStatus, 'running'>): Promise<void>
  /** Seconds pass, with a tick at each. */
  seconds(count: number): Promise<void>
  /** Time passes without a tick, as when nothing runs. */
  sleep(ms: number): Promise<void>
  tick(): Promise<void>
  /** The process is gone without a word. */
  kill(): Promise<void>
  /** A process begins, with these jobs. */
  restart(jobs?: readonly Partial<ScheduledJob>[]): void
  /** Another config is in force. */
  reload(jobs: readonly Partial<ScheduledJob>[]): void
  /** The ledger, oldest first. */
  ledger(job?: string): Promise<Occurrence[]>
}

export type WorldOptions = {
  start?: string
  jobs: readonly Partial<ScheduledJob>[]
  random?: () => number
  maxRunning?: number
  db?: Db
}

export async function createWorld(options: WorldOptions): Promise<World> {
  const clock = createSteppingClock(options.start ?? '2026-03-01T00:00:00.500Z')
  const db = options.db ?? (await memoryState())
  const log = createTestLog()
  const behaviours = new Map<string, Behaviour>()
  const going = new Map<string, (status: Exclude<RunStatus, 'running'>) => void>()
  const begun: World['begun'] = []
  let generation = 0
  let jobs = options.jobs.map((job) => complete(job, run))
  let scheduler = start()

  async function run(id: string, request: RunRequest) {
    const mine = generation
    const behaviour = behaviours.get(id) ?? { is: 'ended', status: 'success' }
    if (behaviour.is === 'refused') throw behaviour.error
    if (behaviour.is === 'stuck') await never
    const { id: runId } = await startRun(db, {
      job: id,
      trigger: request.trigger,
      options: {},
      now: clock.now(),
      leaseMs: 60_000,
      dueAt: request.dueAt,
      onStarted: request.onStarted,
    })
    const at = clock.now().toISOString()
    const { trigger, dueAt } = request
    begun.push({ job: id, dueAt: dueAt.toISOString(), trigger, run: runId, at })
    const status =
      behaviour.is === 'ended'
        ? behaviour.status
        : await new Promise<Exclude<RunStatus, 'running'>>((resolve) => {
            going.set(id, resolve)
            request.signal.addEventListener('abort', () => resolve('interrupted'))
          })
    if (mine !== generation) await never
    await finishRun(db, runId, { status, at: clock.now(), counters: noCounters() })
    const error = behaviour.is === 'ended' ? (behaviour.error ?? null) : null
    return { run: runId, status, error }
  }

  function start(): Scheduler {
    const { random, maxRunning } = options
    return createScheduler({ db, clock, log, jobs: () => jobs, random, maxRunning })
  }

  const world: World = {
    db,
    clock,
    log,
    get scheduler() {
      return scheduler
    },
    begun,
    behave: (job, behaviour) => void behaviours.set(job, behaviour),
    async end(job, status = 'success') {
      going.get(job)?.(status)
      going.delete(job)
      await settled(world)
    },
    async seconds(count) {
      for (let index = 0; index < count; index++) {
        await clock.advance(1000)
        await world.tick()
      }
    },
    sleep: (ms) => clock.advance(ms),
    async tick() {
      await scheduler.tick()
      await settled(world)
    },
    async kill() {
      generation++
      going.clear()
      const gone = { process_started_at: `gone ${generation}` }
      await db.updateTable('occurrences').set(gone).where('status', '=', 'running').execute()
      await db.updateTable('runs').set(gone).where('status', '=', 'running').execute()
    },
    restart(next) {
      if (next) jobs = next.map((job) => complete(job, run))
      scheduler = start()
    },
    reload: (next) => void (jobs = next.map((job) => complete(job, run))),
    ledger: async (job) => (await listOccurrences(db, { job }, { limit: 1_000_000 })).toReversed(),
  }
  return world
}

/** Fills in what a test does not care about. `run` is left out to do what `behave` says. */
function complete(
  job: Partial<ScheduledJob>,
  run: (id: string, request: RunRequest) => ReturnType<ScheduledJob['run']>,
): ScheduledJob {
  const id = job.id ?? 'job'
  return {
    id,
    schedule: '* * * * *',
    timezone: 'UTC',
    overlap: 'skip',
    missed: 'run_once',
    jitterMs: 0,
    run: (request) => run(id, request),
    ...job,
  }
}

const never = new Promise<never>(() => undefined)

/** Until what ended at once is written down: nothing here waits for anything but turns of the event loop. */
async function settled({ scheduler }: World): Promise<void> {
  for (let index = 0; index < 12; index++) await turn()
  await scheduler.tick()
}

export type { Clock }
