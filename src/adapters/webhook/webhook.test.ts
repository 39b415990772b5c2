import { describe, expect, it } from 'vitest'
import { IntegrationError } from '../../core/errors.ts'
import { startTwin } from '../../http/twin-server.ts'
import { describeAlert } from '../../testing/alert-conformance.ts'
import { turnableClock } from '../../testing/adapter-harness.ts'
import { checkOffline, configCases } from '../../testing/messaging.ts'
import { connect, type PreparedReply, startVendor } from '../../testing/vendor.ts'
import { vectors } from '../../testing/vectors.ts'
import { webhook } from './index.ts'
import { type Scheme, schemes, sign, verify } from './signature.ts'

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const alert = { title: 'sms-main is down', text: '5 calls failed' }

describe.each(schemes)('%s', (scheme) => {
  describeAlert(webhook, {
    twin: { scheme },
    longest: null,
    status: 'accepted',
    wrong: { config: (right) => ({ ...right, secret: 'd3JvbmctYnV0LWFzLWxvbmctYXMtYS1rZXk=' }) },
    dropsRepeats: true,
    readsBody: false,
  })
})

async function connectTo(config: object, ...replies: PreparedReply[]) {
  const vendor = await startVendor(replies)
  const whole = { url: `${vendor.url}/hook?team=1`, secret, ...config }
  return { vendor, ...(await connect(webhook, whole, { attempts: 3 })) }
}

const failing = async (asked: Promise<unknown>): Promise<IntegrationError> => {
  const error = await asked.catch((reason: unknown) => reason)
  if (!(error instanceof IntegrationError)) throw error
  return error
}

describe('vectors', () => {
  type Input = {
    scheme: Scheme
    secret: string
    now?: number
    rawBody: string
    headers: Record<string, string>
  }
  const cases = vectors<Input, { valid: boolean; signature: string }>('messaging/generic-webhook')

  it.each(cases)('$id', ({ input, expect: { valid, signature } }) => {
    const { scheme, rawBody, now = 0 } = input
    const headers = Object.fromEntries(
      Object.entries(input.headers).map(([name, value]) => [name.toLowerCase(), value]),
    )
    const body = Buffer.from(rawBody)

    const isGenuine = verify(scheme, input.secret, { headers, body }, new Date(now * 1000))

    expect(isGenuine).toBe(valid)
    const sentAt = new Date(Number(headers['webhook-timestamp'] ?? 0) * 1000)
    const id = headers['webhook-id'] ?? 'x'
    const signed = Object.values(sign(scheme, input.secret, { body, id, sentAt })).at(-1)
    // Of a body that was changed on the way, the signature that is given is that of the former one.
    const isChanged = !valid && scheme === 'standard-webhooks' && rawBody !== '{"a":1}'
    expect(signed === signature).toBe(!isChanged)
  })

  it.each(configCases('generic-webhook'))('$id', ({ input, expect: { valid, field } }) => {
    const { faults } = checkOffline(webhook, input.config)

    expect(faults).toEqual(valid ? [] : [field])
  })
})

/** printf '{"a":1}\r\n\xff\xfe ' | openssl dgst -sha256 -hmac pass-phrase */
it('signs bytes, not a text: what ends in blanks or is no UTF-8 is signed as it is', () => {
  const body = Buffer.from('7b2261223a317d0d0afffe20', 'hex')
  const right = 'fefdc92147ca3b56ebe5dce6a1e641ae7fcfaff6119744ce4b65357b1219fd4b'

  const headers = sign('hub-sha256', 'pass-phrase', { body, id: 'x', sentAt: new Date(0) })

  expect(headers['x-hub-signature-256']).toBe(`sha256=${right}`)
})

it('posts what happened, with a signature that its receiver accepts', async () => {
  const { vendor, call } = await connectTo({}, { status: 202 })

  const answer = await call('notify', { ...alert, level: 'warning' }, { idempotencyKey: 'key-1' })

  expect(answer).toEqual({ status: 'accepted', partial: false, messageId: 'key-1', cut: false })
  const [request] = vendor.received
  expect(request).toMatchObject({
    method: 'POST',
    url: '/hook?team=1',
    headers: { 'content-type': 'application/json', 'webhook-id': 'key-1' },
    json: { type: 'alert', timestamp: expect.any(String), data: { ...alert, level: 'warning' } },
  })
  const { headers, text } = request as { headers: Record<string, string>; text: string }
  const sentAt = new Date(Number(headers['webhook-timestamp']) * 1000)
  const body = Buffer.from(text)
  expect(verify('standard-webhooks', secret, { headers, body }, sentAt)).toBe(true)
})

