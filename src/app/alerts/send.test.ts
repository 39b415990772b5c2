import { expect, it } from 'vitest'
import type { AlertTwin } from '../../core/alert/chat.ts'
import { withAppIn } from '../../testing/app.ts'
import { servedProject } from '../../testing/served-project.ts'
import { tripBreaker } from '../breakers.ts'
import { sendAlert } from './send.ts'

const post = { title: 'x is wrong', text: 'It is.', level: 'critical', key: 'k' } as const
const { signal } = new AbortController()

it('what was posted is not posted again under its key, as after a crash before it was marked', async () => {
  const { folder, twins } = await servedProject({ ops: 'slack-webhook' })

  await withAppIn(folder, (app) => sendAlert(app, 'ops', post, signal))
  await withAppIn(folder, (app) => sendAlert(app, 'ops', post, signal))

  expect((twins.ops?.twin as AlertTwin | undefined)?.posted()).toHaveLength(1)
})

it('a message that may have arrived waits for no person, and is posted again', async () => {
  const { folder, twins } = await servedProject({ ops: 'slack-webhook' })
  const retryOnce = { fault: 'act-then-reset', times: 3 } as const
  twins.ops?.faults.add(retryOnce)

  const failure = await withAppIn(folder, (app) =>
    sendAlert(app, 'ops', post, signal).catch((error: unknown) => error),
  )
  const rows = await withAppIn(folder, async (app) => {
    const { db } = await app.state()
    const between = await db.selectFrom('outbox').select(['id', 'status']).execute()
    await sendAlert(app, 'ops', post, signal)
    return [between, await db.selectFrom('outbox').select(['id', 'status']).execute()]
  })

  expect(failure).toMatchObject({ outcome: 'unknown' })
  expect(rows[0]).toMatchObject([{ status: 'failed' }])
  expect(rows[1]).toMatchObject([{ id: rows[0]?.[0]?.id, status: 'done' }])
})

it('is never queued, whatever the route says, and is refused by a service of another kind', async () => {
  const made = await servedProject({ ops: 'slack-webhook', haier: 'haier' })
  const config = made.read('integrations.yaml')
  made.write('integrations.yaml', `${config}routes: { alert: { when_unavailable: queue } }\n`)

  await withAppIn(made.folder, async (app) => {
    await tripBreaker(app, 'ops', { reason: 'x' })
    await expect(sendAlert(app, 'ops', post, signal)).rejects.toMatchObject({
      code: 'breaker_open',
    })
    await expect(sendAlert(app, 'haier', post, signal)).rejects.toMatchObject({ code: 'usage' })
    const { db } = await app.state()
    expect(await db.selectFrom('outbox').select('status').execute()).toEqual([])
  })
})
