import { expect, it } from 'vitest'
import { insertCalls } from '../store/calls.ts'
import { withAppIn } from '../testing/app.ts'
import { callRow } from '../testing/call-rows.ts'
import { haierProject } from '../testing/program.ts'
import { healthOf } from './service-health.ts'
import { readStatus } from './status.ts'

const done = {}
const partial = { outcome: 'partial' }
const down = { outcome: 'failed', error_kind: 'unavailable' }
const refused = { outcome: 'failed', error_kind: 'rejected' }
const givenUp = { outcome: 'failed', error_kind: 'cancelled' }
const queued = { outcome: 'accepted', effect: 'message' }

it.each<[string, object[], string]>([
  ['nothing', [], 'unknown'],
  ['done', [down, done], 'ok'],
  ['partly done', [down, partial], 'ok'],
  ['a failure', [done, down], 'failing'],
  ['a refused input alone: the vendor answers', [refused], 'ok'],
  ['a refused input after a success', [done, refused], 'ok'],
  ['a refused input after a failure', [down, refused], 'failing'],
  ['one that was given up, and one that waits', [done, givenUp, queued], 'ok'],
  ['one that was given up alone', [givenUp], 'unknown'],
])('the health of a service whose last calls were %s', async (_name, calls, health) => {
  const { folder } = await haierProject()

  const [service] = await withAppIn(folder, async (app) => {
    const { db } = await app.log()
    await db.deleteFrom('calls').execute()
    await insertCalls(
      db,
      calls.map((more, at) => callRow(at, more)),
    )
    return (await readStatus(app)).services
  })

  expect(service?.health).toBe(health)
})

it('the health is the word of whichever ended last, a check or a call', () => {
  const at = (second: number) => `2026-01-01T00:00:0${second}.000Z`
  const call = (id: string, outcome: 'done' | 'failed', begun: number, ended: number) => {
    const instants = { started_at: at(begun), finished_at: at(ended) }
    return { id, outcome, error_kind: outcome === 'done' ? null : 'timeout', ...instants }
  }
  const passed = {
    service: 's',
    at: at(2),
    isOk: true,
    durationMs: 1000,
    message: '',
    errorKind: null,
    callId: 'c',
  }

  const ofItsOwnCall = healthOf([call('c', 'done', 2, 3)], passed)
  const longCall = healthOf([call('x', 'failed', 1, 4)], passed)
  const shortCall = healthOf([call('x', 'failed', 2, 2)], passed)

  expect(ofItsOwnCall).toMatchObject({ health: 'ok', health_from: 'check', health_at: at(3) })
  expect(longCall).toMatchObject({ health: 'failing', health_from: 'call', health_call: 'x' })
  expect(shortCall).toMatchObject({ health: 'ok', health_from: 'check', health_call: 'c' })
})
