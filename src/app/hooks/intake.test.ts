import { expect, it } from 'vitest'
import { sql } from 'kysely'
import { systemClock } from '../../core/clock.ts'
import { listHooks, type NewHook } from '../../store/hook-events.ts'
import { connect } from '../../store/sqlite.ts'
import { fileState } from '../../testing/state.ts'
import { intakeOf } from './intake.ts'

const hook = (eventId: string): NewHook => ({
  service: 'twilio',
  eventId,
  type: 'sms.status',
  at: undefined,
  data: {},
})

it('asks a state that is locked once for all that wait, and not once for each: every try is seconds', async () => {
  const { state } = await fileState()
  await sql`pragma busy_timeout = 0`.execute(state.db)
  const other = connect(state.path, 'FULL')
  other.exec('begin immediate')
  let tries = 0
  const counted = new Proxy(state.db, {
    get(db, name) {
      if (name === 'transaction') tries += 1
      const value: unknown = Reflect.get(db, name, db)
      return typeof value === 'function' ? value.bind(db) : value
    },
  })
  const intake = intakeOf(counted, systemClock)

  const refused = await Promise.allSettled(
    Array.from({ length: 40 }, (_, n) => intake.store([hook(String(n))])),
  )
  other.exec('rollback')
  other.close()
  await intake.store([hook('later')])

  expect(new Set(refused.map((one) => (one as PromiseRejectedResult).reason?.code))).toEqual(
    new Set(['state_busy']),
  )
  expect(tries).toBe(2) // and the one that came later
  expect(await listHooks(state.db)).toMatchObject([{ event_id: 'later' }])
})

it('one request that cannot be stored keeps none of the others out', async () => {
  const { state } = await fileState()
  const intake = intakeOf(state.db, systemClock)
  const odd = { ...hook('odd'), type: {} as string }

  const ends = await Promise.allSettled(
    [hook('a'), odd, hook('b')].map((one) => intake.store([one])),
  )

  expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect((await listHooks(state.db)).map(({ event_id: id }) => id)).toEqual(['b', 'a'])
})
