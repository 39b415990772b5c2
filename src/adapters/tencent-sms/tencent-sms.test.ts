import { expect, it, onTestFinished } from 'vitest'
import { mayNext } from '../../calls/repeat.ts'
import type { IntegrationError } from '../../core/errors.ts'
import { SmsResult } from '../../core/kinds/sms.ts'
import { startTwin } from '../../http/twin-server.ts'
import { connectAdapter, turnableClock } from '../../testing/adapter-harness.ts'
import { describeSms, settleSend } from '../../testing/sms-conformance.ts'
import { connect, fixture, type PreparedReply, startVendor } from '../../testing/vendor.ts'
import { account } from './twin-door.ts'
import { tencentSms } from './index.ts'

const [one, two, foreign] = ['+8618501234444', '+8618511122233', '+85261234567'] as const
const message = { template: 'verification', params: { minutes: '5', code: '437091' } }

describeSms(tencentSms, {
  message,
  numbers: { good: [one, two], refused: '+8618500000404', limited: '+8618500000429' },
  answersPerNumber: true,
  wrongCredentials: { secret_key: 'wrong' },
  deliveredAfterMs: 6000,
  settles: false,
  code: '437091',
})

const config = {
  secret_id: account.secretId,
  secret_key: account.secretKey,
  app_id: account.appId,
  sign_name: account.signName,
  templates: { verification: { id: '1110', params: ['code', 'minutes'] } },
}
const reply = fixture(import.meta.url)

async function against(...replies: PreparedReply[]) {
  const vendor = await startVendor(replies)
  const deadlineMs = 900 // no time for status queries
  return {
    vendor,
    ...(await connect(tencentSms, { ...config, base_url: vendor.url }, { deadlineMs })),
  }
}

const failureOf = async (sending: Promise<unknown>): Promise<IntegrationError> =>
  sending.then(
    () => expect.fail('it was sent'),
    (error: unknown) => error as IntegrationError,
  )

it('sends values in the order of the config, as texts, and the key of the call along', async () => {
  const { vendor, call } = await against(await reply('sent.json'))

  await call('send', { to: one, ...message }, { idempotencyKey: 'key-1' })

  expect(vendor.received).toMatchObject([
    {
      method: 'POST',
      url: '/',
      headers: {
        'content-type': 'application/json',
        'x-tc-action': 'SendSms',
        'x-tc-version': '2021-01-11',
        'x-tc-region': 'ap-guangzhou',
      },
    },
  ])
  expect(vendor.received[0]?.json).toEqual({
    PhoneNumberSet: [one],
    SmsSdkAppId: '1400006666',
    TemplateId: '1110',
    SignName: 'Sandbox',
    TemplateParamSet: ['437091', '5'],
    SessionContext: 'key-1',
  })
})

