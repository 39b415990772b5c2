/** Twilio, played locally: messages to made-up numbers, their way to the handset, and signed receipts. */
import { z } from 'zod'
import { basicPair } from '../../core/basic-auth.ts'
import type { Clock } from '../../core/clock.ts'
import type { HookRequest } from '../../core/hook.ts'
import { countSegments } from '../../core/sms/segments.ts'
import {
  defineTwin,
  formOf,
  formType,
  type Twin,
  type TwinReply,
  type TwinRequest,
} from '../../core/twin.ts'
import { signatureOf } from './webhook.ts'

/** Account of every twin of Twilio. Made up; no vendor knows it. */
export const account = {
  sid: 'AC0123456789abcdef0123456789abcdef',
  token: 'f0e1d2c3b4a5968778695a4b3c2d1e0f',
  from: '+15005550006',
}

const Options = z.object({
  deliver_after_s: z.coerce.number().int().min(0).default(3).meta({
    description: 'Seconds from sending to the handset',
  }),
})
type Options = z.output<typeof Options>

export const twilioTwin = defineTwin({
  options: Options,
  recipients: () => ({
    ...Object.fromEntries(
      Object.entries(refusals).map(([to, [code]]) => [to, `is refused with code ${code}`]),
    ),
    [undeliverable]: 'is taken, and fails later',
  }),
  config: (url) => ({
    base_url: url,
    account_sid: account.sid,
    auth_token: account.token,
    from: account.from,
  }),
  create: createTwin,
})

/** Numbers that are refused, the first five as the vendor's test credentials do. */
export const refusals: Record<string, [code: number, message: string]> = {
  '+15005550001': [21211, "The 'To' number is not a valid phone number."],
  '+15005550002': [21612, 'The message cannot be sent between these two numbers.'],
  '+15005550003': [21408, 'Permission to send has not been enabled for the region of the number.'],
  '+15005550004': [21610, 'Attempt to send to unsubscribed recipient.'],
  '+15005550009': [21614, "The 'To' number is not a mobile number."],
}
/** Taken, and refused later by the carrier. */
export const undeliverable = '+15005550010'

type Message = { sid: string; to: string; from: string; body: string; sentMs: number }

function createTwin({ deliver_after_s }: Options, clock: Clock): Twin {
  const messages = new Map<string, Message>()
  const counts = { requests: 0, refused: 0, unauthorized: 0, status_queries: 0, account_queries: 0 }

  function fail(status: number, code: number, message: string): TwinReply {
    counts[status === 401 ? 'unauthorized' : 'refused']++
    const more_info = `https://www.twilio.com/docs/errors/${code}`
    return { status, json: { code, message, more_info, status } }
  }

  function send(request: TwinRequest): TwinReply {
    const form = formOf(request)
    const fault = faultOf(form)
    if (fault) return fail(400, ...fault)
    const sid = `SM${(messages.size + 1).toString(16).padStart(32, '0')}`
    const message = {
      sid,
      to: form.get('To') ?? '',
      from: form.get('From') ?? form.get('MessagingServiceSid') ?? '',
      body: form.get('Body') ?? `${form.get('ContentSid')} ${form.get('ContentVariables') ?? ''}`,
      sentMs: clock.monotonicMs(),
    }
    messages.set(sid, message)
    return { status: 201, json: { ...shown(message), status: 'queued' } }
  }

  function shown(message: Message) {
    const age = clock.monotonicMs() - message.sentMs
    const isOver = age >= deliver_after_s * 1000
    const isFailed = isOver && message.to === undeliverable
    return {
      sid: message.sid,
      account_sid: account.sid,
      to: message.to,
      from: message.from,
      num_segments: String(countSegments(message.body).segments),
      status: isFailed ? 'undelivered' : isOver ? 'delivered' : 'sent',
      error_code: isFailed ? 30003 : null,
      error_message: isFailed ? 'Unreachable destination handset' : null,
      date_updated: clock.now().toUTCString(),
      price: null,
    }
  }

  function look(sid: string): TwinReply {
    counts.status_queries++
    const message = messages.get(sid)
    return message ? { json: shown(message) } : fail(404, 20404, `Message ${sid} was not found`)
  }

  return {
    handle(request) {
      counts.requests++
      if (!isKnown(request)) return fail(401, 20003, 'Authenticate')
      const prefix = `/2010-04-01/Accounts/${account.sid}`
      const rest = request.path.startsWith(prefix) ? request.path.slice(prefix.length) : undefined
      if (rest === '.json' && request.method === 'GET') {
        counts.account_queries++
        return { json: { sid: account.sid, status: 'active', friendly_name: 'Sandbox' } }
      }
      if (rest === '/Messages.json' && request.method === 'POST') return send(request)
      const sid = /^\/Messages\/(SM[0-9a-f]{32})\.json$/.exec(rest ?? '')?.[1]
      if (sid && request.method === 'GET') return look(sid)
      return fail(404, 20404, `The requested resource ${request.path} was not found`)
    },
    vendorFault: (fault) =>
      fault === 'expired-token'
        ? fail(401, 20003, 'Authenticate')
        : fail(400, ...refusals['+15005550004']!),
    rateLimited: (seconds) => ({
      ...fail(429, 20429, 'Too Many Requests'),
      headers: { 'retry-after': String(seconds) },
    }),
    stats() {
      const all = [...messages.values()]
      const distinct = new Set(all.map(({ to, body }) => `${to} ${body}`)).size
      return { ...counts, messages: all.length, distinct_messages: distinct }
    },
  }
}

function isKnown({ headers }: TwinRequest): boolean {
  return headers.authorization === `Basic ${basicPair(account.sid, account.token)}`
}

function faultOf(form: URLSearchParams): [code: number, message: string] | undefined {
  const to = form.get('To')
  const body = form.get('Body')
  if (!to) return [21604, "A 'To' phone number is required."]
  if (!/^\+[1-9]\d{6,14}$/.test(to)) return [21211, "The 'To' number is not a valid phone number."]
  if (!form.get('From') === !form.get('MessagingServiceSid')) {
    return [21603, "A 'From' phone number is required."]
  }
  if (form.has('From') && form.get('From') !== account.from) {
    return [21606, "The 'From' phone number is not a valid, SMS-capable number of your account."]
  }
  if (!body && !form.get('ContentSid')) return [21602, 'Message body is required.']
  if ((body ?? '').length > 1600) return [21617, 'The message body exceeds 1600 characters.']
  return refusals[to]
}

/** A receipt as the vendor sends it, signed for the account of the twin. */
export function receiptOf(
  url: string,
  { sid, to, status, errorCode }: { sid: string; to: string; status: string; errorCode?: string },
): HookRequest {
  const params = new URLSearchParams({
    MessageSid: sid,
    MessageStatus: status,
    To: to,
    From: account.from,
    AccountSid: account.sid,
    ...(errorCode ? { ErrorCode: errorCode } : {}),
  })
  return {
    method: 'POST',
    url,
    headers: {
      'content-type': formType,
      'x-twilio-signature': signatureOf(account.token, url, params),
    },
    body: Buffer.from(params.toString()),
  }
}
