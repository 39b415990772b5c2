/** The published and independently computed cases, through the code that signs and reads real requests. */
import { expect, it } from 'vitest'
import type { IntegrationError } from '../../core/errors.ts'
import type { Http } from '../../core/http.ts'
import type { SmsResult } from '../../core/kinds/sms.ts'
import { readNationalInChina } from '../../core/sms/phone-forms.ts'
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
import { querySendDetails } from './api.ts'
import { readFailure } from './failures.ts'
import { signAcs3, signRequest, signRpc } from './signature.ts'
import { toStatus } from './translate.ts'
import { aliyunSms } from './index.ts'

const provider = 'aliyun-sms'
const isOurs = ({ input }: { input: { provider?: string } }) => input.provider === provider

type Acs3 = {
  provider?: string
  endpoint: string
  method: 'POST'
  action: string
  date: string
  nonce: string
  accessKeyId: string
  accessKeySecret: string
  securityToken?: string | null
  query: Record<string, string>
  signedHeaderValues: Record<string, string>
  body: string
}
/** The unit cases name the signature alone. */
type Acs3Wanted = {
  canonicalRequest: string
  stringToSign: string
  signature: string
  signedHeaders: string
  headers: { Authorization: string }
}

it.each(vectors<Acs3, Acs3Wanted>('messaging/aliyun-acs3'))(
  'ACS3 $id: $description',
  ({ input, expect: wanted }) => {
    const signed = signAcs3({
      ...input,
      query: Object.entries(input.query),
      headers: input.signedHeaderValues,
      body: Buffer.from(input.body),
    })

    const { canonicalRequest, stringToSign, signature, signedHeaders, authorization } = signed
    const hashedCanonicalRequest = stringToSign.split('\n')[1]
    const hashedPayload = canonicalRequest.split('\n').at(-1)
    const hashed = { canonicalRequest, hashedPayload, hashedCanonicalRequest, stringToSign }
    const ours = { ...hashed, signature, signedHeaders }
    expect({ ...ours, headers: { Authorization: authorization } }).toMatchObject(wanted)
  },
)

it.each(vectors<Acs3, Acs3Wanted>('messaging/aliyun-acs3', isOurs))(
  'ACS3 $id: the whole request',
  ({ input, expect: wanted }) => {
    const { method, query, action, date, nonce } = input
    const headers = { 'x-acs-action': action }
    const request = toSignable(`https://${input.endpoint}`, { method, url: '/', query, headers })

    signRequest(request, configOf(input), { at: new Date(date), nonce })

    const { host, ...theirs } = input.signedHeaderValues
    const authorization = wanted.headers.Authorization
    expect(request.url.host).toBe(host)
    expect(request.headers).toEqual({ accept: 'application/json', ...theirs, authorization })
    expect(request.url.search.slice(1)).toBe(wanted.canonicalRequest.split('\n')[2])
  },
)

type Rpc = { method: 'GET' | 'POST'; accessKeySecret: string; params: Record<string, string> }
type RpcWanted = { stringToSign: string; signature: string; encodedRequest?: string }

it.each(vectors<Rpc, RpcWanted>('messaging/aliyun-rpc-v1'))(
  'RPC $id: $description',
  ({ input, expect: wanted }) => {
    const { stringToSign, signature, encoded } = signRpc(
      input.method,
      Object.entries(input.params),
      input.accessKeySecret,
    )

    expect({ stringToSign, signature }).toEqual({
      stringToSign: wanted.stringToSign,
      signature: wanted.signature,
    })
    expect(encoded).toBe(wanted.encodedRequest ?? encoded)
  },
)

const whole = ({ expect: { encodedRequest } }: { expect: RpcWanted }) => Boolean(encodedRequest)

it.each(vectors<Rpc, RpcWanted>('messaging/aliyun-rpc-v1', whole))(
  'RPC $id: the whole request',
  ({ input, expect: wanted }) => {
    const { params, method, accessKeySecret } = input
    const ours = Object.entries(params).filter(([name]) => !added.includes(name))
    const config = configOf({
      accessKeyId: params.AccessKeyId ?? '',
      accessKeySecret,
      securityToken: params.SecurityToken,
      more: { signature: 'rpc-v1', region_id: params.RegionId },
    })
    const request = toSignable('https://sms.example.com', {
      method,
      url: '/',
      query: Object.fromEntries(ours),
      headers: { 'x-acs-action': params.Action ?? '' },
    })

    signRequest(request, config, {
      at: new Date(params.Timestamp ?? ''),
      nonce: params.SignatureNonce ?? '',
    })

    expect(request.url.search.slice(1)).toBe(wanted.encodedRequest)
    expect(request.headers).toEqual({ accept: 'application/json' })
  },
)

