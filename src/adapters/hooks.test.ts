/** What a stranger sends to an address that takes receipts: nothing of it may end in an exception. */
import { describe, expect, it } from 'vitest'
import { systemClock } from '../core/clock.ts'
import { drawsOf } from '../core/draws.ts'
import type { HookRequest } from '../core/hook.ts'
import { callbackOf } from './haier/twin-callback.ts'
import { adapters } from './index.ts'
import { receiptOf as smscReceipt } from './smsc-ru/twin.ts'
import { receiptsOf as smsRuReceipts } from './sms-ru/twin.ts'
import { receiptOf as twilioReceipt } from './twilio/twin.ts'

const seed = Number(process.env.CARAVAN_SEED ?? 20_240_620)
const rounds = 2000
const url = 'https://hooks.example.com/in?a=1'
const types: Record<string, string> = { haier: 'supplier.order' }

const loaded = await Promise.all(adapters.map(({ load }) => load()))
const readers = loaded.filter(({ hooks }) => hooks !== undefined)

const confirmed = { ExtOrderNo: 'SO.1', PlatformOrderNo: 'P-1', State: 1 }

const rightOnes: Record<string, HookRequest[]> = {
  haier: [callbackOf(url, { method: 'confirm', data: confirmed, at: systemClock.now() })],
  'tencent-sms': [
    '[{"sid":"1","nationcode":"86","mobile":"18501234444","report_status":"SUCCESS","user_receive_time":"2024-06-20 10:00:00"}]',
  ].map(posted),
  'aliyun-sms': [
    '[{"biz_id":"1^0","phone_number":"18501234444","success":true,"report_time":"2024-06-20 10:00:00","sms_size":"1"}]',
  ].map(posted),
  twilio: [twilioReceipt(url, { sid: 'SM1', to: '+15005550006', status: 'delivered' })],
  'smsc-ru': [smscReceipt(url, { id: '1', phone: '+79161234567', status: 1 })],
  'sms-ru': [smsRuReceipts(url, [{ id: '1-2', status: 103, at: new Date(1_718_841_600_000) }])],
}

function posted(text: string): HookRequest {
  const headers = { 'content-type': 'application/json' }
  return { method: 'POST', url, headers, body: Buffer.from(text) }
}

const odd: HookRequest[] = [
  '',
  'null',
  '[null]',
  '[[]]',
  '['.repeat(100_000),
  '{"__proto__":1}',
  '%',
  '%zz=%',
  '=&&=&',
  'data[99999999999999999999]=x&hash=1',
  'id=1&phone=&status=&ts=1e999&md5=%FF',
  '\u0000',
].map(posted)

describe.each(readers)('$id', ({ id, config: schema, twin, hooks }) => {
  const config: unknown = schema.parse(twin.config('http://127.0.0.1:1', twin.options.parse({})))
  const read = (request: HookRequest) => hooks!.read(request, { config, clock: systemClock })

  it.each(rightOnes[id] ?? [])('takes its own', (right) => {
    const reading = read(right)

    expect(reading).toMatchObject({
      verdict: 'genuine',
      events: [{ type: types[id] ?? 'sms.status' }],
    })
  })

  it(`refuses what is odd, and never throws; CARAVAN_SEED=${seed}`, () => {
    const draw = drawsOf(seed)
    const right = rightOnes[id] ?? []
    expect(right.length).toBeGreaterThan(0)
    const bent = Array.from({ length: rounds }, (_, at) => bend(right[at % right.length]!, draw))
    for (const request of [...odd, ...bent, ...odd.map(asForm), ...odd.map(asGet)]) {
      const { verdict, reply, ...rest } = read(request)
      expect(['genuine', 'refused']).toContain(verdict)
      expect(reply.status).toBeGreaterThanOrEqual(200)
      // Whatever was taken can be written down: no instant without a date, no value that JSON loses.
      expect(() => JSON.stringify(rest)).not.toThrow()
      const events = 'events' in rest ? rest.events : []
      for (const { at } of events) expect(at?.getTime()).not.toBeNaN()
    }
  })
})

const asForm = (request: HookRequest): HookRequest => ({
  ...request,
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
})

const asGet = ({ body }: HookRequest): HookRequest => ({
  method: 'GET',
  url: `not a url?${body.toString()}#x`,
  headers: {},
  body: Buffer.alloc(0),
})

/** Some bytes changed, left out or put in; sometimes without headers or with another address. */
function bend(request: HookRequest, draw: () => number): HookRequest {
  const bytes = [...request.body]
  const times = 1 + Math.floor(draw() * 4)
  for (let time = 0; time < times; time++) {
    const at = Math.floor(draw() * bytes.length)
    const isIn = draw() < 0.3
    bytes.splice(
      at,
      draw() < 0.3 || !isIn ? 1 : 0,
      ...(draw() < 0.7 ? [Math.floor(draw() * 256)] : []),
    )
  }
  const headers = draw() < 0.9 ? request.headers : {}
  return { ...request, headers, url: draw() < 0.9 ? request.url : '://', body: Buffer.from(bytes) }
}
