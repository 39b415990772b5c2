/** The published and independently computed cases, through the code that signs and reads real requests. */
import { expect, it } from 'vitest'
import { IntegrationError } from '../../core/errors.ts'
import type { Http, SignableRequest } from '../../core/http.ts'
import type { SmsResult } from '../../core/kinds/sms.ts'
import { toSignable } from '../../http/request.ts'
import { createTestClock } from '../../testing/clock.ts'
import {
  checkOffline,
  classifications,
  classified,
  configCases,
  type Mapped,
  mapped,
  receiptsIn,
  wantedOf,
  wantedResult,
  withInstants,
} from '../../testing/messaging.ts'
import { connect, startVendor } from '../../testing/vendor.ts'
import { vectors } from '../../testing/vectors.ts'
import { pullReports, sendSms } from './api.ts'
import { readFailure } from './failures.ts'
import { signTc3 } from './signature.ts'
import { toResult, toStatus } from './translate.ts'
import { tencentSms } from './index.ts'

const provider = 'tencent-sms'
const isOurs = ({ input }: { input: { provider?: string } }) => input.provider === provider

type Signed = {
  provider?: string
  service: string
  endpoint: string
  method: string
  contentType: string
  signedHeaders: string
  action: string
  region: string
  timestamp: number
  secretId: string
  secretKey: string
  token: string | null
  rawBody?: string
  params?: Record<string, unknown>
}
type Wanted = {
  body?: string
  canonicalRequest: string
  stringToSign: string
  signature: string
  headers: Record<string, string>
}

it.each(vectors<Signed, Wanted>('messaging/tencent-tc3'))(
  'TC3 $id: $description',
  ({ input, expect: wanted }) => {
    const signed = signTc3({
      ...input,
      headers: {
        'content-type': input.contentType,
        host: input.endpoint,
        'x-tc-action': input.action,
      },
      signed: input.signedHeaders,
      body: Buffer.from(input.rawBody ?? JSON.stringify(input.params)),
    })

    const { canonicalRequest, stringToSign, signature, headers } = wanted
    const authorization = headers.Authorization
    expect(signed).toEqual({ canonicalRequest, stringToSign, signature, authorization })
  },
)

it.each(vectors<Signed, Wanted>('messaging/tencent-tc3', isOurs))(
  'TC3 $id: the whole request',
  async ({ input, expect: wanted }) => {
    const { sent, http, config } = capture(input)

    await ask(http, config, input)

    const { Host, ...headers } = wanted.headers
    const theirs = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])
    expect(sent().url.host).toBe(Host)
    expect(sent().headers).toEqual({ accept: 'application/json', ...Object.fromEntries(theirs) })
    expect(Buffer.from(sent().body).toString()).toBe(wanted.body)
  },
)

type Config = Parameters<typeof sendSms>[1]

/** An `Http` that builds and signs a request as the real one does, and keeps it. */
function capture(input: Signed) {
  const config = tencentSms.config.parse({
    base_url: `https://${input.endpoint}`,
    region: input.region,
    secret_id: input.secretId,
    secret_key: input.secretKey,
    token: input.token ?? undefined,
    app_id: String(input.params?.SmsSdkAppId ?? '1400006666'),
    sign_name: String(input.params?.SignName ?? 'x'),
  })
  let kept: SignableRequest | undefined
  const http = {
    async json(request: Parameters<Http['json']>[0]) {
      kept = toSignable(tencentSms.http.baseUrl(config), request)
      const clock = createTestClock(new Date(input.timestamp * 1000))
      await tencentSms.http.authorize?.(kept, { config, clock } as never)
      return { Response: { SendStatusSet: [], PullSmsSendStatusSet: [] } }
    },
  } as unknown as Http
  return { config, http, sent: () => kept as SignableRequest }
}

/** Through the function that makes this call, where there is one. */
async function ask(http: Http, config: Config, { action, params = {} }: Signed): Promise<unknown> {
  if (action === 'SendSms') return sendSms(http, config, params as never)
  if (action === 'PullSmsSendStatusByPhoneNumber' && params.Limit === 100) {
    const [from, until] = [params.BeginTime, params.EndTime].map(
      (at) => new Date(Number(at) * 1000),
    )
    return pullReports(http, config, { to: String(params.PhoneNumber), from, until } as never)
  }
  const headers = { 'x-tc-action': action }
  return http.json({ method: 'POST', url: '/', headers, json: params })
}

it.each(classifications(provider))('codes of a whole call $id', ({ input, expect: wanted }) => {
  const json = { Response: { Error: { Code: input.code, Message: input.message ?? '' } } }
  const reply = { status: input.httpStatus, headers: {}, text: '', json }

  const error = readFailure(reply, createTestClock(new Date(input.now ?? 0)))

  expect(classified(error as IntegrationError, input.now)).toMatchObject(wantedOf(wanted))
})

