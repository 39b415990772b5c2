/** Delivery receipts by HTTP push (SmsReport). https://help.aliyun.com/zh/sms/developer-reference/smsreport */
import { z } from 'zod'
import type { HookEvent, HookReader, HookReading, HookRequest } from '../../core/hook.ts'
import { jsonOf } from '../../core/exact-json.ts'
import { readBeijingTime } from '../../core/sms/beijing.ts'
import { readNationalInChina } from '../../core/sms/phone-forms.ts'
import type { AliyunConfig } from './config.ts'
import { TheirReceipt } from './schema.ts'

const Receipts = z.array(TheirReceipt).max(10_000)

/**
 * The vendor does not sign them: whoever takes them must keep the address secret and accept known message ids alone. They
 * carry no time of sending either, and are sent again for hours when they were not taken: no window refuses them.
 */
export const hooks: HookReader<AliyunConfig> = {
  about:
    'Receipts of messages (SmsReport). The vendor signs nothing, so they are believed about messages alone that were sent from here. Keep the address to yourself, and name the addresses the vendor calls from under `hooks.allow_from` where you know them. Enter it in the console, under HTTP push of receipts.',
  proof: 'none',
  failure: () => ({ json: { code: 1, msg: 'not taken' } }),
  read: readReceipts,
}

function readReceipts(request: HookRequest): HookReading {
  const receipts = Receipts.safeParse(jsonOf(request.body))
  if (!receipts.success) {
    const reply = { status: 400, json: { code: 1, msg: 'unreadable' } }
    return { verdict: 'refused', why: 'the body is not a list of receipts', reply }
  }
  const reply = { status: 200, json: { code: 0, msg: 'ok' } }
  return { verdict: 'genuine', events: receipts.data.map(toEvent), reply }
}

/** All numbers of a request share its id. */
function toEvent(receipt: TheirReceipt): HookEvent {
  const { biz_id, phone_number, success, err_code, err_msg, sms_size, out_id } = receipt
  const to = readNationalInChina(phone_number.replace(/\D/g, ''))
  const parts = Number(sms_size ?? NaN)
  return {
    id: `${biz_id}:${to}:${success}`,
    type: 'sms.status',
    at: readBeijingTime(receipt.report_time ?? undefined),
    data: {
      messageId: biz_id,
      reference: out_id || undefined, // our idempotency key, see settle.ts
      isWhole: true,
      to,
      status: success ? 'delivered' : 'failed',
      code: err_code ?? undefined,
      description: err_msg ?? undefined,
      parts: Number.isSafeInteger(parts) ? parts : undefined,
    },
  }
}
