/** Alibaba Cloud SMS, played on this machine: signatures are checked, messages kept, receipts made up. */
import { z } from 'zod'
import type { Clock } from '../../core/clock.ts'
import { jsonOf } from '../../core/exact-json.ts'
import { beijingDay, beijingTime } from '../../core/sms/beijing.ts'
import { nationalInChina } from '../../core/sms/phone-forms.ts'
import { defineTwin, type Twin, type TwinReply } from '../../core/twin.ts'
import { account, createDoor, fail, isAdmitted } from './twin-door.ts'

const Options = z.object({
  illegal: z.string().default('+8618500000404').meta({
    description: 'Numbers that spoil a request, joined by commas',
  }),
  limited: z.string().default('+8618500000429').meta({
    description: 'Numbers that got too many messages, joined by commas',
  }),
  undelivered: z.string().default('+8618500000500').meta({
    description: 'Numbers whose messages are taken and never arrive, joined by commas',
  }),
  delivery_s: z.coerce.number().min(0).default(5).meta({
    description: 'How long a message takes to arrive, in seconds',
  }),
  signature: z.enum(['acs3', 'rpc-v1']).default('acs3').meta({
    description: 'Which signature its config asks for; both are accepted',
  }),
})
type Options = z.output<typeof Options>

/** Templates of the account and the values each takes. */
const templates: Record<string, readonly string[]> = {
  SMS_1110: ['code', 'minutes'],
  SMS_1111: [],
}

export const aliyunTwin = defineTwin({
  options: Options,
  config: (url, { signature }) => ({
    base_url: url,
    access_key_id: account.accessKeyId,
    access_key_secret: account.accessKeySecret,
    sign_name: account.signName,
    signature,
    templates: {
      notice: { id: 'SMS_1111', params: [] },
      verification: { id: 'SMS_1110', params: ['code', 'minutes'] },
    },
  }),
  create: createTwin,
})

type Message = { bizId: string; to: string; template: string; outId: string; sentAt: Date }

const SendSms = z.object({
  PhoneNumbers: z.string().regex(/^\d+(,\d+)*$/),
  SignName: z.string(),
  TemplateCode: z.string(),
  TemplateParam: z.string().default('{}'),
  OutId: z.string().max(255).default(''),
})
type SendSms = z.output<typeof SendSms>

const Query = z.object({
  PhoneNumber: z.string().regex(/^\d+$/),
  SendDate: z.string().regex(/^\d{8}$/),
  PageSize: z.coerce.number().int().min(1).max(50),
  CurrentPage: z.coerce.number().int().min(1),
  BizId: z.string().optional(),
})

const Signs = z.object({
  PageIndex: z.coerce.number().int().min(1),
  PageSize: z.coerce.number().int().min(1).max(50),
})

const Values = z.record(z.string(), z.string())

