/** The scheduler beside node-cron alone, with as many schedules, at the same time. */
import { spawn } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/core/clock.ts'
import { createState } from '../../src/store/open.ts'
import type { Measure } from './measure.ts'
import type { Figures } from './scheduler-child.ts'

type Way = 'ours' | 'node-cron' | 'empty'
type Load = { count: number; schedule: string; seconds: number }

export async function* benchScheduler({ quick }: { quick: boolean }): AsyncGenerator<Measure> {
  const seconds = quick ? 10 : 60
  yield* benchEverySecond({ count: 100, schedule: '* * * * * *', seconds })
  yield* benchIdle({ count: 1000, schedule: '0 0 1 1 *', seconds })
  yield* benchSameSecond({ count: 500, schedule: '*/5 * * * * *', seconds: Math.max(20, seconds) })
  yield* benchClockSteps(quick)
}

async function* benchEverySecond(load: Load): AsyncGenerator<Measure> {
  const [ours, theirs] = await Promise.all([run('ours', load), run('node-cron', load)])
  const name = `scheduler, ${load.count} every-second schedules`
  const reference = 'node-cron alone, at the same time'
  for (const part of ['p50', 'p99', 'max'] as const) {
    const [figure, other] = [ours.latenessMs[part], theirs.latenessMs[part]]
    yield measure(`${name}, lateness ${part}`, figure, 'ms', reference, other)
  }
  yield measure(`${name}, CPU`, ours.cpuMsPerSecond, 'ms/s', reference, theirs.cpuMsPerSecond)
  yield measure(`${name}, runs`, ours.runs, 'runs', reference, theirs.runs)
}

async function* benchIdle(load: Load): AsyncGenerator<Measure> {
  const [ours, theirs, empty] = await Promise.all([
    run('ours', load),
    run('node-cron', load),
    run('empty', load),
  ])
  const name = `scheduler, ${load.count} schedules idle`
  for (const [reference, other] of [
    ['an empty Node process', empty],
    ['node-cron alone', theirs],
  ] as const) {
    yield measure(`${name}, CPU`, ours.cpuMsPerSecond, 'ms/s', reference, other.cpuMsPerSecond)
    yield measure(`${name}, memory`, ours.rssMb, 'MB', reference, other.rssMb)
  }
}

async function* benchSameSecond(load: Load): AsyncGenerator<Measure> {
  const [ours, theirs] = await Promise.all([run('ours', load), run('node-cron', load)])
  const name = `scheduler, ${load.count} jobs due in the same second`
  for (const part of ['p50', 'p99'] as const) {
    const [figure, other] = [ours.latenessMs[part], theirs.latenessMs[part]]
    yield measure(`${name}, start delay ${part}`, figure, 'ms', 'node-cron alone', other)
  }
}

/** node-cron is measured with the one schedule that it would tick us by. */
async function* benchClockSteps(quick: boolean): AsyncGenerator<Measure> {
  const [library] = globSync('/usr/lib/*/faketime/libfaketime.so.1')
  if (!library) {
    process.stderr.write('scheduler: the clock is not set, libfaketime is not installed\n')
    return
  }
  const load = { schedule: '* * * * * *', seconds: quick ? 6 : 12 }
  for (const step of ['-1h', '+1h', '+30d', '+365d']) {
    const options = { library, step }
    const [ours, theirs] = await Promise.all([
      run('ours', { ...load, count: 100 }, options),
      run('node-cron', { ...load, count: 1 }, options),
    ])
    const name = `scheduler, clock set by ${step}, 100 every-second schedules`
    const reference = 'node-cron alone, one every-second schedule'
    yield measure(
      `${name}, longest block`,
      ours.longestBlockMs,
      'ms',
      reference,
      theirs.longestBlockMs,
    )
    yield measure(
      `${name}, longest block in processor time`,
      ours.longestBlockCpuMs,
      'ms',
      reference,
      theirs.longestBlockCpuMs,
    )
    yield measure(`${name}, runs`, ours.runs / 100, 'runs/schedule', reference, theirs.runs)
  }
}

/** How long a child that is held up is waited for, in milliseconds; it counts as blocked for so long. */
const patienceMs = 20_000

/** Figures of a process of its own. `step`: the wall clock is set so, in the middle of what is measured. */
async function run(
  way: Way,
  { count, schedule, seconds }: Load,
  clock?: { library: string; step: string },
): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'caravan-bench-'))
  const state = join(folder, 'caravan.db')
  const time = join(folder, 'time')
  try {
    if (way === 'ours') await createState(state, systemClock)
    writeFileSync(time, '+0')
    const words = [way, String(count), schedule, String(seconds), state]
    const script = join(import.meta.dirname, 'scheduler-child.ts')
    const child = spawn(process.execPath, ['--expose-gc', script, ...words], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...(clock && { ...fakeTime(clock.library, time), WATCH_LOOP: '1' }) },
    })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    const ended = once(child, 'close')
    await once(child.stdout, 'data') // it is warm
    const over = new AbortController()
    const wait = async (ms: number) => systemClock.sleep(ms, over.signal).catch(() => undefined)
    if (clock) {
      await wait(2000)
      writeFileSync(time, clock.step)
    }
    const late = wait(seconds * 1000 + patienceMs).then(() => child.kill('SIGKILL'))
    await ended
    over.abort()
    await late
    const line = output.trim().split('\n').at(-1) ?? ''
    return line.startsWith('{') ? (JSON.parse(line) as Figures) : heldUp
  } finally {
    if (existsSync(folder)) rmSync(folder, { recursive: true, force: true })
  }
}

const heldUp: Figures = {
  latenessMs: { p50: Infinity, p99: Infinity, max: Infinity },
  runs: 0,
  cpuMsPerSecond: 1000,
  rssMb: Number.NaN,
  longestBlockMs: patienceMs,
  longestBlockCpuMs: patienceMs,
}

const fakeTime = (library: string, file: string) => ({
  LD_PRELOAD: library,
  FAKETIME_TIMESTAMP_FILE: file,
  FAKETIME_NO_CACHE: '1',
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
})

const measure = (
  name: string,
  figure: number,
  unit: string,
  reference: string,
  referenceFigure: number,
): Measure => ({ name, figure, unit, reference, referenceFigure, ratio: figure / referenceFigure })
