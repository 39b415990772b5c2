import { describe, expect, it, onTestFinished } from 'vitest'
import type { SmsResult } from '../../core/kinds/sms.ts'
import { startTwin } from '../../http/twin-server.ts'
import { connectAdapter } from '../../testing/adapter-harness.ts'
import { describeSms } from '../../testing/sms-conformance.ts'
import { connect, fixture, startVendor } from '../../testing/vendor.ts'
import { twilio } from './index.ts'
import { account, receiptOf, twilioTwin } from './twin.ts'

const template = 'HX0123456789abcdef0123456789abcdef'
const reply = fixture(import.meta.url)
const one = '+79161234567'
const two = '+79161234568'
const three = '+79161234569'

describeSms(twilio, {
  message: { template: 'login_code', params: { code: '918273' } },
  config: { texts: { login_code: 'Your code is {code}' } },
  numbers: { good: [one, two], refused: '+15005550004' },
  answersPerNumber: true,
  wrongCredentials: { auth_token: 'f'.repeat(32) },
  deliveredAfterMs: 4000,
  settles: false,
  code: '918273',
})

async function start(config: Record<string, unknown> = {}) {
  const server = await startTwin(twilioTwin)
  onTestFinished(server.close)
  const harness = await connectAdapter(
    twilio,
    { ...server.config, ...config },
    { timeoutMs: 300, attempts: 3 },
  )
  return { ...harness, faults: server.faults, stats: () => server.twin.stats() }
}

const queued = (to: string, sid = `SM${to.slice(-4).padStart(32, '0')}`) => ({
  status: 201,
  json: { sid, status: 'queued', to, num_segments: '1', error_code: null },
})

describe('several numbers are several requests', () => {
  it('one that times out after others were taken is unknown, and the rest is not sent', async () => {
    const { call, faults, stats } = await start()
    faults.add({ fault: 'latency', times: 1, delay_ms: 0 })
    faults.add({ fault: 'act-then-timeout', times: 1, delay_ms: 600 })

    const sent = await call('send', { to: [one, two, three], text: 'hello' })

    expect(sent).toMatchObject({
      status: 'accepted',
      partial: true,
      recipients: [
        { to: one, status: 'accepted' },
        { to: two, status: 'unknown', error: { kind: 'timeout' } },
        { to: three, status: 'failed', error: { message: expect.stringMatching(/^not sent/) } },
      ],
    })
    expect(stats()).toMatchObject({ messages: 2, distinct_messages: 2, requests: 2 })
  })

  it.each([
    ['act-then-timeout', 'timeout', 1],
    ['reset', 'unavailable', 0],
  ] as const)('the first one ends in %s: nothing is sent again', async (fault, kind, messages) => {
    const { call, faults, stats } = await start()
    faults.add({ fault, times: 1, delay_ms: 600 })

    await expect(call('send', { to: [one, two], text: 'hello' })).rejects.toMatchObject({
      kind,
      outcome: 'unknown',
      details: [
        { to: one, status: 'unknown' },
        { to: two, status: 'failed' },
      ],
    })
    expect(stats()).toMatchObject({ messages, distinct_messages: messages })
  })

  it('nothing was taken yet: the whole may be tried again, and everybody gets it once', async () => {
    const { call, faults, stats } = await start()
    faults.add({ fault: 'rate-limited', times: 2, retry_after: 0 })

    const sent = await call('send', { to: [one, two], text: 'hello' })

    expect(sent).toMatchObject({ status: 'accepted', partial: false })
    expect(stats()).toMatchObject({ messages: 2, distinct_messages: 2 })
  })

  it('a limit after the first was taken ends the message there', async () => {
    const { call, faults, stats } = await start()
    faults.add({ fault: 'latency', times: 1, delay_ms: 0 })
    faults.add({ fault: 'rate-limited', times: 1 })

    const sent = await call('send', { to: [one, two, three], text: 'hello' })

    expect(sent).toMatchObject({
      partial: true,
      recipients: [
        { to: one, status: 'accepted' },
        { to: two, status: 'failed', error: { kind: 'rate_limited', code: '20429' } },
        { to: three, status: 'failed', error: { kind: 'rate_limited' } },
      ],
    })
    expect(stats()).toMatchObject({ messages: 1 })
  })

  it('the end of the whole call leaves a row for everybody', async () => {
    const server = await startTwin(twilioTwin)
    onTestFinished(server.close)
    server.faults.add({ fault: 'latency', delay_ms: 150 })
    const { call } = await connect(twilio, server.config, { deadlineMs: 500 })
    const to = Array.from({ length: 9 }, (_, at) => `+791612345${60 + at}`)

    const sent = (await call('send', { to, text: 'hello' })) as SmsResult

    expect(sent).toMatchObject({ partial: true, recipients: { length: 9 } })
    const taken = sent.recipients.filter(({ status }) => status !== 'failed').length
    const { messages = 0 } = server.twin.stats()
    expect(taken).toBeGreaterThanOrEqual(messages)
    expect(taken).toBeLessThan(9)
  })

  it('a person who answered STOP is not reached through another service', async () => {
    const { call, faults } = await start()
    faults.add({ fault: 'latency', times: 1, delay_ms: 0 })
    faults.add({ fault: 'rate-limited', times: 1 })

    await expect(call('send', { to: ['+15005550004', one], text: 'hello' })).rejects.toMatchObject({
      outcome: 'not_done',
      failover: false,
    })
  })

  it('an answer that cannot be read is unknown, and what was taken before stands', async () => {
    const vendor = await startVendor(queued(one), { status: 201, json: { ok: 1 } })
    const { call } = await connect(twilio, configFor(vendor.url))

    const sent = await call('send', { to: [one, two, three], text: 'hello' })

    expect(sent).toMatchObject({
      recipients: [{ status: 'accepted' }, { status: 'unknown' }, { status: 'failed' }],
    })
    expect(vendor.received).toHaveLength(2)
  })
})

