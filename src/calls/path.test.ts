/** The whole path over real HTTP: what is repeated, what is logged, and what a failure shows. */
import type { ServerResponse } from 'node:http'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { AnyAdapter, Context } from '../core/adapter.ts'
import { systemClock } from '../core/clock.ts'
import { IntegrationError } from '../core/errors.ts'
import { createTestClock } from '../testing/clock.ts'
import { memoryState } from '../testing/state.ts'
import { trialAdapter, type trialConfig, trialKind } from '../testing/trial-adapter.ts'
import { connect, type PreparedReply, type Received, startVendor } from '../testing/vendor.ts'

const key = 'planted-key-4711'
const ok = { json: { ok: true } }
const status = (code: number, headers = {}): PreparedReply => ({ status: code, headers, json: {} })
const reset: PreparedReply = (_, response) => response.socket?.resetAndDestroy()
const configOf = ({ url }: { url: string }) => ({ base_url: url, key })

describe('what is repeated', () => {
  it.each<[string, string, PreparedReply, number]>([
    ['read', 'not done', status(429), 3],
    ['read', 'unknown', status(500), 3],
    ['read', 'unknown', reset, 3],
    ['read', 'final', status(422), 1],
    ['read', 'final', status(401), 1],
    ['payByKey', 'not done', status(429), 3],
    ['payByKey', 'unknown', status(500), 3],
    ['payByKey', 'final', status(422), 1],
    ['payOnce', 'not done', status(429), 3],
    ['payOnce', 'unknown', status(500), 1],
    ['payOnce', 'unknown', reset, 1],
    ['payOnce', 'unknown', { text: '<html>' }, 1],
    ['payOnce', 'final', status(401), 1],
  ])('%s after %s: the vendor sees it %#', async (operation, _, reply, requests) => {
    const vendor = await startVendor(Array.from({ length: requests }, () => reply))
    const { call, logged } = await connect(trialAdapter, configOf(vendor))

    await expect(call(operation, { id: '1' })).rejects.toBeInstanceOf(IntegrationError)

    expect(vendor.received).toHaveLength(requests)
    expect(new Set(vendor.received.map(({ headers }) => headers['x-key'])).size).toBe(1)
    expect(await logged()).toMatchObject({
      calls: [{ attempts: requests }],
      attempts: Array.from({ length: requests }, (__, at) => ({ number: at + 1 })),
    })
  })

  it('stays unknown when a later attempt was certainly not done', async () => {
    const vendor = await startVendor(status(500), status(429), status(422))
    const { call, logged } = await connect(trialAdapter, configOf(vendor))

    const failure = call('payByKey', { id: '1' })

    await expect(failure).rejects.toMatchObject({ kind: 'rejected', outcome: 'unknown' })
    expect((await logged()).calls).toMatchObject([{ outcome: 'unknown' }])
  })

  it('an answer to a payment that cannot be read is unknown, not failed', async () => {
    const vendor = await startVendor({ json: { odd: true } })
    const { payOnce } = trialAdapter.operations
    const run = async (context: Context<ReturnType<typeof trialConfig.parse>>, input: unknown) => {
      const asked = trialKind.operations.payOnce.input.parse(input)
      return z.object({ paymentId: z.string() }).parse(await payOnce?.run(context, asked))
    }
    const adapter: AnyAdapter = {
      ...trialAdapter,
      operations: { payOnce: { repeat: 'once', run } },
    }
    const { call } = await connect(adapter, configOf(vendor))

    await expect(call('payOnce', { id: '1' })).rejects.toMatchObject({
      kind: 'bad_response',
      outcome: 'unknown',
      message: expect.stringContaining('paymentId'),
    })
  })

  it('a refused token is renewed once, and many of them do not hold the service', async () => {
    const seen = new Set<unknown>()
    const vendor = await startVendor(
      Array.from({ length: 8 }, () => ({ text }: Received, response: ServerResponse) => {
        const code = seen.has(text) ? 200 : 401
        seen.add(text)
        response.writeHead(code, { 'content-type': 'application/json' }).end('{}')
      }),
    )
    const adapter = { ...trialAdapter, http: { ...trialAdapter.http, renew: () => true } }
    const { call, logged } = await connect(adapter, configOf(vendor))

    await Promise.all(['1', '2', '3', '4'].map((id) => call('payOnce', { id })))

    expect((await logged()).calls.map(({ attempts }) => attempts)).toEqual([2, 2, 2, 2])
  })

  it('three refusals hold the service until its config changes; nothing is sent meanwhile', async () => {
    const vendor = await startVendor(status(401), status(401), status(401), ok)
    const db = await memoryState()
    const { call, logged } = await connect(trialAdapter, configOf(vendor), { db })
    for (const id of ['1', '2', '3'])
      await expect(call('read', { id })).rejects.toMatchObject({ status: 401 })

    await expect(call('read', { id: '4' })).rejects.toMatchObject({
      kind: 'auth',
      code: 'breaker_held',
    })
    expect(vendor.received).toHaveLength(3)
    expect((await logged()).calls.at(-1)).toMatchObject({ attempts: 0 })
    const corrected = await connect(trialAdapter, configOf(vendor), { db, configHash: 'new' })
    expect(await corrected.call('read', { id: '5' })).toEqual({ ok: true })
  })
})

