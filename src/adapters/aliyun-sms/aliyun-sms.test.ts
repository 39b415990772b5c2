import { expect, it, onTestFinished } from 'vitest'
import { mayNext } from '../../calls/repeat.ts'
import type { IntegrationError } from '../../core/errors.ts'
import { surrounded } from '../../core/secret-form.ts'
import { toSignable } from '../../http/request.ts'
import { startTwin } from '../../http/twin-server.ts'
import { connectAdapter, turnableClock } from '../../testing/adapter-harness.ts'
import { describeSms, settleSend } from '../../testing/sms-conformance.ts'
import { connect, fixture, type PreparedReply, startVendor } from '../../testing/vendor.ts'
import { signRequest } from './signature.ts'
import { account } from './twin-door.ts'
import { aliyunSms } from './index.ts'

const [one, two, foreign] = ['+8618501234444', '+8618511122233', '+85261234567'] as const
const message = { template: 'verification', params: { minutes: '5', code: '437091' } }

describeSms(aliyunSms, {
  message,
  numbers: { good: [one, two], refused: '+8618500000404', limited: '+8618500000429' },
  answersPerNumber: false,
  wrongCredentials: { access_key_secret: 'wrong' },
  deliveredAfterMs: 6000,
  settles: true,
  code: '437091',
})

const config = {
  access_key_id: account.accessKeyId,
  access_key_secret: account.accessKeySecret,
  sign_name: account.signName,
  templates: { verification: { id: 'SMS_1110', params: ['code', 'minutes'] } },
}
const reply = fixture(import.meta.url)

async function against(...replies: PreparedReply[]) {
  const vendor = await startVendor(replies)
  const all = { ...config, base_url: vendor.url }
  return { vendor, ...(await connect(aliyunSms, all, { deadlineMs: 900 })) }
}

const failureOf = async (sending: Promise<unknown>): Promise<IntegrationError> =>
  sending.then(
    () => expect.fail('it was sent'),
    (error: unknown) => error as IntegrationError,
  )

const queryOf = (url: string | undefined): Record<string, string> =>
  Object.fromEntries(new URL(url ?? '', 'http://vendor').searchParams)

it('sends what the vendor’s own client sends, and the key of the call along', async () => {
  const { vendor, call } = await against(await reply('sent.json'))

  const sent = await call('send', { to: [one, two], ...message }, { idempotencyKey: 'key-1' })

  const [request] = vendor.received
  expect(request).toMatchObject({
    method: 'POST',
    text: '',
    headers: { 'x-acs-action': 'SendSms' },
  })
  expect(request?.url).not.toContain('+')
  expect(queryOf(request?.url)).toEqual({
    OutId: 'key-1',
    PhoneNumbers: '18501234444,18511122233',
    SignName: 'Sandbox',
    TemplateCode: 'SMS_1110',
    TemplateParam: '{"code":"437091","minutes":"5"}',
  })
  expect(sent).toMatchObject({
    messageId: '900619746936498440^0',
    recipients: [{ messageId: '900619746936498440^0' }, { messageId: '900619746936498440^0' }],
  })
})

it.each`
  file                              | kind              | outcome       | requests
  ${'400-signature.json'}           | ${'auth'}         | ${'not_done'} | ${1}
  ${'400-throttling.json'}          | ${'rate_limited'} | ${'not_done'} | ${3}
  ${'error-system.json'}            | ${'unavailable'}  | ${'unknown'}  | ${1}
  ${'error-balance.json'}           | ${'config'}       | ${'not_done'} | ${1}
  ${'503-service-unavailable.json'} | ${'unavailable'}  | ${'not_done'} | ${3}
  ${'502-gateway.html'}             | ${'unavailable'}  | ${'unknown'}  | ${1}
`(
  '$file is $kind, $outcome, after $requests request(s)',
  async ({ file, kind, outcome, requests }) => {
    const prepared = await reply(file as string)
    const { vendor, call } = await against(
      ...Array.from({ length: requests as number }, () => prepared),
    )

    const error = await failureOf(call('send', { to: one, ...message }))

    expect(error).toMatchObject({ kind, outcome })
    expect(vendor.received).toHaveLength(requests as number)
  },
)

it('a nonce that was used is followed by another one', async () => {
  const used = { status: 400, json: { Code: 'SignatureNonceUsed', Message: 'used before' } }
  const { vendor, call } = await against(used, await reply('sent.json'))

  await call('send', { to: one, ...message })

  const nonces = vendor.received.map(({ headers }) => headers['x-acs-signature-nonce'])
  expect(new Set(nonces).size).toBe(2)
})

it.each([
  ['mainland and abroad', { to: [one, foreign], ...message }, 'rejected', false],
  ['free text', { to: one, text: 'hello' }, 'rejected', true],
  ['a template that is not in the config', { to: one, template: 'other' }, 'config', true],
  ['values without names', { to: one, template: 'SMS_1', params: ['1'] }, 'config', true],
  ['values that do not fit', { to: one, ...message, params: { code: '1' } }, 'rejected', false],
])('%s is refused before anything is sent', async (_, input, kind, another) => {
  const { vendor, call } = await against()

  const error = await failureOf(call('send', input))

  expect(error).toMatchObject({ kind, outcome: 'not_done' })
  expect(mayNext(error, 'once')).toBe(another)
  expect(vendor.received).toEqual([])
})

