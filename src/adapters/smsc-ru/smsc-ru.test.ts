import { expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import type { WireFault } from '../../core/twin.ts'
import { startTwin } from '../../http/twin-server.ts'
import { connectAdapter, turnableClock } from '../../testing/adapter-harness.ts'
import { checkOffline } from '../../testing/messaging.ts'
import { describeSms } from '../../testing/sms-conformance.ts'
import { connect, fixture, startVendor } from '../../testing/vendor.ts'
import { smscRu } from './index.ts'
import { clientIdOf } from './results.ts'
import { account, limited, receiptOf, smscTwin, undeliverable } from './twin.ts'

const reply = fixture(import.meta.url)
const one = '+79161234567'
const two = '+79161234568'
const refused = '+79160000007'

describeSms(smscRu, {
  message: { template: 'login_code', params: { code: '918273' } },
  config: { templates: { login_code: 'Ваш код {code}' } },
  numbers: { good: [one, two], refused, limited },
  answersPerNumber: true,
  wrongCredentials: { password: 'wrong-password' },
  deliveredAfterMs: 4000,
  settles: true,
  code: '918273',
})

/** Does not wait between the looks for a message whose outcome is unknown. */
const impatient = {
  ...turnableClock(),
  sleep: (ms: number, signal?: AbortSignal) =>
    systemClock.sleep(ms === 1000 || ms === 3000 ? 0 : ms, signal),
}

async function start(
  config: Record<string, unknown> = {},
  options: Record<string, unknown> = {},
  clock = turnableClock(),
) {
  const server = await startTwin(smscTwin, options, { clock })
  onTestFinished(server.close)
  const all = { ...server.config, ...config }
  const harness = await connectAdapter(smscRu, all, { clock, timeoutMs: 300 })
  return { ...harness, clock, faults: server.faults, stats: () => server.twin.stats() }
}

it('the id of a message follows from its key alone and stays in the vendor’s bounds', () => {
  const ids = Array.from({ length: 2000 }, (_, at) => clientIdOf(`key ${at}`))

  expect(clientIdOf('key 7')).toBe(ids[7])
  expect(new Set(ids).size).toBe(2000)
  expect(Math.min(...ids)).toBeGreaterThanOrEqual(1)
  expect(Math.max(...ids)).toBeLessThanOrEqual(2_147_483_647)
})

it('says who asks in the body, and never in the address', async () => {
  const vendor = await startVendor({ json: { id: 1, cnt: 1 } })
  const config = { base_url: vendor.url, api_key: 'the key', sender: 'Shop' }
  const { call } = await connect(smscRu, config)

  await call('send', { to: one, text: 'Код 1 & +' }, { idempotencyKey: 'k' })

  const [request] = vendor.received
  expect(request).toMatchObject({ method: 'POST', url: '/sys/send.php' })
  expect(Object.fromEntries(new URLSearchParams(request?.text))).toEqual({
    apikey: 'the key',
    fmt: '3',
    charset: 'utf-8',
    phones: one,
    mes: 'Код 1 & +',
    id: String(clientIdOf('k')),
    op: '1',
    sender: 'Shop',
  })
})

it.each<[WireFault, string[]]>([
  ['act-then-timeout', [one]],
  ['act-then-reset', [one, two]],
  ['reset-in-body', [one, two]],
])('after %s the message is found by its id and its number', async (fault, to) => {
  const { call, faults, stats } = await start({}, {}, impatient)
  faults.add({ fault, times: 1, delay_ms: 600 })

  const sent = await call('send', { to, text: 'hello' })

  expect(sent).toMatchObject({
    status: 'accepted',
    partial: false,
    messageId: expect.stringMatching(/^\d+$/),
    recipients: to.map((number) => ({ to: number, status: 'accepted' })),
  })
  expect(stats()).toMatchObject({ messages: to.length, distinct_messages: to.length })
})

it('numbers that a look finds and numbers that it does not', async () => {
  const { call, faults } = await start({}, {}, impatient)
  faults.add({ fault: 'act-then-reset', times: 1 })

  const sent = await call('send', { to: [one, refused], text: 'hello' })

  expect(sent).toMatchObject({
    partial: true,
    recipients: [{ status: 'accepted' }, { to: refused, status: 'unknown' }],
  })
})

it('a message that is not found stays unknown, and is not sent again', async () => {
  const { call, faults, stats } = await start({}, {}, impatient)
  faults.add({ fault: 'reset', times: 1 })

  await expect(call('send', { to: one, text: 'hello' })).rejects.toMatchObject({
    outcome: 'unknown',
  })
  expect(stats()).toMatchObject({ messages: 0, status_queries: 3 })
})

it('a message that was taken and given up later has failed, and says why', async () => {
  const { call, clock } = await start()
  const sent = (await call('send', { to: [one, undeliverable], text: 'hello' })) as {
    messageId: string
  }

  clock.advance(5000)
  const status = await call('status', { messageId: sent.messageId, to: undeliverable })

  expect(status).toMatchObject({
    status: 'failed',
    code: '25',
    description: 'the number is out of reach: the phone is off',
    at: expect.stringMatching(/Z$/),
  })
  expect(await call('status', { messageId: sent.messageId, to: one })).toMatchObject({
    status: 'delivered',
  })
})

it('no money stops the service, not the person', async () => {
  const { call, check } = await start({}, { balance: 3 })

  expect(await check()).toMatch(/^balance 3\.00 RUB/)
  await expect(call('send', { to: [one, two], text: 'hello' })).rejects.toMatchObject({
    kind: 'config',
    code: '3',
    outcome: 'not_done',
  })
})

it('one number among several that cannot be reached from here', async () => {
  const { call } = await start()

  const sent = await call('send', { to: [one, '+79160000008'], text: 'hello' })

  expect(sent).toMatchObject({
    partial: true,
    messageId: expect.stringMatching(/^\d+$/),
    recipients: [
      { to: one, status: 'accepted' },
      { to: '+79160000008', status: 'failed', error: { kind: 'rejected', code: '8' } },
    ],
  })
})

it('reads the receipts of its twin, and an incoming text in either charset', () => {
  const clock = turnableClock()
  const config = smscRu.config.parse({
    login: 'a',
    password: 'b',
    callback_secret: account.callbackSecret,
  })
  const receipt = receiptOf('https://hooks.example.com/', {
    id: '7',
    phone: one,
    status: 20,
    err: 1,
  })

  expect(smscRu.hooks!.read(receipt, { config, clock })).toMatchObject({
    verdict: 'genuine',
    events: [
      {
        type: 'sms.status',
        data: {
          messageId: '7',
          to: one,
          status: 'failed',
          code: '20',
          error: { kind: 'rejected' },
        },
      },
    ],
  })
  const unset = { ...config, callback_secret: undefined }
  expect(smscRu.hooks!.read(receipt, { config: unset, clock })).toMatchObject({
    verdict: 'refused',
  })
})

/**
 * printf '79161234567:\xcf\xf0\xe8\xe2\xe5\xf2:79160000001:caravan-secret' | md5sum
 * printf '79161234567:Привет:79160000001:caravan-secret' | md5sum
 */
it.each([
  ['windows-1251', '%CF%F0%E8%E2%E5%F2', '6a4731d6d3f300c853a056e70985f7da'],
  ['utf-8', '%D0%9F%D1%80%D0%B8%D0%B2%D0%B5%D1%82', '41f9ad2331e9c7c5fa4a09e7b9d5f73e'],
])('reads an incoming text in %s', (callback_charset, mes, md5) => {
  const clock = turnableClock()
  const config = smscRu.config.parse({
    api_key: 'k',
    callback_secret: 'caravan-secret',
    callback_charset,
  })
  const body = `id=9&phone=79161234567&mes=${mes}&to=79160000001&ts=1718841600&md5=${md5}`
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const request = { method: 'POST', url: 'https://x.example/', headers, body: Buffer.from(body) }

  expect(smscRu.hooks!.read(request, { config, clock })).toMatchObject({
    verdict: 'genuine',
    events: [
      {
        type: 'sms.incoming',
        at: new Date('2024-06-20T00:00:00Z'),
        data: { from: one, text: 'Привет' },
      },
    ],
  })
})

it('reads a row for each number', async () => {
  const vendor = await startVendor(await reply('sent-mixed.json'))
  const { call } = await connect(smscRu, { base_url: vendor.url, api_key: 'k' })

  expect(await call('send', { to: [one, two, '+79161234569'], text: 'hello' })).toMatchObject({
    status: 'accepted',
    partial: true,
    messageId: '15',
    parts: 2,
    recipients: [
      { to: one, status: 'accepted' },
      { to: two, status: 'failed', error: { kind: 'rejected', code: '23' } },
      { to: '+79161234569', status: 'failed', error: { kind: 'rejected', code: '7' } },
    ],
  })
})

it('a number that the rows of an answer leave out may have been sent', async () => {
  const rows = [{ phone: '79161234567', status: '-1', error: '0' }]
  const vendor = await startVendor({ json: { id: 15, cnt: 1, phones: rows } })
  const { call } = await connect(smscRu, { base_url: vendor.url, api_key: 'k' })

  expect(await call('send', { to: [one, two], text: 'hello' })).toMatchObject({
    partial: true,
    recipients: [
      { to: one, status: 'accepted' },
      { to: two, status: 'unknown' },
    ],
  })
})

it('a time that no calendar has is left out', async () => {
  const row = { status: 1, last_timestamp: 1e18, phone: '79161234567', id: 15, err: 0 }
  const vendor = await startVendor({ json: [row] })
  const { call } = await connect(smscRu, { base_url: vendor.url, api_key: 'k' })
  const receipt = receiptOf('https://x.example/', { id: '7', phone: one, status: 1 })
  const body = Buffer.from(`${receipt.body.toString()}&ts=1e300`)
  const config = smscRu.config.parse({ api_key: 'k', callback_secret: account.callbackSecret })

  const status = await call('status', { messageId: '15', to: one })
  const reading = smscRu.hooks!.read({ ...receipt, body }, { config, clock: turnableClock() })

  expect(status).toEqual({ status: 'delivered', code: '1', description: 'it was delivered' })
  expect(reading).toMatchObject({ verdict: 'genuine', events: [{ at: undefined }] })
})

it('a blank around a key is a fault; a password may end in one, so it is a warning', () => {
  const around = checkOffline(smscRu, { api_key: 'k ', sender: 'Shop' })
  const chosen = checkOffline(smscRu, { login: 'demo', password: 'words ' })

  expect(around).toEqual({ faults: ['api_key'], warnings: [] })
  expect(chosen).toEqual({ faults: [], warnings: ['password'] })
})
