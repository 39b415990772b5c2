/** The table of the design, cell by cell, with two vendors over real HTTP; and what an error of a route shows. */
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { AnyAdapter } from '../core/adapter.ts'
import { CaravanError, IntegrationError } from '../core/errors.ts'
import { createTestClock, type TestClock } from '../testing/clock.ts'
import { closedPort } from '../testing/dead-ends.ts'
import { joinRoute } from '../testing/route.ts'
import { trialAdapter } from '../testing/trial-adapter.ts'
import { type PreparedReply, startVendor } from '../testing/vendor.ts'
import type { Step } from './steps.ts'

const ok: PreparedReply = { json: { ok: true } }
const status = (code: number, headers = {}): PreparedReply => ({ status: code, headers, json: {} })
const reset: PreparedReply = (_, response) => response.socket?.resetAndDestroy()
const nowhere = 'http://127.0.0.1:1'
const stepsOf = (steps: string | null | undefined): Step[] => JSON.parse(steps ?? '[]') as Step[]

/** An adapter whose every answer is this failure. */
const failing = (failure: () => IntegrationError): AnyAdapter => ({
  ...trialAdapter,
  http: { ...trialAdapter.http, readFailure: failure },
})

describe('the table', () => {
  it.each<[string, string, PreparedReply, first: number, next: number, outcome: string]>([
    ['read', 'not done', status(429), 3, 1, 'done'],
    ['payByKey', 'not done', status(429), 3, 1, 'done'],
    ['payOnce', 'not done', status(429), 3, 1, 'done'],
    ['read', 'unknown', status(500), 3, 1, 'done'],
    ['read', 'unknown', reset, 3, 1, 'done'],
    ['payByKey', 'unknown', status(500), 3, 0, 'unknown'],
    ['payByKey', 'unknown', reset, 3, 0, 'unknown'],
    ['payOnce', 'unknown', status(500), 1, 0, 'unknown'],
    ['payOnce', 'unknown', reset, 1, 0, 'unknown'],
    ['read', 'config', status(404), 1, 1, 'done'],
    ['payByKey', 'config', status(404), 1, 1, 'done'],
    ['payOnce', 'config', status(404), 1, 1, 'done'],
    ['read', 'auth', status(401), 1, 1, 'done'],
    ['payByKey', 'auth', status(401), 1, 1, 'done'],
    ['payOnce', 'auth', status(401), 1, 1, 'done'],
    ['read', 'rejected', status(422), 1, 0, 'failed'],
    ['payByKey', 'rejected', status(422), 1, 0, 'failed'],
    ['payOnce', 'rejected', status(422), 1, 0, 'failed'],
  ])('%s, %s: %#', async (operation, _, reply, atFirst, atNext, outcome) => {
    const [a, b] = [
      await startVendor(Array.from({ length: atFirst }, () => reply)),
      await startVendor(ok),
    ]
    const { ask, logged } = await joinRoute([
      { name: 'a', url: a.url },
      { name: 'b', url: b.url },
    ])

    const end = await ask(operation).then(
      ({ outcome: how, service }) => [how, service],
      ({ outcome: how, service }: IntegrationError) => [
        how === 'unknown' ? how : 'failed',
        service,
      ],
    )

    expect(end).toEqual([outcome, atNext > 0 ? 'b' : 'a'])
    expect(a.received).toHaveLength(atFirst)
    expect(b.received).toHaveLength(atNext)
    expect(new Set(a.received.map(({ headers }) => headers['x-key'])).size).toBe(1)
    const { calls, attempts } = await logged()
    expect(calls).toMatchObject([{ outcome, service: atNext > 0 ? 'b' : 'a' }])
    expect(attempts.map(({ service }) => service)).toEqual([
      ...Array.from({ length: atFirst }, () => 'a'),
      ...Array.from({ length: atNext }, () => 'b'),
    ])
  })
})

const said = (options: object) => () =>
  new IntegrationError({ kind: 'rejected', message: 'no', ...options })

it('a port where nobody listens: nothing was done, whatever it was', async () => {
  const b = await startVendor(ok)
  const { ask } = await joinRoute([
    { name: 'a', url: `http://127.0.0.1:${await closedPort()}` },
    { name: 'b', url: b.url },
  ])

  expect(await ask('payOnce')).toMatchObject({ service: 'b' })
})

