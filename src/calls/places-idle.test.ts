import { expect, it } from 'vitest'
import { createTestClock } from '../testing/clock.ts'
import { memoryState } from '../testing/state.ts'
import type { Service } from './call.ts'
import { createPlaces } from './places.ts'

it('places say when they hold something and when everything is given back, time after time', async () => {
  const db = await memoryState()
  const clock = createTestClock()
  const told: boolean[] = []
  const onChange = (_: unknown, isBusy: boolean) => void told.push(isBusy)
  const onTrouble = (error: unknown) => expect.fail(String(error))
  const options = { db, clock, onTrouble, onChange }
  const places = createPlaces(options, { name: 'shop' } as Service, 2)
  const { signal } = new AbortController()
  const heldBy = () => db.selectFrom('places').selectAll().execute()

  for (const _ of [1, 2]) {
    const pass = await places.enter(signal)
    expect(told.at(-1)).toBe(true)
    places.leave(pass)
    // It is kept for the next call for a moment, then given back.
    while (told.at(-1) !== false) await clock.advance(100)
  }

  expect(told.filter((isBusy) => !isBusy)).toHaveLength(2)
  expect(JSON.stringify(await heldBy())).not.toContain('"holder":"')
})
