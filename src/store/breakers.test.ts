import { join } from 'node:path'
import { expect, it } from 'vitest'
import { systemClock as clock } from '../core/clock.ts'
import { memoryState, temporaryFolder } from '../testing/state.ts'
import { changeBreaker, getBreaker, listBreakers } from './breakers.ts'
import { createState, openState } from './open.ts'
import { connect } from './sqlite.ts'

type State = { status: string; failures: number }

const closed: State = { status: 'closed', failures: 0 }
const fail = (state: State): State => ({ ...state, failures: state.failures + 1 })

it('goes on from what was stored, or from the initial state', async () => {
  const db = await memoryState()

  await changeBreaker(db, 'haier', closed, fail)
  const second = await changeBreaker(db, 'haier', closed, fail)

  expect(second).toEqual({ status: 'closed', failures: 2 })
  expect(await getBreaker(db, 'haier')).toEqual(second)
  expect(await listBreakers(db)).toEqual(new Map([['haier', second]]))
})

it('stores nothing when nothing has changed', async () => {
  const db = await memoryState()

  const state = await changeBreaker(db, 'haier', closed, (same) => same)

  expect(state).toBe(closed)
  expect(await getBreaker(db, 'haier')).toBeUndefined()
})

it('decides anew when another process was faster', async () => {
  const path = join(temporaryFolder(), 'caravan.db')
  await createState(path, clock)
  const state = await openState(path, { clock })
  const other = connect(path, 'FULL')
  const overtake = other.prepare(
    `insert into breakers values ('haier', 'closed', '{"status":"closed","failures":7}')
     on conflict do nothing`,
  )

  let looks = 0
  const next = await changeBreaker(state.db, 'haier', closed, (held) => {
    if (looks++ === 0) overtake.run() // between the first look and the write
    return fail(held)
  }).finally(() => other.close())

  expect(next).toMatchObject({ failures: 8 })
  await state.close()
})
