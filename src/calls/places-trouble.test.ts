import { setImmediate as turn } from 'node:timers/promises'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { listPlaces } from '../store/places.ts'
import { createTestClock } from '../testing/clock.ts'
import { noteService } from '../testing/note-adapter.ts'
import { memoryState } from '../testing/state.ts'
import { createPlaces } from './places.ts'

it('a lease that could not be renewed once is renewed the next time', async () => {
  const [clock, db] = [createTestClock(), await memoryState()]
  const troubles: unknown[] = []
  const onTrouble = (error: unknown) => void troubles.push(error)
  const service = noteService('http://127.0.0.1:9')
  const places = createPlaces({ db, clock, onTrouble }, service, 1)
  const pass = (async () => places.enter(new AbortController().signal))()
  for (let n = 0; n < 50; n++) await turn()
  const held = await pass
  const live = async (forMs: number) => {
    for (let ms = 0; ms < forMs; ms += 100) {
      await clock.advance(100)
      for (let n = 0; n < 10; n++) await turn()
    }
  }

  await sql`create trigger busy before insert on places begin select raise(abort, 'busy'); end`.execute(
    db,
  )
  await live(6000)
  await sql`drop trigger busy`.execute(db)
  await live(6000)

  expect(troubles.length).toBeGreaterThan(0)
  const [row] = await listPlaces(db, service.name)
  expect(row?.leaseUntilMs).toBeGreaterThan(clock.now().getTime())
  places.leave(held)
  await places.close()
})
