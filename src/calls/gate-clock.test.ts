import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { setNotBefore } from '../store/limits.ts'
import { createTestClock } from '../testing/clock.ts'
import { noteService } from '../testing/note-adapter.ts'
import { memoryState } from '../testing/state.ts'
import { createGate } from './gate.ts'

const hour = 3_600_000

/** A gate whose wall clock can be set. `open` tells how many seconds pass until it lets a request through. */
async function prepare(perSecond: number | undefined) {
  const [held, db] = [createTestClock(), await memoryState()]
  let stepMs = 0
  const clock = { ...held, now: () => new Date(held.now().getTime() + stepMs) }
  const service = noteService('http://127.0.0.1:9', perSecond === undefined ? {} : { perSecond })
  const gate = createGate(db, service, clock)
  return {
    db,
    clock,
    service,
    setClock: (ms: number) => void (stepMs = ms),
    async secondsUntilOpen(): Promise<number | string> {
      const ends: string[] = []
      const controller = new AbortController()
      gate.take(controller.signal).then(
        () => ends.push('open'),
        (error: { code: string }) => ends.push(error.code),
      )
      for (let seconds = 0; seconds <= 90; seconds++) {
        for (let n = 0; n < 20; n++) await turn()
        const [end] = ends
        if (end !== undefined) return end === 'open' ? seconds : end
        await held.advance(1000)
      }
      controller.abort()
      return 'it never opens'
    },
  }
}

it.each([undefined, 2])(
  'a pause lasts no longer for a clock that is set back (%s)',
  async (rate) => {
    const { db, clock, service, setClock, secondsUntilOpen } = await prepare(rate)
    const nowMs = clock.now().getTime()
    await setNotBefore(db, service.name, nowMs + 30_000, nowMs)

    setClock(-5 * hour)
    const seconds = await secondsUntilOpen()

    expect(seconds).toBeGreaterThanOrEqual(29)
    expect(seconds).toBeLessThanOrEqual(32)
  },
)

it('slots that were taken hold nobody up for hours when the clock is set back', async () => {
  const { setClock, secondsUntilOpen } = await prepare(2)
  const first = await secondsUntilOpen()

  setClock(-5 * hour)
  const second = await secondsUntilOpen()

  expect([first, second]).toEqual([0, 1])
})
