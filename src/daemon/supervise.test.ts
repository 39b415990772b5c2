import { setImmediate as turn } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import type { Log } from '../core/log.ts'
import { createTestClock } from '../testing/clock.ts'
import type { Part } from './part.ts'
import { supervise } from './supervise.ts'

function harness() {
  const clock = createTestClock()
  const told: string[] = []
  const tell =
    (level: string): Log['info'] =>
    (message) =>
      void told.push(`${level} ${message}`)
  const log: Log = {
    debug: tell('debug'),
    info: tell('info'),
    warn: tell('warn'),
    error: tell('error'),
    with: () => log,
  }
  const stop = new AbortController()
  onTestFinished(() => stop.abort('over'))
  const start = (part: Part) => supervise(part, { clock, log, signal: stop.signal })
  return { clock, told, stop, start }
}

it('passes come one after the other, each so long after the end of the one before', async () => {
  const { clock, start } = harness()
  const began: number[] = []
  start({
    name: 'slow',
    everyMs: 1000,
    async pass() {
      began.push(clock.monotonicMs())
      await clock.sleep(400)
    },
  })

  await clock.advance(5000)

  expect(began).toEqual([0, 1400, 2800, 4200])
})

it('a part that fails is told once for each cause, rests longer each time, and holds up no other one', async () => {
  const { clock, told, start } = harness()
  const tries: number[] = []
  let passes = 0
  start({
    name: 'broken',
    everyMs: 1000,
    async pass() {
      tries.push(clock.monotonicMs())
      if (tries.length <= 4) throw new Error('the disk is full')
      if (tries.length === 5) throw new Error('the disk is gone')
    },
  })
  start({ name: 'sound', everyMs: 1000, pass: async () => void (passes += 1) })

  await clock.advance(40_000)

  expect(tries.slice(0, 6)).toEqual([0, 1000, 3000, 7000, 15_000, 31_000])
  expect(passes).toBe(41)
  expect(told).toEqual([
    'error broken failed and will try again',
    ...Array.from({ length: 3 }, () => 'debug broken failed again'),
    'error broken failed and will try again',
    'info broken no longer fails, after 5 failures',
  ])
})

it('the longest rest after failures is a minute, and the next success ends it', async () => {
  const { clock, start } = harness()
  const tries: number[] = []
  start({
    name: 'broken',
    everyMs: 0,
    async pass() {
      tries.push(clock.monotonicMs())
      throw new Error('never')
    },
  })

  await clock.advance(600_000)

  const rests = tries.slice(1).map((at, index) => at - (tries[index] ?? 0))
  expect(Math.min(...rests)).toBe(100)
  expect(rests.slice(-3)).toEqual([60_000, 60_000, 60_000])
})

it('a part can be woken, also in the middle of a pass', async () => {
  const { clock, start } = harness()
  let passes = 0
  const part = start({
    name: 'asleep',
    everyMs: 3_600_000,
    async pass() {
      passes += 1
      await clock.sleep(100)
    },
  })

  await clock.advance(10)
  part.wake()
  await clock.advance(10)
  expect(passes).toBe(1)
  await clock.advance(80)
  await turn()
  expect(passes).toBe(2)
  await clock.advance(1000)
  part.wake()
  await turn()
  await turn()

  expect(passes).toBe(3)
})

it('once it is to stop, the pass under way ends, the part is stopped, and no other pass comes', async () => {
  const { clock, told, stop, start } = harness()
  const done: string[] = []
  const part = start({
    name: 'working',
    everyMs: 1000,
    async pass() {
      done.push('begun')
      await clock.sleep(500)
      done.push('over')
    },
    async stop() {
      done.push('stopped')
      throw new Error('not in order')
    },
  })
  await clock.advance(10)
  stop.abort('asked')
  await clock.advance(10_000)
  await part.ended

  expect(done).toEqual(['begun', 'over', 'stopped'])
  expect(told).toEqual(['error working did not stop in order'])
})
