import { afterEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import type { IntegrationError } from '../../core/errors.ts'
import type { SmsResult } from '../../core/kinds/sms.ts'
import { Secret } from '../../core/secret.ts'
import { createHttp } from '../../http/client.ts'
import {
  checkOffline,
  classifications,
  classified,
  configCases,
  mapped,
  type Mapped,
  receiptsIn,
  snakeCase,
  wantedOf,
  wantedResult,
} from '../../testing/messaging.ts'
import { connect, startVendor } from '../../testing/vendor.ts'
import { vectors } from '../../testing/vectors.ts'
import { createMessage, fetchAccount, type NewMessage } from './api.ts'
import { baseUrlOf, type TwilioConfig } from './config.ts'
import { failureOfCode } from './failures.ts'
import { twilio } from './index.ts'
import { account, receiptOf } from './twin.ts'
import { signatureOf } from './webhook.ts'

const ofTwilio = ({ input }: { input: { provider?: string } }) => input.provider === 'twilio'
const message = { to: '+15005550006', text: 'hello' }
const configFor = (url: string) => ({
  base_url: url,
  account_sid: account.sid,
  auth_token: account.token,
  from: account.from,
})

async function answered(status: number, text: string) {
  const headers = { 'content-type': 'application/json' }
  const vendor = await startVendor({ status, headers, text })
  const { call } = await connect(twilio, configFor(vendor.url), { attempts: 1 })
  return (await call('send', message).catch((error: unknown) => error)) as
    SmsResult | IntegrationError
}

describe('codes', () => {
  it.each(classifications('twilio'))('$id', async ({ input, expect: wanted }) => {
    const { code, httpStatus } = input
    const error =
      input.operation === 'receipt'
        ? failureOfCode(code)
        : await answered(httpStatus, code ? JSON.stringify({ code, message: 'no' }) : 'no')

    expect(classified(error as IntegrationError)).toMatchObject(wantedOf(wanted))
  })

  it.each([
    [400, 21999, { kind: 'rejected', outcome: 'not_done' }],
    [401, 20999, { kind: 'auth', outcome: 'not_done' }],
    [429, 20998, { kind: 'rate_limited', outcome: 'not_done' }],
    [500, 20500, { kind: 'unavailable', outcome: 'unknown' }],
  ])('HTTP %i with a code that is not listed, as text', async (status, code, wanted) => {
    const error = await answered(status, JSON.stringify({ code: String(code), message: 'no' }))

    expect(error).toMatchObject({ ...wanted, code: String(code), status })
  })
})

type MappingInput = { provider: string; httpStatus: number; rawBody: string }

describe('answers', () => {
  it.each(vectors<MappingInput, Mapped>('messaging/result-mapping', ofTwilio))(
    '$id',
    async ({ input, expect: wanted }) => {
      const ended = await answered(input.httpStatus, input.rawBody)

      expect(mapped(ended)).toMatchObject(expected(wantedResult(wanted)))
    },
  )
})

/** A message that failed or may have failed is thrown, with its id and its parts among the rows alone. */
function expected(wanted: unknown): object {
  const { messageId, parts, ...rest } = wanted as Record<string, unknown>
  const isThrown = rest.status === 'failed' || rest.status === 'unknown'
  if (isThrown && typeof rest.error === 'object') {
    const { failover: _, ...error } = rest.error as Record<string, unknown>
    return { ...rest, error }
  }
  return isThrown ? rest : { ...rest, messageId, parts }
}

type RequestInput = {
  provider: string
  operation?: string
  config: Record<string, string>
  message: NewMessage
}
type RequestExpect = {
  method: string
  url: string
  authorization: string
  contentType?: string
  form?: [string, string][]
}

describe('requests', () => {
  afterEach(() => void vi.unstubAllGlobals())

  it.each(vectors<RequestInput, RequestExpect>('messaging/provider-requests', ofTwilio))(
    '$id',
    async ({ input, expect: wanted }) => {
      const config = configOf(input.config)
      const sent: { url: string; init: RequestInit }[] = []
      vi.stubGlobal('fetch', async (url: URL, init: RequestInit) => {
        sent.push({ url: url.href, init })
        return Response.json({ sid: 'SM1', status: input.operation ? 'active' : 'queued' })
      })
      const http = createHttp({
        baseUrl: baseUrlOf(config),
        clock: systemClock,
        timeoutMs: 1000,
        signal: AbortSignal.timeout(5000),
        authorize: (request) => twilio.http.authorize!(request, { config } as never),
      })

      if (input.operation === 'testConnection') await fetchAccount(http, config)
      else await createMessage(http, config, input.message)

      const [{ url, init } = { url: '', init: {} }] = sent
      const headers = new Headers(init.headers)
      expect({ url, method: init.method }).toEqual({ url: wanted.url, method: wanted.method })
      expect(headers.get('authorization')).toBe(wanted.authorization)
      expect(headers.get('content-type') ?? undefined).toBe(wanted.contentType)
      const pairs = [...new URLSearchParams(String(init.body ?? ''))]
      expect(byName(pairs)).toEqual(byName(wanted.form ?? []))
    },
  )
})

/** Order counts between equal names alone. */
const byName = (pairs: [string, string][]) =>
  pairs.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))