it('keeps the id over repetitions and signs each anew', async () => {
  const busy = { status: 503, headers: { 'retry-after': '0' } }
  const { vendor, call } = await connectTo({}, busy, { status: 500 }, { status: 200 })

  await call('notify', alert, { idempotencyKey: 'with blanks, dots. and ключ' })

  const ids = vendor.received.map(({ headers }) => headers['webhook-id'])
  expect(new Set(ids).size).toBe(1)
  expect(ids[0]).toMatch(/^[0-9a-f]{64}$/)
  for (const { headers, text } of vendor.received) {
    const sentAt = new Date(Number(headers['webhook-timestamp']) * 1000)
    const request = { headers: headers as Record<string, string>, body: Buffer.from(text) }
    expect(verify('standard-webhooks', secret, request, sentAt)).toBe(true)
  }
})

it.each([
  [-10, /^The clock of this machine is 10 minutes behind the vendor’s\. Compare secret/],
  [0, /^Compare secret/],
])('a refused signature names how far the clock is off: %i min', async (minutes, hint) => {
  const date = new Date(Date.now() - minutes * 60_000).toUTCString()
  const { call } = await connectTo({}, { status: 401, headers: { date } })

  expect(await failing(call('notify', alert))).toMatchObject({
    kind: 'auth',
    hint: expect.stringMatching(hint),
  })
})

it('a receiver that is gone is a fault of the config', async () => {
  const { call } = await connectTo({}, { status: 410 })

  const error = await failing(call('notify', alert))

  expect(error).toMatchObject({ kind: 'config', outcome: 'not_done', status: 410 })
  expect(error.hint).toContain('caravan disable')
})

it.each([
  [429, 'rate_limited', 'not_done'],
  [503, 'unavailable', 'unknown'],
])('%i says when to come back', async (status, kind, outcome) => {
  const { call } = await connectTo({}, { status, headers: { 'retry-after': '3600' } })

  const error = await failing(call('notify', alert))

  expect(error).toMatchObject({ kind, outcome, retryAfterMs: 3_600_000 })
})

it('a repetition that comes late is still fresh, and a copy of an old request is not taken', async () => {
  const clock = turnableClock()
  const server = await startTwin(webhook.twin, {}, { clock })
  const body = Buffer.from('{"type":"ping"}')
  const right = String(server.config.secret)
  const headers = sign('standard-webhooks', right, { body, id: 'a', sentAt: clock.now() })
  const post = () => fetch(String(server.config.url), { method: 'POST', headers, body })

  const first = await post()
  clock.advance(301_000)
  const late = await post()

  await server.close()
  expect([first.status, late.status]).toEqual([200, 401])
})

describe('a check', () => {
  it.each([200, 204, 405, 501, 400, 401, 403])(
    'finds an address that answers OPTIONS with %i',
    async (status) => {
      const { vendor, check } = await connectTo({}, { status })

      expect(await check()).toContain('the secret was not tried')
      expect(vendor.received[0]).toMatchObject({ method: 'OPTIONS', text: '' })
      expect(vendor.received[0]?.headers).not.toHaveProperty('webhook-signature')
    },
  )

  it.each([404, 410, 302])('does not find one that answers with %i', async (status) => {
    const { check } = await connectTo({}, { status })

    expect(await failing(check())).toMatchObject({ kind: 'config', status })
  })

  it('proves the secret where the receiver takes a ping', async () => {
    const { vendor, check } = await connectTo({ ping: true }, { status: 200 })

    expect(await check()).toBe('the signature is accepted')
    expect(vendor.received[0]).toMatchObject({ method: 'POST', json: { type: 'ping' } })
  })
})

it('an address in a private network is not asked', async () => {
  const config = { url: 'https://10.255.255.1:8443/hook', secret }
  const { call, check } = await connect(webhook, config, { attempts: 1, timeoutMs: 300 })

  for (const asked of [call('notify', alert), check()]) {
    const error = await failing(asked)
    expect(error).toMatchObject({ kind: 'config', outcome: 'not_done' })
    expect(error.message).toContain('private')
    expect(error.hint).toContain('allow_private: true')
  }
})

describe('config', () => {
  it.each([
    ['no Base64', { secret: 'not Base64 at all, but long' }, ['secret']],
    ['a short secret', { secret: 'short' }, ['secret']],
    ['an unknown scheme', { scheme: 'md5' }, ['scheme']],
    ['a password in the address', { url: 'https://u:p@example.com/' }, ['url']],
  ])('%s is a fault', (_, wrong, fields) => {
    const right = { url: 'https://ops.example.com/hook', secret }

    expect(checkOffline(webhook, { ...right, ...wrong }).faults).toEqual(fields)
  })

  it.each(['pass phrase', 'short'])(
    'a secret of any form will do for hub-sha256, and a short one is a warning: %s',
    (given) => {
      const config = { url: 'https://ops.example.com/', secret: given, scheme: 'hub-sha256' }

      expect(checkOffline(webhook, config)).toEqual({ faults: [], warnings: ['secret'] })
    },
  )

  it.each([
    ['https://ops.example.com/', false, true],
    ['https://ops.example.com/', true, false],
    ['http://127.0.0.1:9000/', false, false],
  ])('%s with allow_private %s is public only: %s', (url, allow_private, isPublic) => {
    const config = webhook.config.parse({ url, secret, allow_private })

    expect(webhook.http.publicOnly?.(config)).toBe(isPublic)
  })
})