const configFor = (url: string) => ({
  base_url: url,
  account_sid: account.sid,
  auth_token: account.token,
  from: account.from,
})

it.each([
  [{ template, params: ['A', 'B'] }, { ContentVariables: '{"1":"A","2":"B"}' }],
  [{ template, params: { who: 'A' } }, { ContentVariables: '{"who":"A"}' }],
  [{ template }, {}],
  [
    { template: 'shipped', params: { number: 'N', day: 'D' } },
    { ContentVariables: '{"1":"D","2":"N"}' },
  ],
])('puts the values of %j in their places', async (message, expected) => {
  const vendor = await startVendor(queued(one))
  const templates = { shipped: { id: template, params: ['day', 'number'] } }
  const { call } = await connect(twilio, { ...configFor(vendor.url), templates })

  await call('send', { to: one, ...message })

  const form = Object.fromEntries(new URLSearchParams(vendor.received[0]?.text))
  expect(form).toEqual({ To: one, From: account.from, ContentSid: template, ...expected })
})

it('keeps the wait that comes with its own code', async () => {
  const refused = { code: 20429, message: 'Too Many Requests', status: 429 }
  const vendor = await startVendor({ status: 429, headers: { 'retry-after': '7' }, json: refused })
  const { call } = await connect(twilio, configFor(vendor.url), { attempts: 1 })

  await expect(call('send', { to: one, text: 'hello' })).rejects.toMatchObject({
    kind: 'rate_limited',
    code: '20429',
    retryAfterMs: 7000,
  })
})

it('a template that nobody knows is for another service', async () => {
  const vendor = await startVendor()
  const { call } = await connect(twilio, configFor(vendor.url))

  await expect(call('send', { to: one, template: 'shipped' })).rejects.toMatchObject({
    kind: 'config',
    outcome: 'not_done',
  })
})

it('an account that is not active fails the connection test', async () => {
  const vendor = await startVendor({ json: { status: 'suspended' } })
  const { check } = await connect(twilio, configFor(vendor.url))

  await expect(check()).rejects.toMatchObject({ kind: 'config' })
})

it('reads its own receipts behind a proxy, and no others', () => {
  const config = twilio.config.parse({
    ...configFor('http://127.0.0.1:1'),
    public_url: 'https://hooks.example.com',
  })
  const clock = { now: () => new Date(0), monotonicMs: () => 0, sleep: async () => undefined }
  const read = (url: string, more = {}) => {
    const sent = receiptOf('https://hooks.example.com/twilio?a=1', {
      sid: 'SM1',
      to: one,
      status: 'undelivered',
      errorCode: '30005',
    })
    return twilio.hooks!.read({ ...sent, url, ...more }, { config, clock })
  }

  expect(read('http://10.0.0.7:8080/twilio?a=1')).toMatchObject({
    verdict: 'genuine',
    events: [
      {
        type: 'sms.status',
        data: { messageId: 'SM1', to: one, status: 'failed', error: { kind: 'rejected' } },
      },
    ],
  })
  expect(read('http://10.0.0.7:8080/twilio?a=2')).toMatchObject({ verdict: 'refused' })
  expect(
    read('http://10.0.0.7:8080/twilio?a=1', { body: Buffer.from('MessageSid=SM2') }),
  ).toMatchObject({ verdict: 'refused' })
  expect(read('http://10.0.0.7:8080/twilio?a=1', { headers: {} })).toMatchObject({
    verdict: 'refused',
  })
})

it('has Twilio name the call in each receipt, and believes no other name', async () => {
  const vendor = await startVendor({ status: 201, json: { sid: 'SM1', status: 'queued' } })
  const status_callback = 'https://hooks.example.com/hooks/twilio?a=%20b'
  const config = { ...configFor(vendor.url), status_callback }
  const { call } = await connect(twilio, config)

  await call('send', { to: one, text: 'shipped' })
  const sent = new URLSearchParams(vendor.received[0]?.text).get('StatusCallback') ?? ''

  const request = receiptOf(sent, { sid: 'SM1', to: one, status: 'delivered' })
  const clock = { now: () => new Date(0), monotonicMs: () => 0, sleep: async () => undefined }
  const read = (url: string) =>
    twilio.hooks!.read({ ...request, url }, { config: twilio.config.parse(config), clock })
  const key = new URL(sent).searchParams.get('call')
  expect(key).toMatch(/^[0-9A-Z]{26}$/)
  expect(read(sent)).toMatchObject({ events: [{ data: { reference: key } }] })
  expect(read(sent.replace(key ?? '', 'another'))).toMatchObject({ verdict: 'refused' })
})

it('reads a message that a carrier refused', async () => {
  const vendor = await startVendor(await reply('message-undelivered.json'))
  const { call } = await connect(twilio, configFor(vendor.url))
  const messageId = `SM${'a'.repeat(32)}`

  expect(await call('status', { messageId, to: one })).toEqual({
    status: 'failed',
    at: '2024-06-20T00:00:05.000Z',
    code: '30006',
    description: 'Landline or unreachable carrier',
    parts: 1,
  })
  expect(vendor.received[0]?.url).toBe(
    `/2010-04-01/Accounts/${account.sid}/Messages/${messageId}.json`,
  )
})
