/** Signs what we send and checks what we are sent: the same code on both sides. */
import { createHmac } from 'node:crypto'
import { isSameText } from '../../core/same-text.ts'

export const schemes = ['standard-webhooks', 'hub-sha256'] as const
export type Scheme = (typeof schemes)[number]

/** What a signature is made over. `id` and `sentAt` count in standard-webhooks alone. */
export type Signed = { body: Uint8Array; id: string; sentAt: Date }

export type Headers = Readonly<Record<string, string | undefined>>

const names = {
  hub: 'x-hub-signature-256',
  id: 'webhook-id',
  time: 'webhook-timestamp',
  signatures: 'webhook-signature',
} as const

/** The headers that prove who sent it; names in lower case. The id goes along in both schemes. */
export function sign(scheme: Scheme, secret: string, signed: Signed): Record<string, string> {
  const { id, sentAt, body } = signed
  if (scheme === 'hub-sha256') return { [names.id]: id, [names.hub]: hubSignature(secret, body) }
  const seconds = Math.floor(sentAt.getTime() / 1000)
  const signature = standardSignature(secret, `${id}.${seconds}.`, body)
  return { [names.id]: id, [names.time]: String(seconds), [names.signatures]: signature }
}

/** In seconds, to either side. https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
const tolerance = 300

/** Whether a request bears a signature of this secret, and is fresh. `headers`: names in lower case. */
export function verify(
  scheme: Scheme,
  secret: string,
  { headers, body }: { headers: Headers; body: Uint8Array },
  now: Date,
): boolean {
  if (scheme === 'hub-sha256')
    return isSameText(headers[names.hub] ?? '', hubSignature(secret, body))
  const { [names.id]: id, [names.time]: time = '', [names.signatures]: given = '' } = headers
  if (!id || !/^\d{1,12}$/.test(time)) return false
  const ageS = Math.floor(now.getTime() / 1000) - Number(time)
  if (Math.abs(ageS) > tolerance) return false
  const right = standardSignature(secret, `${id}.${time}.`, body)
  // While a key is being replaced there is one signature for each.
  return given.split(' ').some((each) => isSameText(each, right))
}

/** The key of standard-webhooks: Base64, with or without `whsec_` before it. Undefined when it is none. */
export function keyOf(secret: string): Buffer | undefined {
  const text = secret.replace(/^whsec_/, '')
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.replace(/=+$/, '').length % 4 !== 1
  return isBase64 ? Buffer.from(text, 'base64') : undefined
}

const hubSignature = (secret: string, body: Uint8Array): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`

function standardSignature(secret: string, head: string, body: Uint8Array): string {
  const key = keyOf(secret) ?? Buffer.alloc(0)
  return `v1,${createHmac('sha256', key).update(head).update(body).digest('base64')}`
}
