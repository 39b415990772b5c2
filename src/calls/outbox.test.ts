import { setImmediate as turn } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { CaravanError, IntegrationError } from '../core/errors.ts'
import { createTestClock } from '../testing/clock.ts'
import { noteRoute, noteService, startNoteVendor } from '../testing/note-adapter.ts'
import { memoryCallLog, memoryState } from '../testing/state.ts'
import type { Route, Service } from './call.ts'
import { createCallLog } from './log.ts'
import { type RouteFor, sendDue } from './outbox.ts'
import { createCallPath } from './path.ts'

const minuteMs = 60_000

async function prepare(more: Partial<Route> = {}) {
  const vendor = await startNoteVendor()
  const clock = createTestClock()
  const db = await memoryState()
  const log = createCallLog(await memoryCallLog(), clock)
  onTestFinished(log.close)
  const path = createCallPath({ db, log, clock, random: () => 0 })
  const route = noteRoute([noteService(vendor.url, { clock, timeoutMs: 50_000 })], more)
  const controller = new AbortController()
  return {
    vendor,
    clock,
    db,
    path,
    route,
    controller,
    rows: () => db.selectFrom('outbox').selectAll().orderBy('position').execute(),
    recipients: () => db.selectFrom('outbox_recipients').selectAll().execute(),
    queue: (text: string, to = 'a', operation = 'sendByKey') =>
      path.enqueue(route, operation, { to: [to], text }),
    send: (routeFor: RouteFor = async () => route) =>
      sendDue({ db, clock, path, signal: controller.signal, routeFor }),
  }
}

it('a queued call is accepted with its id, sends nothing, and is sent later under that id', async () => {
  const { vendor, queue, send, rows, recipients } = await prepare()

  const reply = await queue('hello')
  const before = vendor.requests()
  const sent = await send()

  expect(reply).toMatchObject({ outcome: 'accepted', output: null, service: null })
  expect(before).toBe(0)
  expect(sent).toMatchObject([{ id: reply.id, status: 'done', service: 'note' }])
  expect(await rows()).toMatchObject([
    { id: reply.id, status: 'done', input: null, output: '{"id":"hello"}', exchanges: 1 },
  ])
  expect(await recipients()).toEqual([])
})

it('refuses at once what it could never send', async () => {
  const { path, route, rows } = await prepare()

  await expect(path.enqueue(route, 'sendByKey', { to: [] })).rejects.toMatchObject({
    code: 'input_invalid',
  })
  await expect(path.enqueue(route, 'sing', {})).rejects.toMatchObject({ code: 'operation_unknown' })
  expect(await rows()).toEqual([])
})

it('waits 60 s after a failure, doubling up to 30 min, with the same key', async () => {
  const { vendor, clock, queue, send, rows } = await prepare()
  vendor.always('down')
  await queue('hello')
  const waits: number[] = []

  for (let n = 0; n < 8; n++) {
    await send()
    const [row] = await rows()
    waits.push((Date.parse(row!.next_at!) - clock.now().getTime()) / minuteMs)
    await clock.advance(Date.parse(row!.next_at!) - clock.now().getTime() - 1)
    const early = await send()
    expect(early).toEqual([])
    await clock.advance(1)
  }
  vendor.always('ok')
  await send()

  expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30, 30])
  const [row] = await rows()
  expect(row).toMatchObject({ status: 'done', tries: 9, exchanges: 9 })
  expect(vendor.delivered.map(({ key }) => key)).toEqual([row?.id])
})

it.each([
  [600, 10],
  [10, 1],
  [999_999_999, 60], // its deadline comes first
])('a vendor that asks for %d s is asked again after %d min', async (retryAfter, minutes) => {
  const { vendor, clock, queue, send, rows } = await prepare({ queueForMs: 60 * minuteMs })
  vendor.behave('hello', { retryAfter })
  await queue('hello')

  await send()

  const [row] = await rows()
  expect(Date.parse(row!.next_at!) - clock.now().getTime()).toBe(minutes * minuteMs)
})

