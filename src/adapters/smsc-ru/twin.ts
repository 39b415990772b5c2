/** SMSC.ru, played locally: messages by client id and number, statuses, and receipts with their hash. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../../core/clock.ts'
import type { HookRequest } from '../../core/hook.ts'
import { countSegments } from '../../core/sms/segments.ts'
import { defineTwin, formOf, formType, type Twin, type TwinReply } from '../../core/twin.ts'

/** Account of every twin of SMSC.ru. Made up; no vendor knows it. */
export const account = {
  login: 'sandbox',
  password: 'sandbox-password',
  sender: 'Example',
  callbackSecret: 'sandbox-callback-secret',
}

const Options = z.object({
  deliver_after_s: z.coerce.number().int().min(0).default(3).meta({
    description: 'Seconds from sending to the handset',
  }),
  balance: z.coerce
    .number()
    .min(0)
    .default(1000)
    .meta({ description: 'Money on the account, RUB' }),
})
type Options = z.output<typeof Options>

export const smscTwin = defineTwin({
  options: Options,
  recipients: () => ({
    ...Object.fromEntries(
      Object.entries(refusals).map(([to, { code }]) => [to, `is refused with code ${code}`]),
    ),
    [limited]: 'has got too many messages',
    [undeliverable]: 'is taken, and fails later',
  }),
  config: (url) => ({
    base_url: url,
    login: account.login,
    password: account.password,
    sender: account.sender,
    callback_secret: account.callbackSecret,
  }),
  create: createTwin,
})

/** Refused while sending: code 7 for the first, 8 for the second. */
export const refusals: Record<string, { code: number; says: string }> = {
  '+79160000007': { code: 7, says: 'invalid number' },
  '+79160000008': { code: 8, says: "message can't be delivered" },
}
/** Always too soon after the message before: code 9. */
export const limited = '+79160000009'
/** Taken, and given up later. */
export const undeliverable = '+79160000025'

const priceRub = 2
const repeatWindowMs = 60_000

type Message = { id: string; phone: string; mes: string; sentMs: number; sentAt: Date }

