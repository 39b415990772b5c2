import { expect, it, onTestFinished } from 'vitest'
import { startTwin } from '../../http/twin-server.ts'
import { connectAdapter, turnableClock } from '../../testing/adapter-harness.ts'
import { describeSms } from '../../testing/sms-conformance.ts'
import { connect, fixture, startVendor } from '../../testing/vendor.ts'
import { smsRu } from './index.ts'
import { account, receiptsOf, smsRuTwin, undeliverable } from './twin.ts'

const reply = fixture(import.meta.url)
const one = '+79161234567'
const two = '+79161234568'

describeSms(smsRu, {
  message: { template: 'login_code', params: { code: '918273' } },
  config: { templates: { login_code: 'Ваш код {code}' } },
  numbers: { good: [one, two], refused: '+79160000209', limited: '+79160000230' },
  answersPerNumber: true,
  wrongCredentials: { api_id: '99999999-1111-2222-3333-444444444444' },
  deliveredAfterMs: 4000,
  settles: false,
  code: '918273',
})

async function start(config: Record<string, unknown> = {}, options: Record<string, unknown> = {}) {
  const clock = turnableClock()
  const server = await startTwin(smsRuTwin, options, { clock })
  onTestFinished(server.close)
  const all = { ...server.config, ...config }
  const harness = await connectAdapter(smsRu, all, { clock, timeoutMs: 300 })
  return { ...harness, clock, faults: server.faults, stats: () => server.twin.stats() }
}

const numbers = (count: number) =>
  Array.from({ length: count }, (_, at) => `+7916${1_000_000 + at}`)

it('more than 100 numbers are several requests, and each is sent to once', async () => {
  const { call, stats } = await start()

  const sent = await call('send', { to: numbers(250), text: 'hello' })

  expect(sent).toMatchObject({ status: 'accepted', partial: false, recipients: { length: 250 } })
  expect(stats()).toMatchObject({ requests: 3, messages: 250, distinct_messages: 250 })
})

it('a second request that times out leaves its numbers unknown and the rest unsent', async () => {
  const { call, faults, stats } = await start()
  faults.add({ fault: 'latency', times: 1, delay_ms: 0 })
  faults.add({ fault: 'act-then-timeout', times: 1, delay_ms: 600 })

  const { recipients, ...whole } = (await call('send', { to: numbers(250), text: 'hello' })) as {
    recipients: { status: string }[]
  }

  const count = (wanted: string) => recipients.filter(({ status }) => status === wanted).length
  expect(whole).toMatchObject({ status: 'accepted', partial: true })
  expect(['accepted', 'unknown', 'failed'].map(count)).toEqual([100, 100, 50])
  expect(stats()).toMatchObject({ requests: 2, messages: 200 })
})

it('says who asks in the body, and never in the address', async () => {
  const sms = { 79161234567: { status: 'OK', status_code: 100, sms_id: '1-1' } }
  const vendor = await startVendor({ json: { status: 'OK', status_code: 100, sms } })
  const config = { base_url: vendor.url, api_id: account.apiId, from: 'Shop', test: true }
  const { call } = await connect(smsRu, config)

  await call('send', { to: one, text: 'Код 1 & +' })

  const [request] = vendor.received
  expect(request).toMatchObject({ method: 'POST', url: '/sms/send' })
  expect(Object.fromEntries(new URLSearchParams(request?.text))).toEqual({
    api_id: account.apiId,
    json: '1',
    to: '79161234567',
    msg: 'Код 1 & +',
    from: 'Shop',
    test: '1',
  })
})

it('a number that the answer leaves out is unknown', async () => {
  const sms = { 79161234567: { status: 'OK', status_code: 100, sms_id: '1-1' } }
  const vendor = await startVendor({ json: { status: 'OK', status_code: 100, sms } })
  const { call } = await connect(smsRu, { base_url: vendor.url, api_id: account.apiId })

  expect(await call('send', { to: [one, two], text: 'hello' })).toMatchObject({
    partial: true,
    recipients: [{ status: 'accepted' }, { to: two, status: 'unknown' }],
  })
})

it('test messages go nowhere, and the connection test says so', async () => {
  const { call, check, stats } = await start({ test: true })

  expect(await check()).toMatch(/no message goes out$/)
  await call('send', { to: one, text: 'hello' })

  expect(stats()).toMatchObject({ messages: 0, tested: 1, balance_queries: 1 })
  expect(smsRu.warnConfig!(smsRu.config.parse({ api_id: account.apiId, test: true }))).toHaveLength(
    1,
  )
})

it('a message that was taken and given up later has failed', async () => {
  const { call, clock } = await start()
  const to = `+${undeliverable}`
  const { messageId } = (await call('send', { to, text: 'hello' })) as { messageId: string }

  clock.advance(5000)

  expect(await call('status', { messageId, to })).toMatchObject({ status: 'failed', code: '104' })
})

it('reads the receipts of its twin', () => {
  const clock = turnableClock()
  const at = new Date('2026-11-21T10:00:00Z')
  const config = smsRu.config.parse({ api_id: account.apiId })
  const events = Array.from({ length: 12 }, (_, index) => ({ id: `1-${index}`, status: 103, at }))

  const reading = smsRu.hooks!.read(receiptsOf('https://hooks.example.com/', events), {
    config,
    clock,
  })

  expect(reading).toMatchObject({ verdict: 'genuine', reply: { status: 200, text: '100' } })
  expect(reading.verdict === 'genuine' && reading.events).toMatchObject(
    events.map(({ id }) => ({
      type: 'sms.status',
      at,
      data: { messageId: id, status: 'delivered' },
    })),
  )
})

it('reads what became of a message', async () => {
  const vendor = await startVendor(await reply('status-delivered.json'))
  const { call } = await connect(smsRu, { base_url: vendor.url, api_id: account.apiId })

  expect(await call('status', { messageId: '000000-000001', to: one })).toEqual({
    status: 'delivered',
    code: '103',
    description: 'Сообщение доставлено',
  })
})
