import { describe, expect, it } from 'vitest'
import { newId } from '../../core/ids.ts'
import { listHooks } from '../../store/hook-events.ts'
import { finishEntry, insertSending, type StoredFailure } from '../../store/outbox.ts'
import { listOrderStates } from '../../store/order-states.ts'
import { findMessages } from '../../store/message-states.ts'
import { thisProcess } from '../../store/process-identity.ts'
import { withAppIn } from '../../testing/app.ts'
import { createTestClock, type TestClock } from '../../testing/clock.ts'
import { chinaPhone, haierCallback, hookProject, phone, receipts } from '../../testing/webhooks.ts'
import type { App } from '../app.ts'
import { resultOf } from '../call-result.ts'
import { showQueued } from '../queue.ts'
import { handleHooks } from './handle.ts'
import { receiveHook } from './receive.ts'
import { replayHooks, showHook, showHooks } from './show.ts'

const hour = 3_600_000

async function withHooks(
  adapters: readonly string[],
  use: (app: App, clock: TestClock) => Promise<void>,
): Promise<void> {
  const clock = createTestClock()
  const folder = await hookProject(adapters)
  await withAppIn(folder, (app) => use(app, clock), { clock })
}

const doubt: StoredFailure = {
  kind: 'timeout',
  code: null,
  message: 'no answer came',
  hint: null,
  outcome: 'unknown',
}

type Made = { id: string; key: string; claim: { id: string; tries: number } }

/** A call that is being sent. */
async function send(app: App, service: string, input: unknown, operation = 'send'): Promise<Made> {
  const { db } = await app.state()
  const id = newId()
  const leaseUntil = new Date(app.clock.now().getTime() + 48 * hour)
  const entry = {
    id,
    kind: operation === 'send' ? 'sms' : 'supplier',
    operation,
    effect: 'message',
    service: null,
    input_hash: 'h',
    idempotency_key: `key of ${id}`,
    correlation_id: id,
    run_id: null,
    created_at: app.clock.now().toISOString(),
    created_by: 'test',
  }
  const sender = { process: thisProcess(), leaseUntil }
  const claim = await insertSending(db, entry, sender, service, JSON.stringify(input))
  return { id, key: entry.idempotency_key, claim: claim! }
}

/** It ends; `messages` are the ids the vendor gave, by number. Left out: nobody knows what became of it. */
async function end(app: App, made: Made, service: string, messages?: Record<string, string>) {
  const recipients = Object.entries(messages ?? {}).map(([to, messageId]) => {
    return { to, messageId, status: 'accepted' }
  })
  const output = JSON.stringify({ status: 'accepted', partial: false, recipients })
  const how = messages ? { status: 'done' as const, output } : doubtful
  const { db } = await app.state()
  await finishEntry(db, made.claim, { ...how, servedBy: service, exchanges: 1 }, app.clock.now())
}

const doubtful = { status: 'unknown' as const, error: doubt }

const sendTo = (to: string) => ({ to: [to], text: 'shipped' })

async function tell(app: App, vendor: string, told: Parameters<(typeof receipts)[string]>[0]) {
  const reply = await receiveHook(app, vendor, receipts[vendor]!(told))
  expect(reply.status).toBeLessThan(300)
  return handleHooks(app)
}

const hooksOf = async (app: App) => listHooks((await app.state()).db)

describe('a receipt', () => {
  it.each([
    ['twilio', ['sent', 'delivered', 'sending', 'undelivered'], phone],
    ['smsc-ru', ['0', '1', '-1', '20'], phone],
    ['sms-ru', ['102', '103', '101', '104'], phone],
    ['tencent-sms', ['SUCCESS', 'FAIL'], chinaPhone],
    ['aliyun-sms', ['true', 'false'], chinaPhone],
  ])('of %s raises its message, and a late one does not lower it', async (vendor, told, to) => {
    await withHooks([vendor], async (app) => {
      const made = await send(app, vendor, sendTo(to))
      await end(app, made, vendor, { [to]: 'm-1' })
      expect((await resultOf(app, made.id)).deliveries).toMatchObject([{ status: 'accepted' }])

      for (const status of told) await tell(app, vendor, { id: 'm-1', status, to })

      const { deliveries } = await resultOf(app, made.id)
      expect(deliveries).toMatchObject([{ message_id: 'm-1', status: 'delivered' }])
      const hooks = await hooksOf(app)
      expect(hooks).toHaveLength(told.length)
      expect(hooks.every(({ status }) => status === 'handled')).toBe(true)
      expect(hooks[0]?.outcome).toContain('stays delivered')
    })
  })

  it('that is faster than our own record finds its call all the same', async () => {
    await withHooks(['sms-ru'], async (app) => {
      const made = await send(app, 'sms-ru', sendTo(phone))
      await tell(app, 'sms-ru', { id: 'm-1', status: '103' })

      await end(app, made, 'sms-ru', { [phone]: 'm-1' })

      expect((await resultOf(app, made.id)).deliveries).toMatchObject([
        { status: 'delivered', to: '+79…67' },
      ])
    })
  })

  it('tells why a message has failed', async () => {
    await withHooks(['smsc-ru'], async (app) => {
      const made = await send(app, 'smsc-ru', sendTo(phone))
      await end(app, made, 'smsc-ru', { [phone]: '7' })

      await tell(app, 'smsc-ru', { id: '7', status: '22' })

      const { status, deliveries } = await resultOf(app, made.id)
      expect(status).toBe('done')
      expect(deliveries).toMatchObject([{ status: 'failed', code: '22' }])
      expect(deliveries[0]?.error).toMatch(/number/)
    })
  })
})