it.each`
  file                      | kind              | outcome       | requests
  ${'error-signature.json'} | ${'auth'}         | ${'not_done'} | ${1}
  ${'error-busy.json'}      | ${'rate_limited'} | ${'not_done'} | ${3}
  ${'error-internal.json'}  | ${'unavailable'}  | ${'unknown'}  | ${1}
  ${'error-balance.json'}   | ${'config'}       | ${'not_done'} | ${1}
  ${'refused-all.json'}     | ${'rejected'}     | ${'not_done'} | ${1}
  ${'502-gateway.html'}     | ${'unavailable'}  | ${'unknown'}  | ${1}
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

it('a number that the answer does not name may have been sent', async () => {
  const { call } = await against(await reply('sent.json'))

  const sent = SmsResult.parse(await call('send', { to: [one, two], ...message }))

  expect(sent).toMatchObject({ status: 'accepted', partial: true })
  expect(sent.recipients).toMatchObject([
    { to: one, status: 'accepted' },
    { to: two, status: 'unknown' },
  ])
})

it('each attempt is signed anew', async () => {
  const { vendor, call } = await against(await reply('error-busy.json'), await reply('sent.json'))

  await call('send', { to: one, ...message })

  const signatures = vendor.received.map(({ headers }) => headers.authorization)
  expect(signatures).toHaveLength(2)
  expect(signatures[0]).toMatch(/^TC3-HMAC-SHA256 Credential=AKID/)
})

it.each([
  ['mainland and abroad', { to: [one, foreign], ...message }, 'rejected', false],
  [
    'more than 200 numbers',
    { to: Array.from({ length: 201 }, (_, at) => `+861850123${String(4000 + at)}`), ...message },
    'rejected',
    false,
  ],
  ['free text', { to: one, text: 'hello' }, 'rejected', true],
  ['a template that is not in the config', { to: one, template: 'other' }, 'config', true],
  ['values that do not fit', { to: one, ...message, params: { code: '1' } }, 'rejected', false],
])('%s is refused before anything is sent', async (_, input, kind, another) => {
  const { vendor, call } = await against()

  const error = await failureOf(call('send', input))

  expect(error).toMatchObject({ kind, outcome: 'not_done' })
  expect(mayNext(error, 'once')).toBe(another)
  expect(vendor.received).toEqual([])
})

it.each([
  [-20, '20 minutes behind'],
  [180, '3 h ahead of'],
])('a clock that is %i min off is named', async (minutes, words) => {
  const date = new Date(Date.now() - minutes * 60_000).toUTCString()
  const expired = { Response: { Error: { Code: 'AuthFailure.SignatureExpire' }, RequestId: 'r' } }
  const { call } = await against({ json: expired, headers: { date } })

  const error = await failureOf(call('send', { to: one, ...message }))

  expect(error.hint).toContain(`The clock of this machine is ${words} the vendor’s.`)
})

it('the twin refuses an old signature as the vendor does', async () => {
  const { clock, harness } = await withTwin()
  clock.advance(-6 * 60_000)

  expect(await failureOf(harness.check())).toMatchObject({
    kind: 'auth',
    code: 'AuthFailure.SignatureExpire',
  })
})

it.each([
  [{ session_context: false }, { outcome: 'unknown' }],
  [{ session_context: true }, { outcome: 'done', output: { status: 'accepted', partial: false } }],
])(
  'a message nobody got the id of is found where reports carry our key: %j',
  async (options, wanted) => {
    const { twinClock, settleWith } = await withTwin(options)
    expect(await settleWith('key-1')).toEqual({ outcome: 'unknown' })
    twinClock.advance(10_000)

    expect(await settleWith('key-1')).toMatchObject(wanted)
    expect(await settleWith('key-2')).toEqual({ outcome: 'unknown' })
  },
)

it.each(['FailedOperation.NotEnterpriseCertification', 'FailedOperation.ProhibitSubAccountUse'])(
  '%s proves the key all the same',
  async (Code) => {
    const described = { Response: { PhoneNumberInfoSet: [], RequestId: 'r' } }
    const refused = { Response: { Error: { Code, Message: Code }, RequestId: 'r' } }
    const { check } = await against({ json: described }, { json: refused })

    expect(await check()).toContain('the key is accepted')
  },
)

it('a key of another account fails the second step', async () => {
  const { connectWith } = await withTwin()
  const harness = await connectWith({ app_id: '1400007777' })

  expect(await failureOf(harness.check())).toMatchObject({ kind: 'config', hint: 'Check app_id.' })
})

it('the receipts of the twin are what the hook reads', async () => {
  const { clock, twinClock, url, harness } = await withTwin()
  const sent = SmsResult.parse(
    await harness.call('send', { to: [two, '+8618500000500'], ...message }),
  )
  twinClock.advance(10_000)

  const body = Buffer.from(await (await fetch(`${url}/sandbox/receipts`)).arrayBuffer())
  const request = { method: 'POST', url: 'https://example.com/hook', headers: {}, body }
  const reading = tencentSms.hooks?.read(request, {
    config: harness.service.config as never,
    clock,
  })

  expect(reading).toMatchObject({
    verdict: 'genuine',
    events: [
      { data: { messageId: expect.any(String), to: one, status: 'delivered' } },
      { data: { messageId: sent.recipients[0]?.messageId, to: two, status: 'delivered' } },
      { data: { messageId: sent.recipients[1]?.messageId, status: 'failed', code: 'MBBLACK' } },
    ],
  })
})

it.each(['', 'no', '{}', '[{"sid":1}]'])('a receipt that reads %j is refused', (text) => {
  const request = { method: 'POST', url: '/', headers: {}, body: Buffer.from(text) }
  const parsed = tencentSms.config.parse(config)

  const reading = tencentSms.hooks?.read(request, { config: parsed, clock: turnableClock() })

  expect(reading).toMatchObject({ verdict: 'refused', reply: { status: 400 } })
})

/** A twin that has one message, sent under `key-1` to the first number. It and the service have clocks of their own. */
async function withTwin(options: Record<string, unknown> = {}) {
  const [clock, twinClock] = [turnableClock(), turnableClock()]
  const server = await startTwin(tencentSms.twin, options, { clock: twinClock })
  onTestFinished(server.close)
  const connected = await connect(tencentSms, server.config)
  await connected.call('send', { to: one, ...message }, { idempotencyKey: 'key-1' })
  const connectWith = (more: Record<string, unknown>) =>
    connectAdapter(tencentSms, { ...server.config, ...more }, { clock })
  return {
    clock,
    twinClock,
    url: server.url,
    connectWith,
    harness: await connectWith({}),
    settleWith: (idempotencyKey: string) =>
      settleSend(tencentSms, server.config, { to: one, ...message }, idempotencyKey),
  }
}
