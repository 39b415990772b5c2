import { expect, it } from 'vitest'
import { insertCalls } from '../store/calls.ts'
import { withAppIn } from '../testing/app.ts'
import { callRow } from '../testing/call-rows.ts'
import { haierProject } from '../testing/program.ts'
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