describe('waiting', () => {
  it('uses full jitter within bounds, and obeys Retry-After', async () => {
    const vendor = await startVendor(
      status(500),
      status(500),
      status(429, { 'retry-after': '7' }),
      ok,
    )
    const clock = createTestClock()
    const { call } = await connect(trialAdapter, configOf(vendor), {
      clock,
      random: () => 0.5,
      attempts: 4,
    })

    const answer = call('read', { id: '1' })
    for (const waitMs of [250, 500, 7250]) {
      await clock.untilSleeping(waitMs)
      await clock.advance(waitMs)
    }

    expect(await answer).toEqual({ ok: true })
  })

  it('does not wait longer than a minute, nor past the deadline of the call', async () => {
    const vendor = await startVendor(status(429, { 'retry-after': '61' }))
    const { call } = await connect(trialAdapter, configOf(vendor))
    await expect(call('read', { id: '1' })).rejects.toMatchObject({ retryAfterMs: 61_000 })

    const other = await startVendor(status(429, { 'retry-after': '30' }))
    const hurried = await connect(trialAdapter, configOf(other), { deadlineMs: 10_000 })
    await expect(hurried.call('read', { id: '1' })).rejects.toMatchObject({ kind: 'rate_limited' })
  })

  it('a pause one process was asked for is kept by another, also without a published rate', async () => {
    const vendor = await startVendor(status(429, { 'retry-after': '3600' }))
    const db = await memoryState()
    const first = await connect(trialAdapter, configOf(vendor), { db })
    await expect(first.call('read', { id: '1' })).rejects.toMatchObject({ status: 429 })

    for (const perSecond of [undefined, 10]) {
      const second = await connect(trialAdapter, configOf(vendor), { db, perSecond })
      await expect(second.call('read', { id: '2' })).rejects.toMatchObject({
        kind: 'rate_limited',
        outcome: 'not_done',
        code: 'limit_used_up',
      })
    }
    expect(vendor.received).toHaveLength(1)
  })

  it('the deadline ends a call whose vendor is slow: unknown; and one that waits for a place: not done', async () => {
    const vendor = await startVendor(() => undefined)
    const guards = { deadlineMs: 1000, concurrent: 1 }
    const { call, service } = await connect(trialAdapter, configOf(vendor), guards)

    const first = call('payOnce', { id: '1' })
    service.guards.deadlineMs = 100
    const [slow, waiting] = await Promise.allSettled([first, call('payOnce', { id: '2' })])

    expect(slow).toMatchObject({ reason: { kind: 'timeout', outcome: 'unknown' } })
    expect(waiting).toMatchObject({ reason: { kind: 'rate_limited', outcome: 'not_done' } })
    expect(vendor.received).toHaveLength(1)
  })

  it('the caller may give up while it waits for a place, between attempts, and in the middle', async () => {
    const vendor = await startVendor(status(429, { 'retry-after': '20' }), () => undefined)
    const giveUp = new AbortController()
    const { signal } = giveUp
    const { call } = await connect(trialAdapter, configOf(vendor), { concurrent: 1 })
    const between = call('payOnce', { id: '1' }, { signal })
    await expect.poll(() => vendor.received.length).toBe(1)
    const other = await connect(trialAdapter, configOf(vendor), { concurrent: 1 })
    const inside = other.call('payOnce', { id: '2' }, { signal })
    const outside = other.call('payOnce', { id: '3' }, { signal })
    await expect.poll(() => vendor.received.length).toBe(2)

    giveUp.abort()

    const ends = await Promise.allSettled([between, inside, outside])
    expect(ends).toMatchObject([
      { reason: { kind: 'cancelled', outcome: 'not_done' } },
      { reason: { kind: 'cancelled', outcome: 'unknown' } },
      { reason: { kind: 'cancelled', outcome: 'not_done' } },
    ])
  })

  it('the caller may give up while it waits for the rate: nothing is sent, the line moves on', async () => {
    const vendor = await startVendor(ok, ok)
    const clock = createTestClock()
    const { call } = await connect(trialAdapter, configOf(vendor), { clock, perSecond: 0.1 })
    await call('payOnce', { id: '1' })
    const giveUp = new AbortController()
    const leaving = call('payOnce', { id: '2' }, { signal: giveUp.signal })
    const inLine = call('payOnce', { id: '3' }, { signal: giveUp.signal })
    const staying = call('payOnce', { id: '4' })
    await clock.untilSleeping(1000) // the slot is 10 s ahead; who waits looks each second

    giveUp.abort()
    const ends = await Promise.allSettled([leaving, inLine])
    const arrived = async () => {
      await clock.advance(500)
      return vendor.received.length
    }
    await expect.poll(arrived, { interval: 5, timeout: 10_000 }).toBe(2)

    for (const end of ends) {
      expect(end).toMatchObject({ reason: { kind: 'cancelled', outcome: 'not_done' } })
    }
    expect(await staying).toEqual({ ok: true })
    expect(vendor.received.map(({ json }) => json)).toEqual([{ id: '1' }, { id: '4' }])
  })

  it('never has more in flight than allowed, the connection test included', async () => {
    let [now, most] = [0, 0]
    const reply: PreparedReply = async (_, response) => {
      most = Math.max(most, ++now)
      await systemClock.sleep(20)
      now--
      response.setHeader('content-type', 'application/json').end('{}')
    }
    const vendor = await startVendor(Array.from({ length: 12 }, () => reply))
    const { call, check } = await connect(trialAdapter, configOf(vendor), { concurrent: 3 })

    await Promise.all([
      ...Array.from({ length: 10 }, () => call('read', { id: '1' })),
      check(),
      check(),
    ])

    expect(most).toBe(3)
  })
})

