/** SMS.ru, played locally: messages by number, statuses by id, and receipts with their hash. */
import { z } from 'zod'
import type { Clock } from '../../core/clock.ts'
import type { HookRequest } from '../../core/hook.ts'
import { countSegments } from '../../core/sms/segments.ts'
import { defineTwin, formOf, formType, type Twin, type TwinReply } from '../../core/twin.ts'
import { hashOf } from './receipts.ts'

/** Account of every twin of SMS.ru. Made up; no vendor knows it. */
export const account = { apiId: '00000000-1111-2222-3333-444444444444', from: 'Example' }

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

export const smsRuTwin = defineTwin({
  options: Options,
  recipients: () => ({
    ...Object.fromEntries(
      Object.entries(refusals).map(([to, [code]]) => [`+${to}`, `is refused with code ${code}`]),
    ),
    [`+${undeliverable}`]: 'is taken, and fails later',
  }),
  config: (url) => ({ base_url: url, api_id: account.apiId, from: account.from }),
  create: createTwin,
})

/** Numbers that are refused, with their code. */
export const refusals: Record<string, [code: number, text: string]> = {
  '79160000202': [202, 'Неправильно указан номер телефона получателя'],
  '79160000207': [207, 'На этот номер нет пути'],
  '79160000209': [209, 'Вы добавили этот номер в стоп-лист'],
  '79160000230': [230, 'Превышен общий лимит количества сообщений на этот номер в день'],
}
/** Taken, and given up later. */
export const undeliverable = '79160000104'

const priceRub = 2
const maxParts = 8

type Message = { id: string; to: string; msg: string; sentMs: number }

function createTwin({ deliver_after_s, balance }: Options, clock: Clock): Twin {
  const messages = new Map<string, Message>()
  const counts = { requests: 0, refused: 0, unauthorized: 0, status_queries: 0, balance_queries: 0 }
  let money = balance
  let tested = 0

  function fail(status_code: number, status_text: string): TwinReply {
    counts[status_code === 200 ? 'unauthorized' : 'refused']++
    return { json: { status: 'ERROR', status_code, status_text } }
  }

  function send(form: URLSearchParams): TwinReply {
    const to = (form.get('to') ?? '').split(',').filter(Boolean)
    const msg = form.get('msg') ?? ''
    const from = form.get('from')
    if (to.length === 0) return fail(202, 'Неправильно указан номер телефона получателя')
    if (to.length > 100) return fail(207, 'Указано более 100 номеров')
    if (msg === '') return fail(203, 'Нет текста сообщения')
    if (msg.includes('\uFFFD')) return fail(212, 'Текст сообщения необходимо передать в UTF-8')
    if (from !== null && from !== account.from) return fail(204, 'Отправитель не согласован')
    const { segments } = countSegments(msg)
    if (segments > maxParts) return fail(205, 'Сообщение слишком длинное')
    const cost = segments * priceRub
    if (money < cost * to.length) return fail(201, 'Не хватает средств на лицевом счету')
    const isTest = form.get('test') === '1'
    const rows = to.map((number) => [number, sendOne(number, msg, isTest ? 0 : cost)])
    return { json: ok({ sms: Object.fromEntries(rows), balance: money }) }
  }

  function sendOne(to: string, msg: string, cost: number) {
    const [status_code, status_text] = refusals[to] ?? (isNumber(to) ? [] : [202, 'Номер'])
    if (status_code) return { status: 'ERROR', status_code, status_text }
    const isTest = cost === 0
    const count = isTest ? ++tested : messages.size + 1
    const id = `${isTest ? '000000' : '202626'}-${1_000_000 + count}`
    money -= cost
    if (!isTest) messages.set(id, { id, to, msg, sentMs: clock.monotonicMs() })
    return { status: 'OK', status_code: 100, sms_id: id }
  }

  function look(form: URLSearchParams): TwinReply {
    counts.status_queries++
    const ids = (form.get('sms_id') ?? '').split(',').filter(Boolean)
    const rows = ids.map((id) => [id, statusOf(messages.get(id))])
    return { json: ok({ sms: Object.fromEntries(rows), balance: money }) }
  }

  function statusOf(message: Message | undefined) {
    if (!message) return { status: 'OK', status_code: -1, status_text: 'Сообщение не найдено' }
    const isOver = clock.monotonicMs() - message.sentMs >= deliver_after_s * 1000
    const [status_code, status_text] = !isOver
      ? [102, 'Сообщение отправлено (в пути)']
      : message.to === undeliverable
        ? [104, 'Не может быть доставлено: время жизни истекло']
        : [103, 'Сообщение доставлено']
    return { status: 'OK', status_code, status_text, cost: priceRub.toFixed(2) }
  }

  function serve(path: string, form: URLSearchParams): TwinReply {
    if (path === '/sms/send') return send(form)
    if (path === '/sms/status') return look(form)
    if (path === '/auth/check') return { json: ok({}) }
    if (path !== '/my/balance') return fail(211, 'Метод не найден')
    counts.balance_queries++
    return { json: ok({ balance: money }) }
  }

  return {
    handle(request) {
      counts.requests++
      if (request.method !== 'POST') return fail(210, 'Используется GET, где необходим POST')
      const form = formOf(request)
      if (form.get('api_id') !== account.apiId) return fail(200, 'Неправильный api_id')
      // Without it the vendor answers with lines of plain text.
      if (form.get('json') !== '1') return { text: '100\n' }
      return serve(request.path, form)
    },
    vendorFault: (fault) =>
      fault === 'expired-token'
        ? fail(200, 'Неправильный api_id')
        : fail(208, 'Время отправки указано неправильно'),
    rateLimited: () => fail(206, 'Превышен дневной лимит на отправку сообщений'),
    stats() {
      const all = [...messages.values()]
      const distinct = new Set(all.map(({ to, msg }) => `${to} ${msg}`)).size
      return { ...counts, tested, messages: all.length, distinct_messages: distinct }
    },
  }
}

const ok = (more: object) => ({ status: 'OK', status_code: 100, ...more })

const isNumber = (to: string): boolean => /^7\d{10}$/.test(to) || /^[1-9]\d{9,14}$/.test(to)

/** Receipts as the vendor sends them, with the hash of the account of the twin. */
export function receiptsOf(
  url: string,
  events: readonly { id: string; status: number; at: Date }[],
): HookRequest {
  const entries = events.map(
    ({ id, status, at }) => `sms_status\n${id}\n${status}\n${Math.floor(at.getTime() / 1000)}`,
  )
  const form = new URLSearchParams({ hash: hashOf(account.apiId, entries) })
  for (const [at, entry] of entries.entries()) form.append(`data[${at}]`, entry)
  const headers = { 'content-type': formType }
  return { method: 'POST', url, headers, body: Buffer.from(form.toString()) }
}
