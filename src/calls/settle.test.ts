/** What becomes of a call that ended unknown when the vendor can be asked. */
import { describe, expect, it } from 'vitest'
import type { Settlement } from '../core/adapter.ts'
import type { Http } from '../core/http.ts'
import { createTestClock, type TestClock } from '../testing/clock.ts'
import { joinRoute } from '../testing/route.ts'
import { trialAdapter } from '../testing/trial-adapter.ts'
import { type PreparedReply, startVendor } from '../testing/vendor.ts'
import type { Step } from './steps.ts'

const ok: PreparedReply = { json: { ok: true } }
const failed: PreparedReply = { status: 500, json: {} }
const says = (json: Settlement<unknown>): PreparedReply => ({ json })
const [unknown, notDone] = [says({ outcome: 'unknown' }), says({ outcome: 'not_done' })]
const done = says({ outcome: 'done', output: { found: true } })

const settle = ({ http }: { http: Http }): Promise<Settlement<unknown>> =>
  http.json({ method: 'POST', url: '/status' }) as Promise<Settlement<unknown>>
const { payOnce, payByKey, read } = trialAdapter.operations
const adapter: typeof trialAdapter = {
  ...trialAdapter,
  operations: {
    payOnce: { ...payOnce!, settle },
    payByKey: { ...payByKey!, settle },
    read: { ...read!, settle },
  },
}

/** Lets the time between two queries pass, until the promise has ended. */
async function pass<T>(clock: TestClock, promise: Promise<T>): Promise<PromiseSettledResult<T>> {
  const ended: PromiseSettledResult<T>[] = []
  const settled = Promise.allSettled([promise]).then((some) => ended.push(...some))
  while (ended.length === 0) {
    await clock.advance(0)
    const wait = clock.sleeping().find((ms) => ms === 1000 || ms === 3000)
    if (wait) await clock.advance(wait)
  }
  await settled
  return ended[0] as PromiseSettledResult<T>
}

describe('a call that ended unknown', () => {
  it.each<[string, string, PreparedReply[], PreparedReply[], string, string[]]>([
    ['it was done', 'payOnce', [failed, done], [], 'done at a', ['done']],
    ['it shows late', 'payOnce', [failed, unknown, done], [], 'done at a', ['cannot say', 'done']],
    ['it was not done', 'payOnce', [failed, notDone], [ok], 'done at b', ['not done']],
    [
      'keyed, not done',
      'payByKey',
      [failed, failed, failed, notDone],
      [ok],
      'done at b',
      ['not done'],
    ],
    [
      'never known',
      'payOnce',
      [failed, unknown, unknown, unknown],
      [],
      'unknown at a',
      Array(3).fill('cannot say'),
    ],
    [
      'query fails',
      'payOnce',
      [failed, failed, failed, failed],
      [],
      'unknown at a',
      Array(3).fill('could not be asked'),
    ],
    [
      'query is refused',
      'payOnce',
      [failed, { status: 401 }],
      [],
      'unknown at a',
      ['could not be asked'],
    ],
    ['reading is repeated', 'read', [failed, failed, failed], [ok], 'done at b', []],
  ])('%s (%s)', async (_, operation, atFirst, atNext, end, settled) => {
    const [a, b] = [await startVendor(atFirst), await startVendor(atNext)]
    const clock = createTestClock()
    const { ask, logged } = await joinRoute(
      [
        { name: 'a', url: a.url, adapter },
        { name: 'b', url: b.url, adapter },
      ],
      { clock },
    )

    const how = await pass(clock, ask(operation))

    const [outcome, service] =
      how.status === 'fulfilled'
        ? [how.value.outcome, how.value.service]
        : [how.reason.outcome, how.reason.service]
    expect(`${outcome} at ${service}`).toBe(end)
    expect([a.received.length, b.received.length]).toEqual([atFirst.length, atNext.length])
    const { calls, attempts } = await logged()
    expect(calls).toMatchObject([{ outcome, service }])
    expect(attempts).toHaveLength(atFirst.length + atNext.length)
    const steps = JSON.parse(calls[0]?.steps ?? '[]') as Step[]
    const texts = steps.filter(({ what }) => what === 'settled').map(({ text }) => text)
    expect(texts).toEqual(settled.map((text) => expect.stringContaining(text)))
    const sent = a.received.filter(({ url }) => url !== '/status').length
    expect(sent).toBe(operation === 'payOnce' ? 1 : 3)
  })

  it('is not asked about past the deadline of the call', async () => {
    const vendor = await startVendor(failed, unknown)
    const clock = createTestClock()
    const { ask } = await joinRoute([{ name: 'a', url: vendor.url, adapter }], {
      clock,
      deadlineMs: 3500,
    })

    const end = await pass(clock, ask('payOnce'))

    expect(end).toMatchObject({ reason: { outcome: 'unknown', status: 500 } })
  })

  it('stays unknown when the caller gives up while the vendor is asked', async () => {
    const vendor = await startVendor(failed, () => undefined)
    const giveUp = new AbortController()
    const clock = createTestClock()
    const { ask, logged } = await joinRoute([{ name: 'a', url: vendor.url, adapter }], { clock })
    const asked = ask('payOnce', { id: '1' }, giveUp.signal)
    await clock.untilSleeping(1000)
    await clock.advance(1000)
    await expect.poll(() => vendor.received.length).toBe(2)

    giveUp.abort()

    await expect(asked).rejects.toMatchObject({ outcome: 'unknown', status: 500 })
    expect((await logged()).calls).toMatchObject([{ outcome: 'unknown' }])
  })
})

describe('a call that was left unknown', () => {
  it.each([
    [done, 'done', 'done'],
    [notDone, 'not_done', 'failed'],
    [unknown, 'unknown', 'unknown'],
  ])('can be asked about later: %#', async (reply, outcome, shown) => {
    const vendor = await startVendor(failed, unknown, unknown, unknown, reply)
    const clock = createTestClock()
    const { ask, path, services, logged } = await joinRoute(
      [{ name: 'a', url: vendor.url, adapter }],
      { clock },
    )
    const end = await pass(clock, ask('payOnce'))
    const id = end.status === 'rejected' ? (end.reason as { callId: string }).callId : ''
    const entry = { id, exchanges: vendor.received.length }

    const settlement = await path.settle(services[0]!, 'payOnce', { id: '1' }, { entry })

    expect(settlement).toMatchObject({ outcome })
    const { calls, attempts } = await logged()
    expect(calls).toMatchObject([{ id, outcome: shown }])
    expect(attempts.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5])
  })

  it('is unknown where the vendor has no such query; nothing is sent', async () => {
    const vendor = await startVendor()
    const { path, services } = await joinRoute([{ name: 'a', url: vendor.url }])
    const entry = { id: '01JHB2V7000000000000000000', exchanges: 1 }

    const settlement = await path.settle(services[0]!, 'payOnce', { id: '1' }, { entry })

    expect(settlement).toEqual({ outcome: 'unknown' })
  })
})