function createTwin(options: Options, clock: Clock): Twin {
  const messages: Message[] = []
  const counts = { calls: 0, refused: 0, unauthorized: 0 }
  const letIn = createDoor()
  const [illegal, limited, undelivered] = [
    options.illegal,
    options.limited,
    options.undelivered,
  ].map((list) => new Set(list.split(',').map((number) => nationalInChina(number.trim()))))
  let requests = 0

  const answer = (fields: Record<string, unknown>): TwinReply => ({
    json: { Code: 'OK', Message: 'OK', RequestId: `sandbox-${++requests}`, ...fields },
  })

  function send(asked: SendSms): TwinReply {
    const numbers = asked.PhoneNumbers.split(',')
    const refusal = refusalFor(numbers, asked)
    if (refusal) {
      counts.refused++
      return refusal
    }
    const bizId = `${900_000_000_000 + requests}^0`
    const common = { bizId, template: asked.TemplateCode, outId: asked.OutId, sentAt: clock.now() }
    messages.push(...numbers.map((to) => ({ ...common, to })))
    return answer({ BizId: bizId })
  }

  function refusalFor(numbers: string[], asked: SendSms): TwinReply | undefined {
    if (numbers.length > 1000) return fail('isv.MOBILE_COUNT_OVER_LIMIT')
    if (asked.SignName !== account.signName) return fail('isv.SMS_SIGNATURE_ILLEGAL')
    const takes = templates[asked.TemplateCode]
    if (!takes) return fail('isv.SMS_TEMPLATE_ILLEGAL')
    const values = Values.safeParse(jsonOf(Buffer.from(asked.TemplateParam)))
    if (!values.success) return fail('isv.INVALID_JSON_PARAM')
    if (takes.some((name) => values.data[name] === undefined)) {
      return fail('isv.TEMPLATE_MISSING_PARAMETERS')
    }
    if (numbers.some((number) => illegal?.has(number) || !/^\d{7,15}$/.test(number))) {
      return fail('isv.MOBILE_NUMBER_ILLEGAL')
    }
    return numbers.some((number) => limited?.has(number))
      ? fail('isv.BUSINESS_LIMIT_CONTROL', '触发分钟级流控Permits:1')
      : undefined
  }

  const arrivesAt = ({ sentAt }: Message): Date =>
    new Date(sentAt.getTime() + options.delivery_s * 1000)

  const arrived = (): Message[] => messages.filter((each) => arrivesAt(each) <= clock.now())

  function query({ PhoneNumber, SendDate, PageSize, CurrentPage, BizId }: z.output<typeof Query>) {
    const found = messages.filter(
      ({ to, sentAt, bizId }) =>
        to === PhoneNumber && beijingDay(sentAt) === SendDate && (BizId ?? bizId) === bizId,
    )
    const page = found.slice((CurrentPage - 1) * PageSize, CurrentPage * PageSize)
    return answer({
      TotalCount: found.length,
      SmsSendDetailDTOs: { SmsSendDetailDTO: page.map(toDetail) },
    })
  }

  function toDetail(message: Message): Record<string, unknown> {
    const { to, template, outId, sentAt } = message
    const sent = {
      PhoneNum: to,
      TemplateCode: template,
      OutId: outId,
      SendDate: beijingTime(sentAt),
      Content: '【Sandbox】…',
    }
    if (arrivesAt(message) > clock.now()) return { ...sent, SendStatus: 1 }
    const ReceiveDate = beijingTime(arrivesAt(message))
    return undelivered?.has(to)
      ? { ...sent, SendStatus: 2, ErrCode: 'MOBILE_NOT_ON_SERVICE', ReceiveDate }
      : { ...sent, SendStatus: 3, ErrCode: 'DELIVERED', ReceiveDate }
  }

  function toReceipt(message: Message): Record<string, unknown> {
    const success = !undelivered?.has(message.to)
    return {
      phone_number: message.to,
      send_time: beijingTime(message.sentAt),
      report_time: beijingTime(arrivesAt(message)),
      success,
      err_code: success ? 'DELIVERED' : 'MOBILE_NOT_ON_SERVICE',
      err_msg: success ? '用户接收成功' : '手机号停机',
      sms_size: '1',
      biz_id: message.bizId,
      out_id: message.outId,
    }
  }

  const actions: Record<string, (params: unknown) => TwinReply> = {
    SendSms: read(SendSms, send),
    QuerySendDetails: read(Query, query),
    QuerySmsSignList: read(Signs, () =>
      answer({ TotalCount: 1, SmsSignList: [{ SignName: account.signName }] }),
    ),
  }

  return {
    handle(request) {
      // Not the vendor's: what its receipts would have brought by now.
      if (request.path === '/sandbox/receipts') return { json: arrived().map(toReceipt) }
      counts.calls++
      const found = letIn(request, clock.now())
      if (!isAdmitted(found)) {
        counts.unauthorized++
        return found
      }
      const act = actions[found.action]
      return act ? act(found.params) : fail('InvalidAction.NotFound', found.action, 404)
    },
    vendorFault: (fault) =>
      fault === 'business-error'
        ? fail('isv.BLACK_KEY_CONTROL_LIMIT', '变量中传入疑似违规信息')
        : fail('InvalidSecurityToken.Expired', 'Specified SecurityToken is expired.', 400),
    rateLimited: () => fail('Throttling.User', 'Request was denied due to user flow control.', 400),
    stats: () => ({ messages: messages.length, ...counts }),
  }
}

const read =
  <Schema extends z.ZodType>(schema: Schema, act: (input: z.output<Schema>) => TwinReply) =>
  (params: unknown): TwinReply => {
    const checked = schema.safeParse(params)
    if (checked.success) return act(checked.data)
    return fail('isv.INVALID_PARAMETERS', checked.error.issues[0]?.path.join('.'))
  }