/** What signing adds by itself. */
const added = [
  'AccessKeyId',
  'Action',
  'Format',
  'RegionId',
  'SecurityToken',
  'SignatureMethod',
  'SignatureNonce',
  'SignatureVersion',
  'Timestamp',
  'Version',
]

type Account = {
  accessKeyId: string
  accessKeySecret: string
  securityToken?: string | null
  more?: Record<string, unknown>
}

const configOf = ({ accessKeyId, accessKeySecret, securityToken, more }: Account) =>
  aliyunSms.config.parse({
    access_key_id: accessKeyId,
    access_key_secret: accessKeySecret,
    security_token: securityToken ?? undefined,
    sign_name: 'x',
    ...more,
  })

it.each(classifications(provider))('code $id', ({ input, expect: wanted }) => {
  const json = { Code: input.code, Message: input.message ?? '', RequestId: 'r' }
  const reply = { status: input.httpStatus, headers: {}, text: '', json }

  const error = readFailure(reply, createTestClock(new Date(input.now ?? 0)))

  expect(classified(error as IntegrationError, input.now)).toMatchObject(wantedOf(wanted))
})

type Reply = {
  provider: string
  operation: string
  httpStatus: number
  rawBody: string
  to?: string[]
}
type Record_ = { reference: string; to: string; status: string; code?: string; at?: string }
const replies = vectors<Reply, Mapped & { records?: Record_[] }>('messaging/result-mapping', isOurs)

it.each(replies.filter(({ input }) => input.operation === 'SendSms'))(
  'answers $id: $description',
  async ({ input, expect: wanted }) => {
    const vendor = await startVendor({ status: input.httpStatus, ...json(input.rawBody) })
    const { call } = await connect(aliyunSms, configFor(vendor.url), { attempts: 1 })

    const ended = await call('send', { to: input.to, template: 'SMS_1' }).catch(
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
      ...aliyunSms,
      operations: { status: { repeat: 'safe', run: list } },
    } as never
    const { call } = await connect(adapter, configFor(vendor.url))

    const found = await call('status', { messageId: 'x', to: '+8618511122233' })

    expect(found).toMatchObject(withInstants(records))
    expect(found).toHaveLength(records.length)
  },
)

/** Every detail of the answer, as `status` would tell it. */
async function list({ http, clock }: { http: Http; clock: { now(): Date } }) {
  const details = await querySendDetails(http, { to: '+8618511122233', sentAt: clock.now() })
  return details.map((detail) => ({
    reference: detail.OutId,
    to: readNationalInChina(detail.PhoneNum),
    ...toStatus(detail),
  }))
}

const json = (text: string) => ({ text, headers: { 'content-type': 'application/json' } })
const configFor = (base_url: string) => ({
  base_url,
  access_key_id: 'LTAIEXAMPLE000000001',
  access_key_secret: 'exampleAccessKeySecret000001',
  sign_name: 'x',
})

type Receipt = { provider: string; contentType: string; rawBody: string }
type Events = { events: { at?: string }[]; reply: { status: number; jsonCode: number } }

it.each(vectors<Receipt, Events>('messaging/delivery-receipts', isOurs))(
  'receipt $id: $description',
  ({ input, expect: wanted }) => {
    const headers = { 'content-type': input.contentType }
    const request = { method: 'POST', url: '/', headers, body: Buffer.from(input.rawBody) }
    const config = aliyunSms.config.parse(configFor('https://sms.example.com'))

    const reading = aliyunSms.hooks?.read(request, { config, clock: createTestClock() })

    const { status, jsonCode } = wanted.reply
    expect(receiptsIn(reading as never)).toMatchObject(withInstants(wanted.events))
    expect(reading).toMatchObject({ reply: { status, json: { code: jsonCode } } })
  },
)

it.each(configCases(provider))('config $id: $description', ({ input, expect: wanted }) => {
  const { faults, warnings } = checkOffline(aliyunSms, input.config)

  expect(faults).toEqual(wanted.field ? [wanted.field] : [])
  expect(warnings).toEqual(wanted.warning ? [wanted.warning] : [])
})

/** Stands here also where `CARAVAN_VECTORS` holds none of these. */
it('signs the same request twice alike', () => {
  const [pairs, key] = [[['A', '1']] as const, 'key']

  expect(signRpc('POST', pairs, key)).toEqual(signRpc('POST', pairs, key))
  expect(signRpc('GET', pairs, key).signature).not.toBe(signRpc('POST', pairs, key).signature)
})
