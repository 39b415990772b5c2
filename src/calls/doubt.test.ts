/** What is harmless to repeat goes on after a doubt. It has not certainly failed for all that. */
import { expect, it, onTestFinished } from 'vitest'
import { IntegrationError } from '../core/errors.ts'
import type { Repeat } from '../core/adapter.ts'
import type { Clock } from '../core/clock.ts'
import { createTestClock } from '../testing/clock.ts'
import { noteRoute, noteService, startNoteVendor } from '../testing/note-adapter.ts'
import { memoryCallLog, memoryState } from '../testing/state.ts'
import type { Route, Service } from './call.ts'
import { createCallLog } from './log.ts'
import { sendDue } from './outbox.ts'
import { createCallPath } from './path.ts'

const input = { to: ['a'], text: 'hello' }

async function prepare() {
  const [vendor, other] = [await startNoteVendor(), await startNoteVendor()]
  const held = createTestClock()
  const sleep: Clock['sleep'] = async (ms, until) => (ms === 0 ? undefined : held.sleep(ms, until))
  const clock = { ...held, sleep }
  const db = await memoryState()
  const log = createCallLog(await memoryCallLog(), clock)
  onTestFinished(log.close)
  const path = createCallPath({ db, log, clock, random: () => 0 })
  const service = (name: string, url: string, repeat: Repeat, attempts = 1): Service => {
    const made = noteService(url, { name, clock, attempts })
    const sendOnce = made.adapter.operations.sendOnce!
    const operations = { ...made.adapter.operations, sendOnce: { ...sendOnce, repeat } }
    return { ...made, adapter: { ...made.adapter, operations } }
  }
  const { signal } = new AbortController()
  return {
    vendor,
    other,
    clock,
    path,
    service,
    rows: () => db.selectFrom('outbox').selectAll().execute(),
    send: (route: Route) => sendDue({ db, clock, path, signal, routeFor: async () => route }),
    failure: async (route: Route) =>
      path.ask(route, 'sendOnce', input).catch((error: unknown) => error),
  }
}

it('a message that one service may have sent has not failed because the next one refused it', async () => {
  const { vendor, other, service, failure, rows } = await prepare()
  vendor.always('act-reset')
  other.always('reject')

  const error = await failure(
    noteRoute([service('one', vendor.url, 'safe'), service('two', other.url, 'safe')]),
  )

  expect(error).toMatchObject({ kind: 'rejected', outcome: 'unknown', service: 'two' })
  expect(await rows()).toMatchObject([{ status: 'unknown' }])
})

it('nor because the second attempt was refused', async () => {
  const { vendor, service, failure, rows } = await prepare()
  vendor.behave('hello', 'act-reset', 'reject')

  const error = await failure(noteRoute([service('one', vendor.url, 'safe', 2)]))

  expect(error).toMatchObject({ kind: 'rejected', outcome: 'unknown' })
  expect(await rows()).toMatchObject([{ status: 'unknown' }])
})

it('waits in the queue when nobody could take it for sure, and goes to whoever can', async () => {
  const { vendor, other, path, service, send, clock, rows } = await prepare()
  vendor.always('act-reset')
  other.behave('hello', { retryAfter: 600 })
  const services = [service('one', vendor.url, 'safe'), service('two', other.url, 'once')]
  const route = noteRoute(services, { whenUnavailable: 'queue' })

  const reply = await path.ask(route, 'sendOnce', input)
  const [waiting] = await rows()
  await clock.advance(600_000)
  await send(route)

  expect(reply.outcome).toBe('accepted')
  expect(waiting).toMatchObject({ status: 'waiting', served_by: null })
  expect(waiting?.error).toContain('"outcome":"unknown"')
  expect(await rows()).toMatchObject([{ status: 'done', served_by: 'two' }])
})

it.each<[string, 'reject' | 'act-reset']>([
  ['it is refused at last', 'reject'],
  ['its deadline comes', 'act-reset'],
])('a queued one that may have been sent is unknown when %s', async (_when, last) => {
  const { vendor, path, service, send, clock, rows } = await prepare()
  vendor.behave('hello', 'act-reset', last)
  const route = noteRoute([service('one', vendor.url, 'safe')])
  await path.enqueue(route, 'sendOnce', input, { deadlineMs: 90_000 })

  await send(route)
  const [middle] = await rows()
  await clock.advance(60_000)
  await send(route)
  await clock.advance(60_000)
  await send(route)

  expect(middle).toMatchObject({ status: 'waiting', served_by: null })
  expect(await rows()).toMatchObject([{ status: 'unknown' }])
})

it('a token that was refused after the vendor may have acted is no reason to send again', async () => {
  const { vendor, service, failure } = await prepare()
  const made = service('one', vendor.url, 'once')
  const readFailure = () =>
    new IntegrationError({ kind: 'auth', outcome: 'unknown', message: 'no' })
  const http = { ...made.adapter.http, readFailure, renew: () => true }

  const error = await failure(noteRoute([{ ...made, adapter: { ...made.adapter, http } }]))

  expect(error).toMatchObject({ outcome: 'unknown' })
  expect(vendor.requests()).toBe(1)
})
