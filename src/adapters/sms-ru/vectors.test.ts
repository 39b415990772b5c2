import { describe, expect, it } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import type { IntegrationError } from '../../core/errors.ts'
import type { SmsResult } from '../../core/kinds/sms.ts'
import { smsResult } from '../../core/sms/result.ts'
import { createHttp } from '../../http/client.ts'
import {
  checkOffline,
  classifications,
  classified,
  configCases,
  mapped,
  type Mapped,
  receiptsIn,
  wantedOf,
  wantedResult,
  withInstants,
} from '../../testing/messaging.ts'
import { connect, startVendor } from '../../testing/vendor.ts'
import { vectors } from '../../testing/vectors.ts'
import { send } from './api.ts'
import { smsRu } from './index.ts'
import { toRows } from './results.ts'
import { account } from './twin.ts'

type Of = { provider: string }
const ofSmsRu = ({ input }: { input: Of }) => input.provider === 'sms-ru'
const to = '+79161234567'

async function answered(text: string): Promise<SmsResult | IntegrationError> {
  const vendor = await startVendor({ headers: { 'content-type': 'application/json' }, text })
  const config = { base_url: vendor.url, api_id: account.apiId }
  const { call } = await connect(smsRu, config, { attempts: 1 })
  return (await call('send', { to, text: 'hello' }).catch((error: unknown) => error)) as
    SmsResult | IntegrationError
}

describe('codes', () => {
  it.each(classifications('sms-ru'))('$id of a request', async ({ input, expect: wanted }) => {
    const error = await answered(JSON.stringify({ status: 'ERROR', status_code: input.code }))

    expect(classified(error as IntegrationError)).toMatchObject(wantedOf(wanted))
  })

  it.each(classifications('sms-ru'))('$id of a number', async ({ input, expect: wanted }) => {
    const row = { status: 'ERROR', status_code: String(input.code), status_text: 'no' }
    const sms = { [to.slice(1)]: row }

    const error = await answered(JSON.stringify({ status: 'OK', status_code: 100, sms }))

    expect(classified(error as IntegrationError)).toMatchObject(wantedOf(wanted))
    expect((error as IntegrationError).details).toMatchObject([{ to, status: 'failed' }])
  })

  it('takes a code that is not listed for a refusal', async () => {
    const error = await answered('{"status":"ERROR","status_code":999}')

    expect(error).toMatchObject({ kind: 'rejected', outcome: 'not_done', code: '999' })
  })
})

type MappingInput = Of & { httpStatus: number; rawBody: string }

describe('answers', () => {
  it.each(
    vectors<MappingInput, Mapped & { balance?: string }>('messaging/result-mapping', ofSmsRu),
  )('$id', async ({ input, expect: { balance, ...wanted } }) => {
    // The numbers of the answer are sent to: one of them is a landline, which the kind would refuse.
    const numbers = wanted.recipients?.map((row) => row.to) ?? [to]
    const vendor = await startVendor({
      status: input.httpStatus,
      headers: { 'content-type': 'application/json' },
      text: input.rawBody,
    })
    const http = createHttp({
      baseUrl: vendor.url,
      clock: systemClock,
      timeoutMs: 2000,
      signal: new AbortController().signal,
      readFailure: smsRu.http.readFailure,
    })
    const config = smsRu.config.parse({ base_url: vendor.url, api_id: account.apiId })

    const sending = send(http, config, { to: numbers, msg: 'hello' }).then((sent) => {
      expect(sent.balance).toBe(balance)
      return smsResult(toRows(sent, numbers))
    })
    const ended = await sending.catch((error: IntegrationError) => error)

    expect(mapped(ended)).toMatchObject(wantedResult(wanted) as object)
  })
})

type HookInput = Of & { apiId: string; contentType: string; rawBody: string }
type HookExpect = {
  valid: boolean
  events?: { type: string; messageId?: string; code?: number; status?: string; at?: string }[]
  reply?: { status: number; body: string }
}

describe('receipts', () => {
  it.each(vectors<HookInput, HookExpect>('messaging/russian-sms-webhooks', ofSmsRu))(
    '$id',
    ({ input, expect: { valid, events = [], reply } }) => {
      const config = smsRu.config.parse({ api_id: input.apiId })
      const request = {
        method: 'POST',
        url: 'https://hooks.example.com/sms-ru',
        headers: { 'content-type': input.contentType },
        body: Buffer.from(input.rawBody),
      }

      const reading = smsRu.hooks!.read(request, { config, clock: systemClock })

      expect(reading.verdict).toBe(valid ? 'genuine' : 'refused')
      const wanted = events.map(({ code, ...rest }) =>
        code === undefined ? rest : { ...rest, code: String(code) },
      )
      expect(receiptsIn(reading)).toMatchObject(withInstants(wanted))
      const answer = reply && { status: reply.status, text: reply.body }
      expect(reading.reply).toMatchObject(answer ?? { status: 403 })
    },
  )
})

describe('config', () => {
  it.each(configCases('sms-ru'))('$id', ({ input, expect: wanted }) => {
    const { faults, warnings } = checkOffline(smsRu, input.config)

    expect(faults).toEqual(wanted.valid ? [] : [wanted.field])
    expect(warnings).toEqual(wanted.warning ? [wanted.warning] : [])
  })
})
