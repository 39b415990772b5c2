import { expect, it } from 'vitest'
import { createTestClock } from './clock.ts'

it('wakes sleepers in the order they are due, each at its own instant', async () => {
  const clock = createTestClock()
  const woke: [string, number][] = []
  const sleep = (name: string, ms: number) =>
    clock.sleep(ms).then(() => woke.push([name, clock.monotonicMs()]))
  void sleep('late', 300).then(() => sleep('again', 50))
  void sleep('early', 100)

  await clock.advance(400)

  expect(woke).toEqual([
    ['early', 100],
    ['late', 300],
    ['again', 350],
  ])
  expect(clock.now().toISOString()).toBe('2026-03-01T00:00:00.400Z')
})

it('leaves who is not due asleep, and lets go of who was aborted', async () => {
  const clock = createTestClock()
  const giveUp = new AbortController()
  const aborted = clock.sleep(500, giveUp.signal).catch((reason: unknown) => reason)
  void clock.sleep(600)

  await clock.advance(499)
  giveUp.abort('enough')

  expect(await aborted).toBe('enough')
  expect(clock.sleeping()).toEqual([600])
})
