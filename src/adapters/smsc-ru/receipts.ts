/** Receipts and incoming texts, by POST or GET. https://smsc.ru/api/http/receive/ */
import { createHash } from 'node:crypto'
import type { HookEvent, HookReader, HookReading, HookRequest } from '../../core/hook.ts'
import { isSameText } from '../../core/same-text.ts'
import { atUnixSeconds } from '../../core/vendor-values.ts'
import type { SmscConfig } from './config.ts'
import { meaningOfStatus } from './failures.ts'
import { clientIdOf, e164Of } from './results.ts'

/** Values as the bytes that were sent: the hash is made over them, whatever their charset. */
type Fields = ReadonlyMap<string, Buffer>

/** Sent again for a day, and signed without a time of sending: no window refuses them. */
export const hooks: HookReader<SmscConfig> = {
  about:
    'Receipts of messages, and incoming texts. They are believed when each of `md5` and `sha1` that is given fits, made over `id`, `phone` and `status` (of incoming texts: `phone`, `mes` and `to`) with `callback_secret`. Set the address and the secret up in the account at the vendor.',
  referenceOf: (idempotencyKey) => String(clientIdOf(idempotencyKey)),
  read(request, { config }) {
    const secret = config.callback_secret?.reveal()
    if (!secret) return refused('callback_secret is not set, so that nothing proves who sent it')
    const fields = fieldsOf(request)
    const names = fields.has('mes') ? ['phone', 'mes', 'to'] : ['id', 'phone', 'status']
    const signed = [...names.map((name) => fields.get(name) ?? Buffer.of()), Buffer.from(secret)]
    const text = signed.flatMap((part, at) => (at === 0 ? [part] : [Buffer.from(':'), part]))
    if (!isSigned(fields, Buffer.concat(text))) return refused('neither md5 nor sha1 fits')
    const events = eventsOf(fields, config.callback_charset)
    return { verdict: 'genuine', events, reply: { status: 200, text: 'OK' } }
  },
}

const hashes = ['md5', 'sha1'] as const

/** Every hash that is given has to fit, and one has to be given. */
function isSigned(fields: Fields, text: Buffer): boolean {
  const given = hashes.filter((name) => fields.has(name))
  return given.length > 0 && given.every((name) => fits(fields.get(name), hashOf(name, text)))
}

/** Hexadecimal, in capitals or not. */
const fits = (given: Buffer | undefined, hash: string): boolean =>
  isSameText(given?.toString().toLowerCase() ?? '', hash)

const hashOf = (name: 'md5' | 'sha1', text: Buffer): string =>
  createHash(name).update(text).digest('hex')

function eventsOf(fields: Fields, charset: SmscConfig['callback_charset']): HookEvent[] {
  const decoder = new TextDecoder(charset)
  const textOf = (name: string) => {
    const bytes = fields.get(name)
    return bytes && decoder.decode(bytes)
  }
  const [id = '', phone = '', status] = ['id', 'phone', 'status'].map(textOf)
  const seconds = Number(textOf('ts'))
  const at = seconds > 0 ? atUnixSeconds(seconds) : undefined
  if (fields.has('mes')) {
    const data = { messageId: id, from: e164Of(phone), to: textOf('to'), text: textOf('mes') }
    return [{ id: `incoming ${id} ${phone} ${textOf('ts') ?? ''}`, type: 'sms.incoming', at, data }]
  }
  if (status === undefined) return []
  const meaning = meaningOfStatus(status)
  const { kind, says, hint } = meaning
  const error = kind && { kind, code: status, message: says, hint }
  const data = {
    messageId: id,
    reference: id, // the id is ours
    to: e164Of(phone),
    status: meaning.status,
    code: status,
    description: says,
    error,
  }
  return [{ id: `${id} ${phone} ${status}`, type: 'sms.status', at, data }]
}

/** Of the body or, for a GET, of the query. Read by hand: `URLSearchParams` takes every byte for UTF-8. */
function fieldsOf({ method, url, body }: HookRequest): Fields {
  const query = /\?([^#]*)/.exec(url)?.[1] ?? ''
  const text = method === 'GET' ? query : body.toString('latin1')
  const pairs = text.split('&').filter((pair) => pair !== '')
  return new Map(
    pairs.map((pair) => {
      const [name = '', ...value] = pair.split('=')
      return [bytesOf(name).toString(), bytesOf(value.join('='))]
    }),
  )
}

function bytesOf(encoded: string): Buffer {
  const spaced = encoded.replaceAll('+', ' ')
  const plain = spaced.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  )
  return Buffer.from(plain, 'latin1')
}

const refused = (why: string): HookReading => ({ verdict: 'refused', why, reply: { status: 403 } })