function createTwin({ deliver_after_s, balance }: Options, clock: Clock): Twin {
  const messages: Message[] = []
  /** By number and text. */
  const lastMs = new Map<string, number>()
  const counts = { requests: 0, refused: 0, unauthorized: 0, status_queries: 0, balance_queries: 0 }
  let money = balance
  let ownIds = 0

  function fail(code: number, error: string, id?: string): TwinReply {
    counts[code === 2 ? 'unauthorized' : 'refused']++
    return { json: { error, error_code: code, ...(id ? { id: Number(id) } : {}) } }
  }

  function send(form: URLSearchParams): TwinReply {
    const mes = form.get('mes') ?? ''
    const phones = (form.get('phones') ?? '').split(/[,;]/).filter(Boolean).map(corrected)
    const given = form.get('id')
    if (phones.length === 0 || mes === '' || mes.length > 1000) return fail(1, 'parameters error')
    if (given !== null && !isClientId(given)) return fail(1, 'parameters error')
    const sender = form.get('sender')
    if (sender !== null && sender !== account.sender) return fail(6, 'sender is denied')
    const { segments } = countSegments(mes)
    const good = phones.filter((phone) => isNumber(phone) && !refusals[phone])
    const cnt = segments * good.length
    if (money < cnt * priceRub) return fail(3, 'no money')
    const nowMs = clock.monotonicMs()
    const isRepeated = (phone: string) =>
      nowMs - (lastMs.get(`${phone} ${mes}`) ?? -Infinity) < repeatWindowMs
    if (good.some((phone) => phone === limited || isRepeated(phone)))
      return fail(9, 'duplicate request, wait a minute')
    const id = given ?? String(++ownIds)
    if (good.length === 0) {
      const { code, says } = refusals[phones[0] ?? ''] ?? { code: 7, says: 'invalid number' }
      return fail(code, says, id)
    }
    money -= cnt * priceRub
    for (const phone of good) {
      messages.push({ id, phone, mes, sentMs: nowMs, sentAt: clock.now() })
      lastMs.set(`${phone} ${mes}`, nowMs)
    }
    const rows = phones.map((phone) => {
      const row = { phone: phone.slice(1), mccmnc: '25001', cost: priceRub.toFixed(2) }
      if (good.includes(phone)) return { ...row, status: '-1', error: '0' }
      return { ...row, cost: '0', status: '', error: String(refusals[phone]?.code ?? 7) }
    })
    const all = {
      id: Number(id),
      cnt,
      cost: (cnt * priceRub).toFixed(2),
      balance: money.toFixed(2),
    }
    return { json: form.get('op') === '1' ? { ...all, phones: rows } : all }
  }

  function look(form: URLSearchParams): TwinReply {
    counts.status_queries++
    const [phones = '', ids = ''] = [form.get('phone') ?? '', form.get('id') ?? '']
    const isList = phones.endsWith(',') && ids.endsWith(',')
    const asked = phones.split(',').filter(Boolean).map(corrected)
    const named = ids.split(',').filter(Boolean)
    if (asked.length === 0 || asked.length !== named.length) return fail(1, 'parameters error')
    const rows = asked.map((phone, at) => {
      const id = named[at] ?? ''
      const one = messages.findLast((each) => each.phone === phone && each.id === id)
      const found = one ? statusOf(one) : { status: -3, err: 0 }
      return isList ? { ...found, id: Number(id), phone: phone.slice(1) } : found
    })
    return { json: isList ? rows : rows[0] }
  }

  function statusOf({ phone, sentMs, sentAt }: Message) {
    const isOver = clock.monotonicMs() - sentMs >= deliver_after_s * 1000
    const at = isOver ? new Date(sentAt.getTime() + deliver_after_s * 1000) : sentAt
    const code = phone === undeliverable ? 25 : 1
    return {
      status: isOver ? code : 0,
      last_date: inMoscow(at),
      last_timestamp: Math.floor(at.getTime() / 1000),
      flag: 0,
      err: isOver && code === 25 ? 6 : 0,
    }
  }

  return {
    handle(request) {
      counts.requests++
      const script = /^\/sys\/(send|status|balance)\.php$/.exec(request.path)?.[1]
      if (!script) return { status: 404, text: 'Not Found' }
      // Credentials are taken from a POST body alone here: an address ends up in logs.
      const form = request.method === 'POST' ? formOf(request) : new URLSearchParams()
      if (form.get('login') !== account.login || !isPassword(form.get('psw'))) {
        return fail(2, 'authorise error')
      }
      // Without these two the vendor answers in plain text and takes the text for windows-1251.
      if (form.get('fmt') !== '3' || form.get('charset') !== 'utf-8') {
        return { text: 'ERROR = 1 (parameters error)' }
      }
      if (script === 'send') return send(form)
      if (script === 'status') return look(form)
      counts.balance_queries++
      const currency = form.get('cur') === '1' ? { currency: 'RUB' } : {}
      return { json: { balance: money.toFixed(2), ...currency } }
    },
    vendorFault: (fault) =>
      fault === 'expired-token' ? fail(2, 'authorise error') : fail(6, 'message is denied'),
    rateLimited: () => fail(4, 'ip is blocked'),
    stats() {
      const distinct = new Set(messages.map(({ phone, mes }) => `${phone} ${mes}`)).size
      return { ...counts, messages: messages.length, distinct_messages: distinct }
    },
  }
}

const isPassword = (psw: string | null): boolean =>
  psw === account.password || psw === createHash('md5').update(account.password).digest('hex')

/** With plus: as it stands. Without: an 8 becomes a 7, and a 7 is put before ten digits. */
function corrected(raw: string): string {
  if (raw.startsWith('+')) return raw
  const digits = raw.replace(/\D/g, '')
  return `+${digits.length === 10 ? `7${digits}` : digits.replace(/^8(?=\d{10}$)/, '7')}`
}

const isNumber = (phone: string): boolean => /^\+\d{10,15}$/.test(phone)

const isClientId = (id: string): boolean =>
  /^\d+$/.test(id) && Number(id) >= 1 && Number(id) <= 2_147_483_647

/** `20.06.2024 03:00:00`; Moscow has no summer time. */
function inMoscow(at: Date): string {
  const [date = '', time = ''] = new Date(at.getTime() + 3 * 3_600_000).toISOString().split('T')
  return `${date.split('-').toReversed().join('.')} ${time.slice(0, 8)}`
}

/** A receipt as the vendor sends it, signed for the account of the twin. */
export function receiptOf(
  url: string,
  { id, phone, status, err = 0 }: { id: string; phone: string; status: number; err?: number },
): HookRequest {
  const digits = phone.replace('+', '')
  const text = `${id}:${digits}:${status}:${account.callbackSecret}`
  const fields = { id, phone: digits, status: String(status), err: String(err), type: '0' }
  const hashes = { md5: hashOf('md5', text), sha1: hashOf('sha1', text) }
  const headers = { 'content-type': formType }
  const body = Buffer.from(new URLSearchParams({ ...fields, ...hashes }).toString())
  return { method: 'POST', url, headers, body }
}

const hashOf = (name: string, text: string): string => createHash(name).update(text).digest('hex')
