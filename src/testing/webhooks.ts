/** Requests as vendors make them, signed for the accounts of their twins, and a project that takes them. */
import { join } from 'node:path'
import { mkdirSync } from 'node:fs'
import { callbackOf } from '../adapters/haier/twin-callback.ts'
import { receiptOf as smscReceipt } from '../adapters/smsc-ru/twin.ts'
import { receiptsOf as smsRuReceipts } from '../adapters/sms-ru/twin.ts'
import { receiptOf as twilioReceipt } from '../adapters/twilio/twin.ts'
import { addService } from '../app/add.ts'
import { adapterNamed } from '../app/catalogue.ts'
import { initProject } from '../app/init.ts'
import { systemClock } from '../core/clock.ts'
import type { HookRequest } from '../core/hook.ts'
import { withAppIn } from './app.ts'
import { temporaryFolder } from './state.ts'

export type Sent = HookRequest & { from: string }

const url = (service: string) => `https://hooks.example.com/hooks/${service}`
const sent = (request: HookRequest): Sent => ({ ...request, from: '203.0.113.7' })

export const phone = '+79161234567'
export const chinaPhone = '+8618501234444'

type Told = { id: string; status: string; to?: string; call?: string }

/** A receipt of one message. `status` is in the vendor's words; `call` is our key, where the vendor echoes it. */
export const receipts: Readonly<Record<string, (told: Told) => Sent>> = {
  twilio: ({ id, status, to = phone, call }) => {
    const called = url('twilio') + (call ? `?call=${encodeURIComponent(call)}` : '')
    return sent(twilioReceipt(called, { sid: id, to, status }))
  },
  'smsc-ru': ({ id, status, to = phone }) =>
    sent(smscReceipt(url('smsc-ru'), { id, phone: to, status: Number(status) })),
  'sms-ru': ({ id, status }) =>
    sent(
      smsRuReceipts(url('sms-ru'), [
        { id, status: Number(status), at: new Date(1_718_841_600_000) },
      ]),
    ),
  'tencent-sms': ({ id, status, to = chinaPhone }) => tencentOf([{ id, status, to }]),
  'aliyun-sms': ({ id, status, to = chinaPhone, call }) =>
    posted('aliyun-sms', [
      {
        biz_id: id,
        phone_number: to.replace('+86', ''),
        success: status === 'true',
        report_time: '2024-06-20 10:00:00',
        err_code: 'DELIVERED',
        sms_size: '1',
        out_id: call,
      },
    ]),
}

/** Several receipts in one request. */
export const tencentOf = (rows: readonly (Told & { to: string })[]): Sent =>
  posted(
    'tencent-sms',
    rows.map(({ id, status, to }) => ({
      sid: id,
      nationcode: '86',
      mobile: to.replace('+86', ''),
      report_status: status,
      errmsg: 'DELIVRD',
      user_receive_time: '2024-06-20 10:00:00',
    })),
  )

export const haierCallback = (
  method: 'confirm' | 'cancel' | 'oostock',
  data: Record<string, unknown>,
  at: Date,
): Sent => sent(callbackOf(url('haier'), { method, data, at }))

const posted = (service: string, rows: unknown): Sent =>
  sent({
    method: 'POST',
    url: url(service),
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(rows)),
  })

/** A folder with services that are named as their adapters are, with the configs of their twins. Nothing is sent. */
export async function hookProject(adapters: readonly string[]): Promise<string> {
  const folder = join(temporaryFolder(), 'project')
  mkdirSync(folder, { mode: 0o700 })
  await initProject(folder, { env: {}, clock: systemClock })
  for (const id of adapters) {
    const { twin } = await adapterNamed(id)
    const values = twin.config('http://127.0.0.1:9', twin.options.parse({}))
    const service = { name: id, adapter: id, values, test: 'skip' as const }
    await withAppIn(folder, (app) => addService(app, { ...service, say: () => undefined }))
  }
  return folder
}