it('a clock that is off is named', async () => {
  const date = new Date(Date.now() + 3 * 86_400_000).toUTCString()
  const json = { Code: 'InvalidTimeStamp.Expired', Message: 'expired', RequestId: 'r' }
  const { call } = await against({ status: 400, json, headers: { date } })

  const error = await failureOf(call('send', { to: one, ...message }))

  expect(error.hint).toContain('The clock of this machine is 3 days behind the vendor’s.')
})

it.each(['acs3', 'rpc-v1'])('the twin checks %s as the vendor does', async (signature) => {
  const { harness, connectWith, clock } = await withTwin({ signature })

  expect(await harness.check()).toContain('1 signature;')
  const other = await connectWith({ access_key_secret: 'another' })
  expect(await failureOf(other.check())).toMatchObject({ code: 'SignatureDoesNotMatch' })
  clock.advance(-20 * 60_000)
  expect(await failureOf(harness.check())).toMatchObject({ code: 'InvalidTimeStamp.Expired' })
})

it('the twin refuses a request that is played again', async () => {
  const { url, harness } = await withTwin()
  const request = toSignable(url, {
    method: 'POST',
    url: '/',
    query: { PageIndex: 1, PageSize: 1 },
    headers: { 'x-acs-action': 'QuerySmsSignList' },
  })
  signRequest(request, harness.service.config as never, { at: new Date(), nonce: 'n' })
  const play = async (): Promise<unknown> =>
    (await fetch(request.url, { method: 'POST', headers: request.headers })).json()

  expect([await play(), await play()]).toMatchObject([
    { Code: 'OK' },
    { Code: 'SignatureNonceUsed' },
  ])
})

it('a message nobody got the id of is found by the key of its call', async () => {
  const { settleWith } = await withTwin()

  expect(await settleWith('key-1')).toMatchObject({
    outcome: 'done',
    output: { status: 'accepted', recipients: [{ to: one }] },
  })
  expect(await settleWith('key-2')).toEqual({ outcome: 'unknown' })
})

it('the receipts of the twin are what the hook reads', async () => {
  const { clock, twinClock, url, harness } = await withTwin()
  await harness.call('send', { to: [two, '+8618500000500'], ...message })
  twinClock.advance(10_000)

  const body = Buffer.from(await (await fetch(`${url}/sandbox/receipts`)).arrayBuffer())
  const request = { method: 'POST', url: 'https://example.com/hook', headers: {}, body }
  const reading = aliyunSms.hooks?.read(request, { config: harness.service.config as never, clock })

  expect(reading).toMatchObject({
    verdict: 'genuine',
    events: [
      { data: { reference: 'key-1', to: one, status: 'delivered', parts: 1 } },
      { data: { to: two, status: 'delivered' } },
      { data: { status: 'failed', code: 'MOBILE_NOT_ON_SERVICE' } },
    ],
  })
})

it.each(['', 'no', '{}', '[{"biz_id":1}]'])('a receipt that reads %j is refused', (text) => {
  const request = { method: 'POST', url: '/', headers: {}, body: Buffer.from(text) }
  const parsed = aliyunSms.config.parse(config)

  const reading = aliyunSms.hooks?.read(request, { config: parsed, clock: turnableClock() })

  expect(reading).toMatchObject({ verdict: 'refused', reply: { status: 400 } })
})

/** A twin that has one message, sent under `key-1` to the first number. It and the service have clocks of their own. */
async function withTwin(options: Record<string, unknown> = {}) {
  const [clock, twinClock] = [turnableClock(), turnableClock()]
  const server = await startTwin(aliyunSms.twin, options, { clock: twinClock })
  onTestFinished(server.close)
  const connected = await connect(aliyunSms, server.config)
  await connected.call('send', { to: one, ...message }, { idempotencyKey: 'key-1' })
  const connectWith = (more: Record<string, unknown>) =>
    connectAdapter(aliyunSms, { ...server.config, ...more }, { clock })
  return {
    clock,
    twinClock,
    url: server.url,
    connectWith,
    harness: await connectWith({}),
    settleWith: (idempotencyKey: string) =>
      settleSend(aliyunSms, server.config, { to: one, ...message }, idempotencyKey),
  }
}

it.each([
  ['no text', 'null'],
  ['an object', '{}'],
])('a receipt whose id is %s is refused', (_, id) => {
  const body = Buffer.from(`[{"biz_id":${id},"phone_number":"18501234444","success":true}]`)
  const request = { method: 'POST', url: '/', headers: {}, body }
  const context = { config: aliyunSms.config.parse(aliyunConfig), clock: turnableClock() }

  expect(aliyunSms.hooks!.read(request, context)).toMatchObject({ verdict: 'refused' })
})

it.each(['access_key_id', 'access_key_secret', 'sign_name', 'endpoint'] as const)(
  'a blank around %s is named, and not taken away',
  (field) => {
    const given = { ...aliyunConfig, [field]: `${aliyunConfig[field]} ` }

    const { error } = aliyunSms.config.safeParse(given)

    expect(error?.issues).toMatchObject([{ path: [field], message: surrounded }])
  },
)

const aliyunConfig = { ...config, endpoint: 'dysmsapi.aliyuncs.com' }
