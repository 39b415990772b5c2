/** What counts for a breaker, and what does not. */
import { expect, it } from 'vitest'
import type { Settlement } from '../core/adapter.ts'
import { IntegrationError } from '../core/errors.ts'
import { listBreakers } from '../store/breakers.ts'
import { createTestClock, type TestClock } from '../testing/clock.ts'
import { joinRoute } from '../testing/route.ts'
import { trialAdapter } from '../testing/trial-adapter.ts'
import { type PreparedReply, startVendor } from '../testing/vendor.ts'
import type { BreakerState } from './breaker-state.ts'

const ok: PreparedReply = { json: { ok: true } }
const failed: PreparedReply = { status: 500, json: {} }
const unknown: PreparedReply = { json: { outcome: 'unknown' } }

const { payOnce, read } = trialAdapter.operations
const settled: typeof trialAdapter = {
  ...trialAdapter,
  operations: {
    payOnce: {
      ...payOnce!,
      settle: ({ http }) =>
        http.json({ method: 'POST', url: '/status' }) as Promise<Settlement<never>>,
    },
  },
}

async function pass<T>(clock: TestClock, promise: Promise<T>): Promise<void> {
  const ends: true[] = []
  const ended = promise.catch(() => undefined).finally(() => ends.push(true))
  while (ends.length === 0) {
    await clock.advance(0)
    const wait = clock.sleeping().find((ms) => ms === 1000 || ms === 3000)
    if (wait) await clock.advance(wait)
  }
  await ended
}

it.each([
  ['that are answered do not reset it', unknown],
  ['that fail are not counted', failed],
])('status queries %s', async (_how, query) => {
  const clock = createTestClock()
  const vendor = await startVendor(
    ...[1, 2].flatMap(() => [failed, ...Array<PreparedReply>(3).fill(query)]),
  )
  const breaker = { failures: 5, openForMs: 60_000 }
  const options = { clock, attempts: 1, breaker }
  const { ask, db } = await joinRoute([{ name: 'a', url: vendor.url, adapter: settled }], options)

  for (const _ of [1, 2]) await pass(clock, ask('payOnce'))

  expect(vendor.received).toHaveLength(8)
  const states = await listBreakers<BreakerState>(db)
  expect(states.get('a')).toMatchObject({ status: 'closed', failures: 2 })
})

it('a call that sends nothing is no probe: the next one is', async () => {
  const clock = createTestClock()
  const vendor = await startVendor(failed, ok)
  let mayAsk = true
  const picky: typeof trialAdapter = {
    ...trialAdapter,
    operations: {
      read: {
        ...read!,
        async run(context, input) {
          if (mayAsk) return read!.run(context, input)
          throw new IntegrationError({ kind: 'rejected', message: 'no such template' })
        },
      },
    },
  }
  const breaker = { failures: 1, openForMs: 60_000 }
  const options = { clock, attempts: 1, breaker }
  const { ask, db, logged } = await joinRoute(
    [{ name: 'a', url: vendor.url, adapter: picky }],
    options,
  )
  const state = async () => (await listBreakers<BreakerState>(db)).get('a')
  await expect(ask('read')).rejects.toMatchObject({ kind: 'unavailable' })
  await clock.advance(61_000)

  mayAsk = false
  await expect(ask('read')).rejects.toMatchObject({ kind: 'rejected' })
  const between = await state()
  mayAsk = true
  await ask('read')

  expect(between).toMatchObject({ status: 'half_open', probe: null })
  expect(await state()).toMatchObject({ status: 'closed' })
  expect((await logged()).calls.map(({ attempts }) => attempts)).toEqual([1, 0, 1])
})