it('is never sent past its deadline: it is a dead letter then', async () => {
  const { vendor, clock, path, route, send, rows, recipients } = await prepare()
  vendor.always({ retryAfter: 5 })
  const input = { to: ['a'], text: 'hello' }
  await path.enqueue(route, 'sendOnce', input, { deadlineMs: 3 * minuteMs })
  await send()
  const asked = vendor.requests()
  vendor.always('ok')

  await clock.advance(3 * minuteMs)
  const sent = await send()

  expect(sent).toEqual([])
  expect(vendor.requests()).toBe(asked)
  const [row] = await rows()
  expect(row).toMatchObject({ status: 'dead', input: JSON.stringify({ ...input, isNote: true }) })
  expect(row?.error).toContain('not sent before its deadline')
  expect(await recipients()).toEqual([])
})

it('what is rejected has failed for good and holds nobody up', async () => {
  const { vendor, queue, send, rows } = await prepare()
  vendor.behave('first', 'reject')
  await queue('first')
  await queue('second')

  await send()

  expect((await rows()).map(({ status }) => status)).toEqual(['failed', 'done'])
})

it('keeps the order of each recipient, whatever happens in between, and lets others go on', async () => {
  const { vendor, clock, path, route, queue, send, rows } = await prepare()
  vendor.behave('a1', 'down')
  vendor.behave('b2', 'act-reset', 'act-reset')
  await queue('a1', 'a')
  await queue('a2', 'a')
  await queue('b1', 'b')
  await queue('b2', 'b')
  await path.enqueue(route, 'sendByKey', { to: ['a', 'b', 'c'], text: 'all' })
  await queue('c1', 'c')
  await queue('d1', 'd')

  await send()
  const first = vendor.delivered.map(({ text }) => text)
  for (let n = 0; n < 4; n++) {
    await clock.advance(30 * minuteMs)
    await send()
  }

  expect(first.toSorted()).toEqual(['b1', 'b2', 'd1'])
  expect((await rows()).every(({ status }) => status === 'done')).toBe(true)
  const all = vendor.delivered.map(({ text }) => text)
  const inOrder = (...texts: string[]) => texts.map((text) => all.indexOf(text))
  for (const order of [inOrder('a1', 'a2', 'all', 'c1'), inOrder('b1', 'b2', 'all')]) {
    expect(order).toEqual(order.toSorted((x, y) => x - y))
  }
  expect(new Set(all).size).toBe(all.length)
})

it.each([
  ['sendByKey', 'waiting', 'done'],
  ['sendOnce', 'unknown', 'unknown'],
])('%s that may have been done is %s, then %s', async (operation, first, last) => {
  const { vendor, clock, queue, send, rows } = await prepare()
  vendor.behave('hello', 'act-reset')
  await queue('hello', 'a', operation)

  await send()
  const [middle] = await rows()
  await clock.advance(minuteMs)
  await send()

  expect(middle).toMatchObject({ status: first, served_by: 'note' })
  expect((await rows())[0]).toMatchObject({ status: last })
  expect(vendor.delivered).toHaveLength(1)
})

it('what may have been done at one service is not handed to another', async () => {
  const { vendor, clock, path, db, queue, rows, controller } = await prepare()
  const other = await startNoteVendor()
  const services = [
    noteService(vendor.url, { name: 'one' }),
    noteService(other.url, { name: 'two' }),
  ]
  const asked: (string | null)[] = []
  const routeFor: RouteFor = async (_kind, service) => {
    asked.push(service)
    return noteRoute(services.filter(({ name }) => service === null || name === service))
  }
  vendor.behave('hello', 'act-reset', 'down')
  await queue('hello')

  for (let n = 0; n < 3; n++) {
    await sendDue({ db, clock, path, signal: controller.signal, routeFor })
    await clock.advance(2 * minuteMs)
  }

  expect(asked).toEqual([null, 'one', 'one'])
  expect(other.requests()).toBe(0)
  expect(await rows()).toMatchObject([{ status: 'done', served_by: 'one' }])
})

it('in doubt past its deadline it is unknown, not dead', async () => {
  const { vendor, clock, path, route, send, rows } = await prepare()
  vendor.always('act-reset')
  const input = { to: ['a'], text: 'hello' }
  await path.enqueue(route, 'sendByKey', input, { deadlineMs: 2 * minuteMs })

  await send()
  await clock.advance(2 * minuteMs)
  await send()

  expect(await rows()).toMatchObject([{ status: 'unknown', served_by: 'note' }])
})

