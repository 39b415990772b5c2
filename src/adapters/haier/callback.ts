/** Callbacks of YLH about orders: pure functions over the form they post; nothing here listens or stores. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../../core/clock.ts'
import type { HookEvent, HookReader, HookReading, HookRequest } from '../../core/hook.ts'
import type { Secret } from '../../core/secret.ts'
import { readChinaStamp, toChinaStamp } from './china-time.ts'
import type { HaierConfig } from './config.ts'

/** Signed, and stamped with the time of sending: a repeat is stamped anew, so the window refuses none. */
export const hooks: HookReader<HaierConfig> = {
  about:
    'What YLH tells of orders: confirmed, cancelled, out of stock. The form is signed in `Sign` (MD5 with `ylh_app_secret`), `AppKey` has to be `ylh_app_key`, and `TimeStamp` may be 15 minutes from now at most, or what `hooks.window` says. Give the vendor the address when the account is set up.',
  failure: (clock) => ({ json: failureAnswer(clock) }),
  read(request, { config, clock, windowMs }) {
    const refused = (why: string): HookReading => ({
      verdict: 'refused',
      why,
      reply: { status: 403, json: failureAnswer(clock) },
    })
    const { ylh_app_key: appKey, ylh_app_secret: appSecret } = config
    if (appKey === undefined || !appSecret) {
      return refused(
        'ylh_app_key and ylh_app_secret are not set, so that nothing proves who sent it',
      )
    }
    const params = readForm(request)
    if (!params) return refused('the body is no form in which every name stands once')
    const read = verifyCallback(params, { appKey, appSecret, windowMs }, clock.now())
    if (!read.isGenuine) return refused(`${read.reason}: ${read.message}`)
    const { platformOrderNo } = read.callback
    const json = callbackAnswer({ isSuccess: true, platformOrderNo }, clock.now())
    return { verdict: 'genuine', events: [toEvent(read.callback)], reply: { status: 200, json } }
  },
}

const failureAnswer = (clock: Clock) =>
  callbackAnswer({ isSuccess: false, platformOrderNo: '' }, clock.now())

const toEvent = (callback: Callback): HookEvent => ({
  id: callback.key,
  type: 'supplier.order',
  at: callback.sentAt,
  data: {
    event: callback.event,
    orderNo: callback.platformOrderNo,
    supplierOrderNo: callback.supplierOrderNo,
    succeeded: callback.isSuccess,
    failure: callback.failure,
  },
})

/** UTF-8, percent-encoded. A name that stands twice would let one value be signed and the other be read. */
function readForm({ body }: HookRequest): Record<string, string> | undefined {
  const fields = [...new URLSearchParams(body.toString())]
  const names = new Set(fields.map(([name]) => name))
  return names.size === fields.length ? Object.fromEntries(fields) : undefined
}

const methods = {
  'hmm.scm_heorder.confirm': 'confirm',
  'hmm.scm_heorder.cancel': 'cancel',
  'hmm.scm_heorder.oostock': 'out_of_stock',
} as const

export type Callback = {
  event: (typeof methods)[keyof typeof methods]
  /** The supplier's order number; null when the event is a failure. */
  supplierOrderNo: string | null
  platformOrderNo: string
  isSuccess: boolean
  /** Why it failed, in the vendor's words. */
  failure: string | null
  sentAt: Date
  /** The same for every repeat of one callback. Whoever acts on it remembers this, and acts once. */
  key: string
}

export type Verification =
  | { isGenuine: true; callback: Callback }
  | {
      isGenuine: false
      reason: 'unknown_app_key' | 'wrong_signature' | 'stale' | 'unknown_method' | 'unreadable'
      /** Why, for the log. */
      message: string
    }

export type CallbackAccount = {
  appKey: string
  appSecret: Secret
  /** How far `TimeStamp` may be from now in either direction, in milliseconds; default 15 minutes. */
  windowMs?: number | undefined
}

const defaultWindowMs = 15 * 60 * 1000

/** Checks who sent a callback and when, then reads it. `params` is the decoded form. */
export function verifyCallback(
  params: Readonly<Record<string, string>>,
  { appKey, appSecret, windowMs = defaultWindowMs }: CallbackAccount,
  now: Date,
): Verification {
  if (params.AppKey !== appKey) return refuse('unknown_app_key', 'AppKey is not the configured one')
  if (!isEqual(params.Sign ?? '', signatureOf(params, appSecret))) {
    return refuse('wrong_signature', 'Sign does not match: check ylh_app_secret')
  }
  const sentAt = readChinaStamp(params.TimeStamp ?? '')
  if (!sentAt || Math.abs(now.getTime() - sentAt.getTime()) > windowMs) {
    return refuse(
      'stale',
      `TimeStamp is not within ${windowMs / 60_000} minutes of now, China time`,
    )
  }
  return readCallback(params, sentAt)
}

/** `Sign` of a form: upper-case hex MD5 of everything but `Sign`, lower-cased between two copies of the secret. */
export function signatureOf(params: Readonly<Record<string, string>>, appSecret: Secret): string {
  const pairs = Object.entries(params)
    .filter(([name, value]) => name !== 'Sign' && value.trim() !== '')
    .toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([name, value]) => name + value)
    .join('')
  const secret = appSecret.reveal()
  const text = `${secret}${pairs}${secret}`.toLowerCase()
  return createHash('md5').update(text, 'utf8').digest('hex').toUpperCase()
}

/** What YLH is answered. A repeat of a callback that was acted on is a success too. */
export function callbackAnswer(
  outcome: { isSuccess: boolean; platformOrderNo: string; message?: string },
  now: Date,
) {
  const message = outcome.message ?? (outcome.isSuccess ? 'success' : 'failure')
  return {
    success: outcome.isSuccess,
    code: outcome.isSuccess ? 'success' : 'fail',
    description: message,
    timeStamp: toChinaStamp(now),
    data: {
      statusCode: outcome.isSuccess ? '200' : '500',
      message,
      platformOrderNo: outcome.platformOrderNo,
    },
  }
}

const word = z.union([z.string(), z.number()]).transform((value) => String(value).trim())

const Data = z.object({
  ExtOrderNo: word.nullish(),
  PlatformOrderNo: word.pipe(z.string().min(1)),
  State: word.pipe(z.enum(['0', '1'])),
  FailMsg: word.nullish(),
})

function readCallback(params: Readonly<Record<string, string>>, sentAt: Date): Verification {
  const method = params.Method ?? ''
  if (!isMethod(method)) return refuse('unknown_method', 'Method is none of the documented three')
  const data = Data.safeParse(parseJson(params.Data ?? ''))
  if (!data.success) return refuse('unreadable', 'Data lacks PlatformOrderNo or State')
  const { ExtOrderNo, PlatformOrderNo, State, FailMsg } = data.data
  return {
    isGenuine: true,
    callback: {
      event: methods[method],
      supplierOrderNo: ExtOrderNo || null,
      platformOrderNo: PlatformOrderNo,
      isSuccess: State === '1',
      failure: FailMsg || null,
      sentAt,
      key: [method, PlatformOrderNo, State].join(' '),
    },
  }
}

const isMethod = (method: string): method is keyof typeof methods => Object.hasOwn(methods, method)

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** In constant time for texts of one length; the length of a right one is no secret. */
function isEqual(given: string, right: string): boolean {
  const a = Buffer.from(given)
  const b = Buffer.from(right)
  return a.length === b.length && timingSafeEqual(a, b)
}

const refuse = (
  reason: Extract<Verification, { isGenuine: false }>['reason'],
  message: string,
): Verification => ({ isGenuine: false, reason, message })
