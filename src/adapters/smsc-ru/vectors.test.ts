import { describe, expect, it } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import type { IntegrationError } from '../../core/errors.ts'
import type { SmsResult } from '../../core/kinds/sms.ts'
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
import { queryStatus } from './api.ts'
import { smscRu } from './index.ts'
import { type StatusRecord, toRecord } from './results.ts'
import { TheirSent } from './schema.ts'

type Of = { provider: string }
const ofSmsc = ({ input }: { input: Of }) => input.provider === 'smsc-ru'
const json = { 'content-type': 'application/json' }

async function answered(status: number, text: string) {
  const vendor = await startVendor({ status, headers: json, text })
  const config = { base_url: vendor.url, login: 'demo', password: 'secret' }
  const { call } = await connect(smscRu, config, { attempts: 1 })
  return (await call('send', { to: '+79161234567', text: 'hello' }).catch(
    (error: unknown) => error,
  )) as SmsResult | IntegrationError
}

describe('codes', () => {
  it.each(classifications('smsc-ru'))('$id', async ({ input, expect: wanted }) => {
    const body = JSON.stringify({ error: 'no', error_code: input.code })

    const error = await answered(input.httpStatus, body)

    expect(classified(error as IntegrationError)).toMatchObject(wantedOf(wanted))
  })

  it('takes a code that is not listed, or is a text, for a refusal', async () => {
    const unlisted = await answered(200, '{"error":"new","error_code":99}')
    const text = await answered(200, '{"error":"no money","error_code":"3"}')

    expect(unlisted).toMatchObject({ kind: 'rejected', outcome: 'not_done', code: '99' })
    expect(text).toMatchObject({ kind: 'config', code: '3' })
  })
})

type MappingInput = Of & { operation: string; httpStatus: number; rawBody: string }
type Sums = { cost?: string; balance?: string; records?: StatusRecord[] }

describe('answers', () => {
  it.each(
    vectors<MappingInput, Mapped & Sums>(
      'messaging/result-mapping',
      (each) => ofSmsc(each) && each.input.operation === 'send',
    ),
  )('$id', async ({ input, expect: { cost, balance, ...wanted } }) => {
    const ended = await answered(input.httpStatus, input.rawBody)

    expect(mapped(ended)).toMatchObject(wantedResult(wanted) as object)
    const said = TheirSent.partial().parse(JSON.parse(input.rawBody))
    expect({ cost: said.cost, balance: said.balance }).toEqual({ cost, balance })
  })

  it.each(
    vectors<MappingInput, Required<Sums>>(
      'messaging/result-mapping',
      (each) => ofSmsc(each) && each.input.operation === 'status',
    ),
  )('$id', async ({ input, expect: wanted }) => {
    const vendor = await startVendor({ headers: json, text: input.rawBody })
    const config = smscRu.config.parse({ base_url: vendor.url, api_key: 'k' })
    const http = createHttp({
      baseUrl: vendor.url,
      clock: systemClock,
      timeoutMs: 2000,
      signal: new AbortController().signal,
      readFailure: smscRu.http.readFailure,
    })
    const asked = { phones: wanted.records.map(({ to = '' }) => to), id: '15' }

    const rows = await queryStatus(http, config, asked)

    expect(withInstants(rows.map(toRecord))).toMatchObject(withInstants(wanted.records))
  })
})

type HookInput = Of & { secret: string; method: string; rawBody?: string; query?: string }
type HookExpect = {
  valid: boolean
  event?: { messageId: string; phone: string; code: number; status: string }
}

describe('receipts', () => {
  it.each(vectors<HookInput, HookExpect>('messaging/russian-sms-webhooks', ofSmsc))(
    '$id',
    ({ input, expect: { valid, event } }) => {
      const config = smscRu.config.parse({ api_key: 'k', callback_secret: input.secret })
      const request = {
        method: input.method,
        url: `https://hooks.example.com/smsc${input.query ? `?${input.query}` : ''}`,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: Buffer.from(input.rawBody ?? ''),
      }

      const reading = smscRu.hooks!.read(request, { config, clock: systemClock })

      expect(reading.verdict).toBe(valid ? 'genuine' : 'refused')
      const wanted = [event ?? []].flat().map(({ messageId, phone, code, status }) => ({
        messageId,
        to: `+${phone}`,
        code: String(code),
        status,
      }))
      expect(receiptsIn(reading)).toMatchObject(wanted)
    },
  )
})

describe('config', () => {
  it.each(configCases('smsc-ru'))('$id', ({ input, expect: wanted }) => {
    const { faults, warnings } = checkOffline(smscRu, input.config)

    expect(faults).toEqual(wanted.valid ? [] : [wanted.field])
    expect(warnings).toEqual(wanted.warning ? [wanted.warning] : [])
  })
})
