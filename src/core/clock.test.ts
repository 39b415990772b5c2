import { expect, it } from 'vitest'
import { systemClock } from './clock.ts'

it.each([2 ** 31, 3650 * 86_400_000])('a wait of %d ms does not end at once', async (ms) => {
  const controller = new AbortController()
  let isOver = false
  const waiting = systemClock.sleep(ms, controller.signal).finally(() => (isOver = true))
  waiting.catch(() => undefined)

  await systemClock.sleep(20)
  const wasOver = isOver
  controller.abort('enough')

  expect(wasOver).toBe(false)
  await expect(waiting).rejects.toBe('enough')
})