it.each([
  ['a config with a fault', new CaravanError({ code: 'config_invalid', message: 'a fault' })],
  ['no service', new CaravanError({ code: 'no_service', message: 'none' })],
  ['refused credentials', new IntegrationError({ kind: 'auth', message: 'refused' })],
])('waits through %s, which somebody mends', async (_name, trouble) => {
  const { clock, queue, send, rows } = await prepare()
  await queue('hello', 'a', 'sendOnce')

  await send(() => Promise.reject(trouble))
  const [middle] = await rows()
  await clock.advance(minuteMs)
  await send()

  expect(middle).toMatchObject({ status: 'waiting', served_by: null })
  expect(await rows()).toMatchObject([{ status: 'done' }])
})

it('asked to stop, it takes up no further call and leaves none behind', async () => {
  const { vendor, queue, send, rows, controller } = await prepare()
  for (let n = 0; n < 20; n++) await queue(String(n), 'a', 'sendOnce')
  const sending = send()
  while (vendor.requests() < 3) await turn()

  controller.abort()
  await sending

  const left = await rows()
  expect(left.some(({ status }) => status === 'waiting')).toBe(true)
  expect(left.every(({ status }) => status !== 'sending')).toBe(true)
  const done = left.filter(({ status }) => status === 'done').length
  const unknown = left.filter(({ status }) => status === 'unknown').length
  expect(vendor.delivered.length).toBeGreaterThanOrEqual(done)
  expect(vendor.delivered.length).toBeLessThanOrEqual(done + unknown)
})

it('a clock that was years ahead for a while keeps no call waiting for years', async () => {
  const { vendor, clock, db, path, route, queue, rows, controller } = await prepare({
    queueForMs: 3650 * 86_400_000,
  })
  vendor.behave('hello', 'down')
  await queue('hello')
  const ahead = { ...clock, now: () => new Date(clock.now().getTime() + 365 * 86_400_000) }
  const options = { db, path, signal: controller.signal, routeFor: async () => route }
  await sendDue({ ...options, clock: ahead })

  await sendDue({ ...options, clock })

  expect(await rows()).toMatchObject([{ status: 'done' }])
})

it('a call that another process took away meanwhile is not sent from here', async () => {
  const { vendor, clock, db, path, route, queue, rows, controller } = await prepare()
  const { id } = await queue('hello', 'a', 'sendOnce')
  const stolen: Route = {
    ...route,
    candidates: route.candidates.map((one) => ({
      ...one,
      async open(): Promise<Service> {
        await db.updateTable('outbox').set({ tries: 7 }).where('id', '=', id).execute()
        return one.open()
      },
    })),
  }

  const options = { db, clock, path, signal: controller.signal, routeFor: async () => stolen }
  await sendDue(options)

  expect(vendor.requests()).toBe(0)
  expect(await rows()).toMatchObject([{ status: 'sending', tries: 7 }])
})

it('a call of another host is left alone while its lease lasts, then taken up', async () => {
  const { clock, db, queue, send, rows } = await prepare()
  await queue('hello')
  const until = new Date(clock.now().getTime() + minuteMs).toISOString()
  const away = {
    status: 'sending' as const,
    host: 'elsewhere',
    pid: 1,
    lease_until: until,
    tries: 1,
  }
  await db.updateTable('outbox').set(away).execute()

  const early = await send()
  await clock.advance(minuteMs + 1)
  const late = await send()

  expect(early).toEqual([])
  expect(late).toMatchObject([{ status: 'done' }])
  expect(await rows()).toMatchObject([{ tries: 2 }])
})

it('tells other hosts that it is still at it', async () => {
  const { vendor, clock, queue, send, rows } = await prepare()
  let answer = (): void => undefined
  const held = new Promise<void>((resolve) => (answer = resolve))
  vendor.hold(held)
  await queue('hello')
  const sending = send()
  while (vendor.requests() === 0) await turn()
  const [before] = await rows()

  await clock.untilSleeping(20_000)
  await clock.advance(20_000)
  const extended = async () => (await rows())[0]?.lease_until !== before?.lease_until
  while (!(await extended())) await turn()
  answer()
  await sending

  expect(await rows()).toMatchObject([{ status: 'done', lease_until: null }])
})