describe('a vendor that signs nothing', () => {
  it('is not believed about a message that nobody sent, nor about another number', async () => {
    await withHooks(['tencent-sms'], async (app, clock) => {
      const made = await send(app, 'tencent-sms', sendTo(chinaPhone))
      await end(app, made, 'tencent-sms', { [chinaPhone]: 'm-1' })

      await tell(app, 'tencent-sms', { id: 'forged', status: 'SUCCESS' })
      await tell(app, 'tencent-sms', { id: 'm-1', status: 'SUCCESS', to: '+8618599999999' })

      expect((await resultOf(app, made.id)).deliveries).toMatchObject([{ status: 'accepted' }])
      expect(await hooksOf(app)).toMatchObject([{ status: 'received' }, { status: 'received' }])
      await clock.advance(25 * hour)
      await handleHooks(app)
      expect(await hooksOf(app)).toMatchObject([
        { status: 'handled', outcome: expect.stringContaining('left alone') },
        { status: 'handled', outcome: expect.stringContaining('left alone') },
      ])
      const { db } = await app.state()
      expect(await findMessages(db, 'tencent-sms', 'forged')).toEqual([])
    })
  })

  it('is believed once the call that sent it is known', async () => {
    await withHooks(['tencent-sms'], async (app, clock) => {
      const made = await send(app, 'tencent-sms', sendTo(chinaPhone))
      const early = await tell(app, 'tencent-sms', { id: 'm-1', status: 'SUCCESS' })
      await end(app, made, 'tencent-sms', { [chinaPhone]: 'm-1' })

      const tooSoon = await handleHooks(app)
      await clock.advance(5000)
      const then = await handleHooks(app)

      expect([early.putOff, tooSoon.handled, then.handled]).toEqual([1, 0, 1])
      expect((await resultOf(app, made.id)).deliveries).toMatchObject([{ status: 'delivered' }])
    })
  })
})

