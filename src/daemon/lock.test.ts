import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { Log } from '../core/log.ts'
import {
  beatDaemon,
  currentDaemon,
  daemonBeatMs,
  daemonLeaseMs,
  enterDaemon,
  latestDaemon,
  leaveDaemon,
} from '../store/daemons.ts'
import { type ProcessIdentity, thisProcess } from '../store/process-identity.ts'
import { createTestClock } from '../testing/clock.ts'
import { memoryState } from '../testing/state.ts'
import { takePlace } from './lock.ts'

const quiet: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => quiet,
}
const here = thisProcess()
const elsewhere: ProcessIdentity = { host: 'other.example.com', pid: 4711, startedAt: 'boot/1' }
/** No process of this host has that number. */
const dead: ProcessIdentity = { host: here.host, pid: 2 ** 22 + 1, startedAt: 'boot/1' }

async function harness(first: ProcessIdentity) {
  const db = await memoryState()
  const clock = createTestClock()
  const enter = (id: string, process: ProcessIdentity) =>
    enterDaemon(db, { id, version: '1', now: clock.now(), process })
  expect(await enter('first', first)).toBeUndefined()
  const { signal } = new AbortController()
  const come = () =>
    takePlace({ db, clock, log: quiet, signal, id: 'second', version: '1' }).then(
      () => 'entered',
      (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
    )
  /** Lets time go by until the newcomer has its answer. */
  async function answer(coming: Promise<string>, each?: () => Promise<unknown>) {
    let said: string | undefined
    void coming.then((text) => (said = text))
    for (let steps = 0; steps < 200; steps++) {
      for (let turns = 0; turns < 20; turns++) await turn()
      if (said !== undefined) return { said, afterMs: clock.monotonicMs() }
      await each?.()
      await clock.advance(500)
    }
    throw new Error('no answer')
  }
  return { db, clock, come, answer }
}

it('a daemon of this host that is at work is not replaced; the newcomer is told which it is', async () => {
  const { db, come, clock } = await harness(here)

  expect(await come()).toBe(
    `daemon_running: a daemon works on this state already: process ${here.pid} on ${here.host}, since 2026-03-01 00:00:00 UTC`,
  )
  expect(await currentDaemon(db, clock.now())).toMatchObject({ id: 'first', stoppedAt: null })
})

it('the place of a process that is gone is taken at once', async () => {
  const { db, come, answer, clock } = await harness(dead)

  expect(await answer(come())).toEqual({ said: 'entered', afterMs: 0 })
  expect(await currentDaemon(db, clock.now())).toMatchObject({ id: 'second' })
  expect(await beatDaemon(db, 'first', clock.now())).toBeUndefined()
})

it('one on another host that still speaks is not replaced', async () => {
  const { db, clock, come, answer } = await harness(elsewhere)

  const { said, afterMs } = await answer(come(), async () => {
    if (clock.monotonicMs() === 5000) await beatDaemon(db, 'first', clock.now())
  })

  expect(said).toContain('process 4711 on other.example.com')
  expect(afterMs).toBeLessThanOrEqual(6000)
})

it('one on another host that is silent is replaced when its lease is over, wherever the clocks stand', async () => {
  const { db, come, answer, clock } = await harness(elsewhere)
  // Its clock runs a month ahead of ours.
  await beatDaemon(db, 'first', new Date('2026-04-01T00:00:00Z'))

  const { said, afterMs } = await answer(come())

  expect(said).toBe('entered')
  expect(afterMs).toBe(daemonLeaseMs)
  expect(await currentDaemon(db, clock.now())).toMatchObject({ id: 'second' })
})

it('one that was stopped for longer than its lease is replaced, and notices when it goes on', async () => {
  const { db, clock, come, answer } = await harness(here)
  await clock.advance(daemonLeaseMs + 1)
  const before = clock.monotonicMs()

  const { said, afterMs } = await answer(come())

  expect(said).toBe('entered')
  expect(afterMs - before).toBe(2 * daemonBeatMs)
  expect(await beatDaemon(db, 'first', clock.now())).toBeUndefined()
  expect(await beatDaemon(db, 'second', clock.now())).toMatchObject({ id: 'second' })
})

it('a clock that steps forward takes the place from nobody', async () => {
  const { db, clock, come, answer } = await harness(here)
  await clock.advance(3_600_000) // to the newcomer the lease looks long over

  const { said } = await answer(come(), () => beatDaemon(db, 'first', clock.now()))

  expect(said).toContain('daemon_running')
})

it('one that ended in order stands in nobody’s way, and is remembered', async () => {
  const { db, clock, come } = await harness(here)
  await leaveDaemon(db, 'first', clock.now())

  expect(await currentDaemon(db, clock.now())).toBeUndefined()
  expect(await latestDaemon(db)).toMatchObject({
    id: 'first',
    stoppedAt: clock.now().toISOString(),
  })
  expect(await come()).toBe('entered')
})

it('keeps the last ones alone', async () => {
  const { db, clock } = await harness(here)
  for (let index = 0; index < 60; index++) {
    await clock.advance(1000)
    const id = `next-${index}`
    await leaveDaemon(db, (await latestDaemon(db))?.id ?? '', clock.now())
    await enterDaemon(db, { id, version: '1', now: clock.now(), process: here })
  }

  const rows = await db.selectFrom('daemons').select('id').execute()
  expect(rows.length).toBeLessThanOrEqual(21)
  expect(rows).toContainEqual({ id: 'next-59' })
})