describe('a listing', () => {
  it('begins its sink at each attempt', async () => {
    const vendor = await startVendor(status(500), ok)
    const { call } = await connect(trialAdapter, configOf(vendor))
    const seen: unknown[] = []

    const output = await call(
      'list',
      { id: '1' },
      {
        sink: {
          begin: async () => void seen.push('begin'),
          write: async (items) => void seen.push(...items),
        },
      },
    )

    expect(seen).toEqual(['begin', 'first', 'begin', 'first', 'second'])
    expect(output).toEqual({ count: 2 })
    await expect(call('list', { id: '1' })).rejects.toMatchObject({ code: 'input_invalid' })
  })

  it('a sink that fails is not the vendor’s fault: nothing is repeated or counted', async () => {
    const vendor = await startVendor()
    const { call } = await connect(trialAdapter, configOf(vendor))
    const sink = { begin: () => Promise.resolve(), write: () => Promise.reject(new Error('disk')) }

    await expect(call('list', { id: '1' }, { sink })).rejects.toThrow('disk')
  })
})

describe('secrets', () => {
  it('stand neither in what is thrown nor in the log, whatever the vendor echoes', async () => {
    const echo = `no such key ${key}, ${Buffer.from(`u:${key}`).toString('base64')}`
    const vendor = await startVendor(
      { status: 422, text: `${'.'.repeat(490)}${echo}` },
      { json: { echo } },
    )
    const readFailure: typeof trialAdapter.http.readFailure = ({ status: code, text }) =>
      code === 422
        ? new IntegrationError({
            kind: 'rejected',
            message: text,
            hint: echo,
            code: key,
            cause: { key },
          })
        : undefined
    const adapter = { ...trialAdapter, http: { ...trialAdapter.http, readFailure } }
    const { call, logged } = await connect(adapter, configOf(vendor))

    const error: unknown = await call('read', { id: key, phone: '+79161234567' }).catch(
      (reason: unknown) => reason,
    )
    await call('read', { id: '2' })

    const shown = [
      inspect(error, { depth: 20 }),
      JSON.stringify(error),
      JSON.stringify(await logged()),
    ].join('\n')
    expect(shown).not.toContain(key.slice(0, 10))
    expect(shown).not.toContain(Buffer.from(key).toString('base64').slice(4, 14))
    expect(shown).not.toContain('79161234567')
    expect(error).toMatchObject({ kind: 'rejected', service: 'trial', operation: 'read' })
  })

  it('a token that was fetched is one too', async () => {
    const vendor = await startVendor({ status: 422, text: 'bad token fetched-token-77' })
    const authorize: typeof trialAdapter.http.authorize = async (request, { credentials }) => {
      request.headers.authorization = await credentials.get('t', () =>
        Promise.resolve({ value: 'fetched-token-77', lifetimeMs: 1000 }),
      )
    }
    const adapter = { ...trialAdapter, http: { ...trialAdapter.http, authorize } }
    const { call, logged } = await connect(adapter, configOf(vendor))

    await expect(call('read', { id: '1' })).rejects.toMatchObject({ status: 422 })

    expect(JSON.stringify(await logged())).not.toContain('fetched-token')
  })
})