describe('what the vendor’s spec says beside the rules', () => {
  it.each<[string, () => IntegrationError, first: number, next: number]>([
    ['a refusal of this vendor alone', said({ failover: true }), 1, 1],
    ['the same, when it may have acted', said({ failover: true, outcome: 'unknown' }), 1, 0],
    ['unavailable, and no other may try', said({ kind: 'unavailable', failover: false }), 3, 0],
    ['a person’s own limit', said({ kind: 'rate_limited', scope: 'recipient' }), 1, 0],
    ['a limit of the account', said({ kind: 'rate_limited', scope: 'account' }), 3, 1],
  ])('%s', async (_, failure, atFirst, atNext) => {
    const [a, b] = [
      await startVendor(Array.from({ length: atFirst }, () => ok)),
      await startVendor(ok),
    ]
    const { ask } = await joinRoute([
      { name: 'a', url: a.url, adapter: failing(failure) },
      { name: 'b', url: b.url },
    ])

    await ask('payOnce').catch(() => undefined)

    expect([a.received.length, b.received.length]).toEqual([atFirst, atNext])
  })

  it('a person’s own limit is waited for when the wait is short, whoever stands next; no other call waits for it', async () => {
    const limit = { kind: 'rate_limited', scope: 'recipient', retryAfterMs: 5000 }
    const adapter: AnyAdapter = {
      ...trialAdapter,
      http: {
        ...trialAdapter.http,
        readFailure: ({ status: code }) => (code === 420 ? said(limit)() : undefined),
      },
    }
    const [a, b] = [await startVendor(status(420), ok, ok), await startVendor()]
    const clock = createTestClock()
    const { ask } = await joinRoute(
      [
        { name: 'a', url: a.url, adapter },
        { name: 'b', url: b.url },
      ],
      { clock },
    )

    const limited = ask('payOnce')
    await clock.untilSleeping(5000)
    expect(await ask('payOnce', { id: '2' })).toMatchObject({ service: 'a' })
    await clock.advance(5000)

    expect(await limited).toMatchObject({ service: 'a', outcome: 'done' })
  })
})

describe('services that cannot be asked', () => {
  const unset = new CaravanError({
    code: 'placeholder_unset',
    message: 'services.a.config.key: KEY is not set',
  })

  it('one that cannot be opened is skipped, for itself alone', async () => {
    const b = await startVendor(ok)
    const { ask, logged } = await joinRoute([
      { name: 'a', url: nowhere, open: () => Promise.reject(unset) },
      { name: 'b', url: b.url },
    ])

    expect(await ask('payOnce')).toMatchObject({ service: 'b' })

    const [call] = (await logged()).calls
    expect(stepsOf(call?.steps)).toMatchObject([{ what: 'skipped', service: 'a' }])
  })

  it('one that lacks the operation is passed over', async () => {
    const { payOnce } = trialAdapter.operations
    const [a, b] = [await startVendor(), await startVendor(ok)]
    const { ask, logged } = await joinRoute([
      { name: 'a', url: a.url, adapter: { ...trialAdapter, operations: { payOnce } } },
      { name: 'b', url: b.url },
    ])

    expect(await ask('read')).toMatchObject({ service: 'b' })

    const [call] = (await logged()).calls
    expect(stepsOf(call?.steps)).toMatchObject([{ what: 'skipped', service: 'a' }])
  })

  it('what was asked decides over what could not be; nothing is hidden', async () => {
    const a = await startVendor(status(503), status(503), status(503))
    const { ask, logged } = await joinRoute([
      { name: 'a', url: a.url },
      { name: 'b', url: nowhere, open: () => Promise.reject(unset) },
    ])

    const failure = ask('read')

    await expect(failure).rejects.toMatchObject({
      kind: 'unavailable',
      service: 'a',
      hint: expect.stringContaining('b: services.a.config.key: KEY is not set'),
      details: [
        { service: 'a', error: expect.stringContaining('503') },
        { service: 'b', error: expect.stringContaining('KEY') },
      ],
    })
    expect((await logged()).calls).toMatchObject([{ service: 'a', outcome: 'failed' }])
  })

  it('none could be opened: the error is that of the last, and tells of the others', async () => {
    const open = (name: string) => () =>
      Promise.reject(
        new CaravanError({ code: 'placeholder_unset', message: `${name} lacks a key` }),
      )
    const { ask, logged } = await joinRoute([
      { name: 'a', url: nowhere, open: open('a') },
      { name: 'b', url: nowhere, open: open('b') },
    ])

    await expect(ask('read')).rejects.toMatchObject({
      code: 'placeholder_unset',
      message: 'b lacks a key',
      hint: expect.stringContaining('a lacks a key'),
    })
    expect((await logged()).calls).toMatchObject([{ outcome: 'failed', attempts: 0 }])
  })
})

describe('errors of a route', () => {
  it('a later refusal of credentials does not hide that the first is only down', async () => {
    const [a, b] = [
      await startVendor(Array.from({ length: 3 }, () => status(503))),
      await startVendor(status(401)),
    ]
    const { ask, logged } = await joinRoute([
      { name: 'a', url: a.url },
      { name: 'b', url: b.url },
    ])

    await expect(ask('read')).rejects.toMatchObject({ kind: 'unavailable', service: 'a' })
    expect((await logged()).calls).toMatchObject([{ service: 'a', error_kind: 'unavailable' }])
  })

  it('what may have been done decides, whatever was asked before', async () => {
    const [a, b] = [
      await startVendor(Array.from({ length: 3 }, () => status(429))),
      await startVendor(status(500), status(401)),
    ]
    const { ask } = await joinRoute([
      { name: 'a', url: a.url },
      { name: 'b', url: b.url },
    ])

    await expect(ask('payByKey')).rejects.toMatchObject({
      kind: 'auth',
      outcome: 'unknown',
      service: 'b',
    })
  })

  it('the secrets of every service asked are taken out, of rows too', async () => {
    const keys = ['first-planted-key', 'second-planted-key']
    const echo: PreparedReply = ({ headers }, response) =>
      response.writeHead(404).end(String(headers.authorization))
    const adapter = {
      ...trialAdapter,
      http: {
        ...trialAdapter.http,
        readFailure: ({ text }: { text: string }) =>
          new IntegrationError({ kind: 'config', message: `no ${text}`, hint: text }),
      },
    }
    const [a, b] = [await startVendor(echo), await startVendor(echo)]
    const { ask, logged } = await joinRoute([
      { name: 'a', url: a.url, adapter, key: keys[0] },
      { name: 'b', url: b.url, adapter, key: keys[1] },
    ])

    const error: unknown = await ask('payOnce').catch((reason: unknown) => reason)

    const shown =
      inspect(error, { depth: 20 }) + JSON.stringify(error) + JSON.stringify(await logged())
    for (const key of keys) expect(shown).not.toContain(key)
    expect(error).toMatchObject({
      kind: 'config',
      service: 'b',
      details: [{ service: 'a' }, { service: 'b' }],
    })
  })
})

