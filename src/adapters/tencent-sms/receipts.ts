/** Delivery receipts by callback. https://cloud.tencent.com/document/product/382/59178 */
import { z } from 'zod'
import type { HookEvent, HookReader, HookReading, HookRequest } from '../../core/hook.ts'
import { jsonOf } from '../../core/exact-json.ts'
import { readBeijingTime } from '../../core/sms/beijing.ts'
import type { TencentConfig } from './config.ts'
import { TheirReceipt } from './schema.ts'
import { statusOf } from './translate.ts'

const Receipts = z.array(TheirReceipt).max(10_000)

/**
 * The vendor does not sign them: whoever takes them must keep the address secret and accept known message ids alone. They
 * carry no time of sending either, and are sent again for hours when they were not taken: no window refuses them.
 */
export const hooks: HookReader<TencentConfig> = {
  about:
    'Receipts of messages. The vendor signs nothing, so they are believed about messages alone that were sent from here. Keep the address to yourself, and name the addresses the vendor calls from under `hooks.allow_from` where you know them. Enter it in the console, under the callbacks of the application.',
  proof: 'none',
  failure: () => ({ json: { result: 1, errmsg: 'not taken' } }),
  read: readReceipts,
}

function readReceipts(request: HookRequest): HookReading {
  const receipts = Receipts.safeParse(jsonOf(request.body))
  if (!receipts.success) {
    const reply = { status: 400, json: { result: 1, errmsg: 'unreadable' } }
    return { verdict: 'refused', why: 'the body is not a list of receipts', reply }
  }
  const reply = { status: 200, json: { result: 0, errmsg: 'OK' } }
  return { verdict: 'genuine', events: receipts.data.map(toEvent), reply }
}

function toEvent(receipt: TheirReceipt): HookEvent {
  const { sid, nationcode, mobile, report_status, errmsg, description } = receipt
  const to = `+${nationcode.replace(/\D/g, '')}${mobile.replace(/\D/g, '')}`
  return {
    id: `${sid}:${to}:${report_status}`,
    type: 'sms.status',
    at: readBeijingTime(receipt.user_receive_time ?? undefined),
    data: {
      messageId: sid,
      to,
      status: statusOf(report_status),
      code: errmsg ?? undefined,
      description: description ?? undefined,
    },
  }
}