const secrets = ['auth_token', 'api_key_secret']

const configOf = (theirs: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(theirs)
      .map(([name, value]): [string, string] => [snakeCase(name), value])
      .map(([name, value]) => [name, secrets.includes(name) ? new Secret(value) : value]),
  ) as unknown as TwilioConfig

type HookInput = {
  authToken: string
  url: string
  contentType: string
  params?: Record<string, string>
  rawBody?: string
  headers: Record<string, string>
}

describe('incoming calls', () => {
  it.each(vectors<HookInput, { valid: boolean }>('messaging/twilio-webhook'))(
    '$id',
    ({ input, expect: { valid } }) => {
      const body = input.rawBody ?? new URLSearchParams(input.params).toString()
      const request = {
        method: 'POST',
        url: input.url,
        headers: {
          'content-type': input.contentType,
          'x-twilio-signature': input.headers['X-Twilio-Signature'],
        },
        body: Buffer.from(body),
      }
      const config = configOf({ authToken: input.authToken })

      const reading = twilio.hooks!.read(request, { config, clock: systemClock })

      expect(reading.verdict).toBe(valid ? 'genuine' : 'refused')
    },
  )

  it('takes a repeated name once with each of its values', async () => {
    const config = twilio.config.parse(configFor('http://127.0.0.1:1'))
    const request = receiptOf('https://hooks.example.com/', { sid: 'S', to: '+1', status: 'sent' })
    const body = Buffer.from(`${request.body.toString()}&MessageStatus=sent`)

    const reading = twilio.hooks!.read({ ...request, body }, { config, clock: systemClock })

    expect(reading.verdict).toBe('genuine')
  })
})

type ReceiptInput = { provider: string; contentType: string; rawBody: string }
type ReceiptExpect = { events: (Record<string, unknown> & { class?: string; code?: string })[] }

describe('receipts', () => {
  it.each(vectors<ReceiptInput, ReceiptExpect>('messaging/delivery-receipts', ofTwilio))(
    '$id',
    ({ input, expect: wanted }) => {
      const config = twilio.config.parse(configFor('http://127.0.0.1:1'))
      const url = 'https://hooks.example.com/twilio'
      const signature = signatureOf(account.token, url, new URLSearchParams(input.rawBody))
      const headers = { 'content-type': input.contentType, 'x-twilio-signature': signature }
      const request = { method: 'POST', url, headers, body: Buffer.from(input.rawBody) }

      const reading = twilio.hooks!.read(request, { config, clock: systemClock })

      const events = wanted.events.map(({ class: name, ...rest }) => ({
        ...rest,
        ...(name ? { error: { kind: 'rejected', code: rest.code } } : {}),
      }))
      expect(receiptsIn(reading)).toMatchObject(events)
    },
  )
})

describe('config', () => {
  it.each(configCases('twilio'))('$id', ({ input, expect: wanted }) => {
    const { faults, warnings } = checkOffline(twilio, input.config)

    expect(faults).toEqual(wanted.valid ? [] : [wanted.field])
    expect(warnings).toEqual(wanted.warning ? [wanted.warning] : [])
  })
})