describe('what ends everything', () => {
  it('the caller gives up: nobody else is asked', async () => {
    const [a, b] = [await startVendor(() => undefined), await startVendor()]
    const giveUp = new AbortController()
    const { ask } = await joinRoute([
      { name: 'a', url: a.url },
      { name: 'b', url: b.url },
    ])
    const asked = ask('read', { id: '1' }, giveUp.signal)
    await expect.poll(() => a.received.length).toBe(1)

    giveUp.abort()

    await expect(asked).rejects.toMatchObject({ kind: 'cancelled' })
  })

  it('the deadline of the whole call: nobody else is asked', async () => {
    const [a, b] = [await startVendor(() => undefined), await startVendor()]
    const { ask } = await joinRoute(
      [
        { name: 'a', url: a.url },
        { name: 'b', url: b.url },
      ],
      { deadlineMs: 200 },
    )

    await expect(ask('read')).rejects.toMatchObject({ kind: 'timeout' })
  })
})

/** Moves the hands as long as somebody waits for the limit, in however many steps it does so. */
async function whileItWaits<T>(clock: TestClock, promise: Promise<T>): Promise<T> {
  let isOver = () => false
  void promise.catch(() => undefined).finally(() => (isOver = () => true))
  while (!isOver()) {
    await clock.advance(0)
    const [rest] = clock.sleeping().filter((ms) => ms > 100 && ms <= 1000)
    if (rest) await clock.advance(rest)
  }
  return promise
}

describe('a long wait', () => {
  it('is not spent while another service can be asked', async () => {
    const [a, b] = [await startVendor(status(429, { 'retry-after': '5' })), await startVendor(ok)]
    const { ask, logged } = await joinRoute([
      { name: 'a', url: a.url },
      { name: 'b', url: b.url },
    ])

    expect(await ask('payOnce')).toMatchObject({ service: 'b' })

    const [call] = (await logged()).calls
    expect(stepsOf(call?.steps)).toMatchObject([{ what: 'failover', service: 'a' }])
  })

  it('is spent when the others turn out to be no help', async () => {
    const [a, b] = [
      await startVendor(status(429, { 'retry-after': '5' }), ok),
      await startVendor(status(401)),
    ]
    const clock = createTestClock()
    const { ask } = await joinRoute(
      [
        { name: 'a', url: a.url },
        { name: 'b', url: b.url },
      ],
      { clock },
    )

    const asked = ask('payOnce')
    await clock.untilSleeping(5000)
    await clock.advance(5000)

    expect(await asked).toMatchObject({ service: 'a', outcome: 'done' })
    expect(b.received).toHaveLength(1)
  })

  it('for the limit is not spent either, until every service is limited', async () => {
    const [a, b] = [await startVendor(ok, ok), await startVendor(ok)]
    const clock = createTestClock()
    const { ask, logged } = await joinRoute(
      [
        { name: 'a', url: a.url },
        { name: 'b', url: b.url },
      ],
      { clock, perSecond: 0.1 },
    )

    const first = await ask('payOnce')
    const second = await ask('payOnce', { id: '2' })
    const third = await whileItWaits(clock, ask('payOnce', { id: '3' }))

    expect([first, second, third].map(({ service }) => service)).toEqual(['a', 'b', 'a'])
    const steps = (await logged()).calls.map((call) => stepsOf(call.steps).map(({ what }) => what))
    expect(steps[0]).toEqual([])
    expect(steps[1]).toEqual(['limit', 'failover'])
  })

  it('is spent after a keyed call that may have been done, since nobody else may be asked', async () => {
    const [a, b] = [await startVendor(status(500, { 'retry-after': '5' }), ok), await startVendor()]
    const clock = createTestClock()
    const { ask } = await joinRoute(
      [
        { name: 'a', url: a.url },
        { name: 'b', url: b.url },
      ],
      { clock },
    )

    const asked = ask('payByKey')
    await clock.untilSleeping(5000)
    await clock.advance(5000)

    expect(await asked).toMatchObject({ service: 'a', outcome: 'done' })
  })
})
