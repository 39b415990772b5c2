/** Checks that Twilio made a request, and reads it. https://www.twilio.com/docs/usage/security#validating-requests */
import { createHmac } from 'node:crypto'
import type { HookEvent, HookReader, HookReading } from '../../core/hook.ts'
import { isSameText } from '../../core/same-text.ts'
import { sha256 } from '../../core/sha256.ts'
import type { TwilioConfig } from './config.ts'
import { failureOfCode } from './failures.ts'
import { statusOf } from './results.ts'

/** Under this name our key stands in the address that Twilio tells of a message: it echoes nothing else of ours. */
const callParameter = 'call'

/** The address for one call. Signed as a whole when Twilio calls it, so that nobody can put another key into it. */
export function statusCallbackOf(
  { status_callback }: TwilioConfig,
  key: string,
): string | undefined {
  if (!status_callback) return undefined
  const url = new URL(status_callback)
  url.searchParams.set(callParameter, key)
  return url.href
}

/** Receipts say neither when they were made nor when they were sent: no window refuses them. */
export const hooks: HookReader<TwilioConfig> = {
  about:
    'Receipts of messages. Twilio calls the address in `status_callback` and signs it, with the whole body, in `X-Twilio-Signature` (HMAC-SHA1 by `auth_token`); an API key signs nothing. The signed address is the one Twilio calls: where a proxy stands before this machine, say it in `public_url`, or name the proxy in `trusted_proxies`.',
  read(request, { config }) {
    const token = config.auth_token?.reveal()
    if (!token) return refused('auth_token is not set, and an API key signs no incoming calls')
    const { 'content-type': type = '', 'x-twilio-signature': given = '' } = request.headers
    const url = calledUrl(request.url, config.public_url)
    const isForm = /^application\/x-www-form-urlencoded\b/i.test(type)
    const hash = URL.parse(url)?.searchParams.get('bodySHA256')
    if (hash && !isSameText(hash.toLowerCase(), sha256(request.body)))
      return refused('the body is not the one that bodySHA256 names')
    if (!hash && !isForm && request.body.byteLength > 0)
      return refused('the body is neither a form nor named by bodySHA256, so nothing signs it')
    const params = new URLSearchParams(isForm ? request.body.toString() : '')
    const signed = hash ? '' : joined(params)
    const isGenuine = spellings(url).some((each) => isSameText(given, sign(token, each + signed)))
    if (!isGenuine) return refused('x-twilio-signature does not fit the address and the body')
    const reference = URL.parse(url)?.searchParams.get(callParameter) ?? undefined
    return { verdict: 'genuine', events: eventsOf(params, reference), reply: { status: 204 } }
  },
}

/** What Twilio sends as `x-twilio-signature` for a form. Used by the twin too. */
export const signatureOf = (token: string, url: string, params: URLSearchParams): string =>
  sign(token, url + joined(params))

const sign = (token: string, text: string): string =>
  createHmac('sha1', token).update(text).digest('base64')

/** Name and value, sorted by name in code units; a name that is repeated counts once with each of its values. */
function joined(params: URLSearchParams): string {
  const names = [...new Set(params.keys())].toSorted(byCodeUnit)
  return names
    .flatMap((name) => [...new Set(params.getAll(name))].toSorted(byCodeUnit).map((v) => name + v))
    .join('')
}

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** The address as Twilio called it: behind a proxy the scheme and the host are those of the config. */
function calledUrl(url: string, publicUrl: string | undefined): string {
  if (!publicUrl) return url
  const rest = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '')
  return new URL(publicUrl).origin + (rest.startsWith('/') ? rest : `/${rest}`)
}

/** With its port and without it: senders differ. Never taken apart and put together, which would change escapes. */
function spellings(url: string): string[] {
  const parts = /^(https?):\/\/([^/?#]*?)(:\d+)?(?=[/?#]|$)/i.exec(url)
  if (!parts) return [url]
  const [origin, scheme = '', host = '', port] = parts
  const other = port ? '' : scheme.toLowerCase() === 'https' ? ':443' : ':80'
  return [url, `${scheme}://${host}${other}${url.slice(origin.length)}`]
}

/** Delivery receipts; a call about anything else is genuine and tells nothing. */
function eventsOf(params: URLSearchParams, reference?: string): HookEvent[] {
  const messageId = params.get('MessageSid') ?? params.get('SmsSid')
  const theirs = params.get('MessageStatus') ?? params.get('SmsStatus')
  if (!messageId || !theirs || theirs === 'received') return []
  const status = statusOf(theirs)
  const errorCode = params.get('ErrorCode') ?? undefined
  const error = errorCode === undefined ? undefined : failureOfCode(errorCode)
  const data = {
    messageId,
    reference,
    to: params.get('To') ?? undefined,
    status,
    code: errorCode ?? theirs,
    error: error && {
      kind: error.kind,
      code: error.code,
      message: error.message,
      hint: error.hint,
    },
  }
  return [{ id: `${messageId} ${theirs}`, type: 'sms.status', data }]
}

const refused = (why: string): HookReading => ({
  verdict: 'refused',
  why,
  reply: { status: 403 },
})
