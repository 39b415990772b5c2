import { expect, it } from 'vitest'
import { trialAdapter } from '../testing/trial-adapter.ts'
import { connect } from '../testing/vendor.ts'
import { routeTo } from './new-call.ts'

it('money is never put off: it is moved now or not at all', async () => {
  const { path, service, db } = await connect(trialAdapter, {
    base_url: 'http://127.0.0.1',
    key: 'planted-key',
  })

  const queued = path.enqueue(routeTo(service), 'payOnce', { id: '1' })

  await expect(queued).rejects.toMatchObject({ code: 'usage' })
  expect(await db.selectFrom('outbox').selectAll().execute()).toEqual([])
})