it.each(classifications(provider))('codes of one number $id', ({ input, expect: wanted }) => {
  const to = '+8618501234444'
  const row = { PhoneNumber: to, Code: String(input.code), Message: input.message ?? null }
  const read = () => toResult({ SendStatusSet: [row] }, [to], new Date(input.now ?? 0))

  const error = thrownBy(read)

  expect(classified(error, input.now)).toMatchObject(wantedOf(wanted))
})

function thrownBy(run: () => unknown): IntegrationError {
  try {
    run()
  } catch (error) {
    if (error instanceof IntegrationError) return error
    throw error
  }
  return expect.fail('nothing was thrown')
}

type Reply = { provider: string; operation: string; httpStatus: number; rawBody: string }
type Record_ = { messageId: string; to: string; status: string; code: string; at?: string }
const replies = vectors<Reply, Mapped & { records?: Record_[] }>('messaging/result-mapping', isOurs)

it.each(replies.filter(({ input }) => input.operation === 'SendSms'))(
  'answers $id: $description',
  async ({ input, expect: wanted }) => {
    const vendor = await startVendor({ status: input.httpStatus, ...json(input.rawBody) })
    const { call } = await connect(tencentSms, configFor(vendor.url), {
      attempts: 1,
      deadlineMs: 900,
    })
    const to = wanted.recipients?.map((row) => row.to) ?? ['+8618511122233']

    const ended = await call('send', { to, template: '1110', params: ['1'] }).catch(
      (error: unknown) => error,
    )

    expect(mapped(ended as SmsResult | IntegrationError)).toMatchObject(
      wantedResult(wanted) as Record<string, unknown>,
    )
  },
)

it.each(replies.filter(({ input }) => input.operation !== 'SendSms'))(
  'answers $id: $description',
  async ({ input, expect: { records = [] } }) => {
    const vendor = await startVendor({ status: input.httpStatus, ...json(input.rawBody) })
    const adapter = {
      ...tencentSms,
      operations: { status: { repeat: 'safe', run: list } },
    } as never
    const { call } = await connect(adapter, configFor(vendor.url))

    const found = await call('status', { messageId: 'x', to: '+8618511122233' })

    expect(found).toMatchObject(withInstants(records))
    expect(found).toHaveLength(records.length)
  },
)

/** Every report of the answer, as `status` would tell it. */
async function list({
  http,
  config,
  clock,
}: {
  http: Http
  config: Config
  clock: { now(): Date }
}) {
  const asked = { to: '+8618511122233', from: clock.now(), until: clock.now() }
  const reports = await pullReports(http, config, asked)
  return reports.map((report) => ({
    messageId: report.SerialNo,
    to: report.PhoneNumber,
    ...toStatus(report),
  }))
}

const json = (text: string) => ({ text, headers: { 'content-type': 'application/json' } })
const configFor = (base_url: string) => ({
  base_url,
  secret_id: 'AKIDEXAMPLE0000000000000000000000001',
  secret_key: 'exampleSecretKey0000000000000001',
  app_id: '1400006666',
  sign_name: 'x',
})

type Receipt = { provider: string; contentType: string; rawBody: string }
type Events = { events: { at?: string }[]; reply: { status: number; json: unknown } }

it.each(vectors<Receipt, Events>('messaging/delivery-receipts', isOurs))(
  'receipt $id: $description',
  ({ input, expect: wanted }) => {
    const headers = { 'content-type': input.contentType }
    const request = { method: 'POST', url: '/', headers, body: Buffer.from(input.rawBody) }
    const config = tencentSms.config.parse(configFor('https://sms.example.com'))

    const reading = tencentSms.hooks?.read(request, { config, clock: createTestClock(new Date()) })

    expect(receiptsIn(reading as never)).toMatchObject(withInstants(wanted.events))
    expect(reading).toMatchObject({ reply: wanted.reply })
  },
)

it.each(configCases(provider))('config $id: $description', ({ input, expect: wanted }) => {
  const { faults, warnings } = checkOffline(tencentSms, input.config)

  expect(faults).toEqual(wanted.field ? [wanted.field] : [])
  expect(warnings).toEqual(wanted.warning ? [wanted.warning] : [])
})

/** Stands here also where `CARAVAN_VECTORS` holds none of these. */
it('signs the same request twice alike', () => {
  const request = {
    service: 'sms',
    method: 'POST',
    headers: { host: 'sms.example.com' },
    signed: 'host',
    body: Buffer.from('{}'),
    timestamp: 1_700_000_000,
    secretId: 'id',
    secretKey: 'key',
  }

  expect(signTc3(request)).toEqual(signTc3(request))
  expect(signTc3({ ...request, timestamp: 1 }).signature).not.toBe(signTc3(request).signature)
})