describe('a call of which nobody knows whether it was done', () => {
  const idOf: Record<string, (key: string) => Promise<string>> = {
    'smsc-ru': async (key) => {
      const { clientIdOf } = await import('../../adapters/smsc-ru/results.ts')
      return String(clientIdOf(key))
    },
  }

  it.each([
    ['twilio', 'delivered', 'failed', phone],
    ['smsc-ru', '1', '20', phone],
    ['aliyun-sms', 'true', 'false', chinaPhone],
  ])('is settled by a receipt of %s', async (vendor, good, bad, to) => {
    await withHooks([vendor], async (app) => {
      const ends = []
      for (const status of [good, bad]) {
        const made = await send(app, vendor, sendTo(to))
        await end(app, made, vendor)
        const id = (await idOf[vendor]?.(made.key)) ?? `m-${status}`
        await tell(app, vendor, { id, status, to, call: made.key })
        const { status: now, output } = await resultOf(app, made.id)
        const { settled, deliveries } = await showQueued(app, made.id)
        ends.push({ now, output, settled, delivery: deliveries[0]?.status })
      }

      expect(ends).toMatchObject([
        {
          now: 'done',
          output: { status: 'delivered' },
          settled: `sent, says a receipt of ${vendor}`,
          delivery: 'delivered',
        },
        { now: 'failed', settled: expect.stringContaining('not delivered'), delivery: 'failed' },
      ])
    })
  })

  it('stays so while a receipt says nothing of any number that was reached', async () => {
    const other = '+79160000002'
    await withHooks(['twilio'], async (app) => {
      const made = await send(app, 'twilio', { to: [phone, other], text: 'a' })
      await end(app, made, 'twilio')
      const told = { to: phone, call: made.key }

      await tell(app, 'twilio', { ...told, id: 'm-1', status: 'failed' })
      const before = await resultOf(app, made.id)
      await tell(app, 'twilio', { ...told, id: 'm-2', to: other, status: 'sent' })
      const after = await resultOf(app, made.id)

      expect(before.status).toBe('unknown')
      expect(after).toMatchObject({
        status: 'partial',
        output: {
          partial: true,
          recipients: [
            { to: phone, status: 'failed', messageId: 'm-1' },
            { to: other, status: 'accepted', messageId: 'm-2' },
          ],
        },
      })
    })
  })

  it('is settled later when the receipt came while it was still under way', async () => {
    await withHooks(['twilio'], async (app, clock) => {
      const made = await send(app, 'twilio', sendTo(phone))
      const { putOff } = await tell(app, 'twilio', { id: 'm', status: 'sent', call: made.key })
      await end(app, made, 'twilio')
      await clock.advance(5000)
      await handleHooks(app)

      expect(putOff).toBe(1)
      expect(await resultOf(app, made.id)).toMatchObject({ status: 'done' })
    })
  })

  it.each([
    ['the key of another call', { call: 'another', to: phone }],
    ['a number that was not asked for', { to: '+79160000009' }],
  ])('is not settled by %s', async (_, told) => {
    await withHooks(['twilio'], async (app) => {
      const made = await send(app, 'twilio', sendTo(phone))
      await end(app, made, 'twilio')

      await tell(app, 'twilio', { id: 'm', status: 'delivered', call: made.key, ...told })

      expect(await resultOf(app, made.id)).toMatchObject({ status: 'unknown' })
    })
  })
})

describe('what a supplier tells of an order', () => {
  const tellOrder = async (
    app: App,
    method: 'confirm' | 'cancel' | 'oostock',
    data: Record<string, unknown>,
    at: Date,
  ) => {
    await receiveHook(app, 'haier', haierCallback(method, data, at))
    await handleHooks(app)
  }

  it('is kept by order and event, and what happened later stays', async () => {
    await withHooks(['haier'], async (app, clock) => {
      const now = clock.now()
      const earlier = new Date(now.getTime() - 60_000)
      const order = { PlatformOrderNo: 'P-1' }

      await tellOrder(app, 'confirm', { ...order, ExtOrderNo: 'SO.1', State: 1 }, now)
      await tellOrder(app, 'confirm', { ...order, State: 0, FailMsg: '缺货' }, earlier)
      await tellOrder(app, 'oostock', { ...order, State: 0, FailMsg: '缺货' }, now)

      const { db } = await app.state()
      expect(await listOrderStates(db, { service: 'haier', orderNo: 'P-1' })).toMatchObject([
        { event_type: 'confirm', succeeded: 1, supplier_order_no: 'SO.1', at: now.toISOString() },
        { event_type: 'out_of_stock', succeeded: 0, failure: '缺货' },
      ])
    })
  })

  it('settles the order by its own number, and not by that of the platform', async () => {
    await withHooks(['haier'], async (app, clock) => {
      const input = { platformOrderNo: 'P-1', subOrderNo: 'P-1-1' }
      const made = await send(app, 'haier', input, 'pushOrder')
      await end(app, made, 'haier')

      await tellOrder(app, 'confirm', { PlatformOrderNo: 'P-1', State: 1 }, clock.now())
      const before = await resultOf(app, made.id)
      const own = { PlatformOrderNo: 'P-1-1', ExtOrderNo: 'SO.9', State: 1 }
      await tellOrder(app, 'confirm', own, clock.now())

      expect(before.status).toBe('unknown')
      expect(await resultOf(app, made.id)).toMatchObject({
        status: 'done',
        output: { supplierOrderNo: 'SO.9', subOrderNo: 'P-1-1', wasKnown: true },
      })
    })
  })
})

describe('an event', () => {
  it('is handled once by two at the same time', async () => {
    const clock = createTestClock()
    const folder = await hookProject(['sms-ru'])
    await withAppIn(
      folder,
      (one) =>
        withAppIn(
          folder,
          async (other) => {
            for (let n = 0; n < 120; n++) {
              await receiveHook(one, 'sms-ru', receipts['sms-ru']!({ id: `m-${n}`, status: '103' }))
            }

            const [a, b] = await Promise.all([handleHooks(one), handleHooks(other)])

            expect(a.handled + b.handled).toBe(120)
            const { db } = await one.state()
            const all = await listHooks(db, { limit: 200 })
            expect(
              all.filter(({ status, tries }) => status === 'handled' && tries === 1),
            ).toHaveLength(120)
          },
          { clock },
        ),
      { clock },
    )
  })

  it('that cannot be handled is tried again ever later, then has failed, and holds up no other', async () => {
    await withHooks(['sms-ru'], async (app, clock) => {
      await receiveHook(app, 'sms-ru', receipts['sms-ru']!({ id: 'bad', status: '103' }))
      const { db } = await app.state()
      await db.updateTable('hook_events').set({ data: '{"messageId":1}' }).execute()
      await receiveHook(app, 'sms-ru', receipts['sms-ru']!({ id: 'good', status: '103' }))

      const first = await handleHooks(app)
      const waits: number[] = []
      for (let tries = 0; tries < 20; tries++) {
        const [, bad] = await hooksOf(app)
        if (bad?.next_at == null) break
        const waitMs = Date.parse(bad.next_at) - clock.now().getTime()
        waits.push(waitMs / 1000)
        await clock.advance(waitMs)
        await handleHooks(app)
      }

      expect(first).toEqual({ handled: 1, putOff: 0, failed: 1 })
      expect(waits).toEqual([5, 20, 80, 320, 1280, 3600, 3600])
      const [good, bad] = await hooksOf(app)
      expect(good).toMatchObject({ status: 'handled' })
      expect(bad).toMatchObject({ status: 'failed', tries: 8 })
      expect(bad?.error).toContain('messageId')
    })
  })

  it('that is handled again changes nothing more, and one that had failed is made good', async () => {
    await withHooks(['sms-ru'], async (app) => {
      await receiveHook(app, 'sms-ru', receipts['sms-ru']!({ id: 'm', status: '103' }))
      await handleHooks(app)
      const { db } = await app.state()
      const [stored] = await hooksOf(app)
      const [first] = await hooksOf(app)
      const [before] = await findMessages(db, 'sms-ru', 'm')

      const again = await replayHooks(app, [stored!.id, stored!.id.slice(0, 20)])
      await db.updateTable('hook_events').set({ status: 'failed', error: 'x' }).execute()
      const healed = await replayHooks(app, [stored!.id])

      expect(again.hooks).toMatchObject([{ was: 'handled', status: 'handled' }])
      expect(again.hooks[0]).toMatchObject({
        outcome: 'message m is delivered',
        replay: 'nothing changed: message m is delivered already',
      })
      expect((await hooksOf(app))[0]?.handled_at).toBe(first?.handled_at)
      expect(await findMessages(db, 'sms-ru', 'm')).toEqual([before])
      expect(healed.hooks).toMatchObject([{ was: 'failed', status: 'handled', error: null }])
      await expect(replayHooks(app, [stored!.id, '01NOSUCH'])).rejects.toMatchObject({
        code: 'hook_unknown',
      })
    })
  })

  it('is shown with the number masked', async () => {
    await withHooks(['smsc-ru'], async (app) => {
      await receiveHook(app, 'smsc-ru', receipts['smsc-ru']!({ id: '7', status: '1' }))
      const [stored] = await hooksOf(app)

      const shown = await showHook(app, stored!.id)

      expect(shown.data).toMatchObject({ to: '+79…67', status: 'delivered' })
    })
  })

  it.each(['smsc-ru', 'tencent-sms', 'aliyun-sms'])(
    'of %s is named without the number that stands in its id',
    async (vendor) => {
      await withHooks([vendor], async (app) => {
        const status = { 'smsc-ru': '1', 'tencent-sms': 'SUCCESS', 'aliyun-sms': 'true' }[vendor]!
        await receiveHook(app, vendor, receipts[vendor]!({ id: '7', status }))

        const [listed] = await showHooks(app, { limit: 1 })

        expect(listed?.event_id).toMatch(/^7.*(delivered|1|SUCCESS|true)$/)
        expect(listed?.event_id).not.toMatch(/\d{6}/)
      })
    },
  )

  it('of a service that has left the config is handled too', async () => {
    const folder = await hookProject(['sms-ru'])
    await withAppIn(folder, (app) =>
      receiveHook(app, 'sms-ru', receipts['sms-ru']!({ id: 'm', status: '103' })),
    )
    await withAppIn(folder, async (app) => {
      const { db } = await app.state()
      await db.updateTable('hook_events').set({ service: 'gone' }).execute()

      expect(await handleHooks(app)).toEqual({ handled: 1, putOff: 0, failed: 0 })
    })
  })
})
