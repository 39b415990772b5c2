/** Tencent Cloud SMS, played on this machine: signatures are checked, messages kept, reports made up. */
import { z } from 'zod'
import type { Clock } from '../../core/clock.ts'
import { jsonOf } from '../../core/exact-json.ts'
import { beijingTime } from '../../core/sms/beijing.ts'
import { isMainland } from '../../core/sms/phone-forms.ts'
import { readPhone } from '../../core/sms/phone.ts'
import { defineTwin, type Twin, type TwinReply } from '../../core/twin.ts'
import { account, fail, refusalOf } from './twin-door.ts'

const Options = z.object({
  blacklist: z.string().default('+8618500000404').meta({
    description: 'Numbers that are refused for good, joined by commas',
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
  session_context: z.stringbool().or(z.boolean()).default(false).meta({
    description: 'Give SessionContext back in reports, as few accounts have it',
  }),
})
type Options = z.output<typeof Options>

/** Templates of the account: how many values each takes. */
const templates: Record<string, number> = { '1110': 2, '1111': 0 }

export const tencentTwin = defineTwin({
  options: Options,
  config: (url) => ({
    base_url: url,
    secret_id: account.secretId,
    secret_key: account.secretKey,
    app_id: account.appId,
    sign_name: account.signName,
    templates: {
      notice: { id: '1111', params: [] },
      verification: { id: '1110', params: ['code', 'minutes'] },
    },
  }),
  create: createTwin,
})

type Message = { serial: string; to: string; session: string; sentAt: Date }

const SendSms = z.object({
  PhoneNumberSet: z.array(z.string()),
  SmsSdkAppId: z.string(),
  TemplateId: z.string(),
  SignName: z.string().optional(),
  TemplateParamSet: z.array(z.string()).default([]),
  SessionContext: z.string().max(511).default(''),
})
type SendSms = z.output<typeof SendSms>

const Pull = z.object({
  BeginTime: z.int(),
  EndTime: z.int().optional(),
  Offset: z.literal(0),
  Limit: z.int().min(1).max(100),
  PhoneNumber: z.string(),
  SmsSdkAppId: z.literal(account.appId),
})

const Statistics = z.object({
  SmsSdkAppId: z.string(),
  BeginTime: z.string().regex(/^\d{10}$/),
  EndTime: z.string().regex(/^\d{10}$/),
  Limit: z.literal(0),
  Offset: z.literal(0),
})

const Described = z.object({ PhoneNumberSet: z.array(z.string()).min(1).max(200) })

function createTwin(options: Options, clock: Clock): Twin {
  const messages: Message[] = []
  const counts = { calls: 0, refused: 0, unauthorized: 0 }
  const [blacklist, limited, undelivered] = [
    options.blacklist,
    options.limited,
    options.undelivered,
  ].map((list) => new Set(list.split(',').map((number) => number.trim())))
  let requests = 0

  const answer = (fields: Record<string, unknown>): TwinReply => ({
    json: { Response: { ...fields, RequestId: `sandbox-${++requests}` } },
  })

  function send(asked: SendSms): TwinReply {
    const { PhoneNumberSet: numbers } = asked
    if (numbers.length === 0) return fail('MissingParameter.EmptyPhoneNumberSet')
    if (numbers.length > 200) return fail('LimitExceeded.PhoneNumberCountLimit')
    const inside = numbers.filter(isMainland).length
    if (inside > 0 && inside < numbers.length) {
      return fail('UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber')
    }
    if (asked.SmsSdkAppId !== account.appId) {
      return fail('UnauthorizedOperation.SmsSdkAppIdVerifyFail')
    }
    return answer({ SendStatusSet: numbers.map((number) => sendOne(number, asked)) })
  }

  function sendOne(PhoneNumber: string, asked: SendSms): Record<string, unknown> {
    const refusal = refusalFor(PhoneNumber, asked)
    const common = { PhoneNumber, SessionContext: asked.SessionContext, IsoCode: 'CN' }
    if (refusal) {
      counts.refused++
      return { SerialNo: '', ...common, Fee: 0, Code: refusal, Message: refusal }
    }
    const serial = `5000:${String(messages.length + 1).padStart(28, '0')}`
    const sentAt = clock.now()
    messages.push({ serial, to: PhoneNumber, session: asked.SessionContext, sentAt })
    return { SerialNo: serial, ...common, Fee: 1, Code: 'Ok', Message: 'send success' }
  }

  function refusalFor(number: string, asked: SendSms): string | undefined {
    if (!/^\+\d{7,15}$/.test(number)) return 'InvalidParameterValue.IncorrectPhoneNumber'
    if (asked.SignName !== account.signName) {
      return 'FailedOperation.SignatureIncorrectOrUnapproved'
    }
    const takes = templates[asked.TemplateId]
    if (takes === undefined) return 'FailedOperation.TemplateIncorrectOrUnapproved'
    if (takes !== asked.TemplateParamSet.length) {
      return 'FailedOperation.TemplateParamSetNotMatchApprovedTemplate'
    }
    if (blacklist?.has(number)) return 'FailedOperation.PhoneNumberInBlacklist'
    return limited?.has(number) ? 'LimitExceeded.PhoneNumberThirtySecondLimit' : undefined
  }

  const reportedAt = ({ sentAt }: Message): Date =>
    new Date(sentAt.getTime() + options.delivery_s * 1000)

  const reported = (): Message[] => messages.filter((each) => reportedAt(each) <= clock.now())

  function pull({ PhoneNumber, BeginTime, EndTime = Infinity, Limit }: z.output<typeof Pull>) {
    const oldest = clock.now().getTime() / 1000 - 7 * 86_400
    if (BeginTime < oldest || EndTime < BeginTime)
      return fail('InvalidParameterValue.BeginTimeVerifyFail')
    const found = reported().filter(({ to, sentAt }) => {
      const at = Math.floor(sentAt.getTime() / 1000)
      return to === PhoneNumber && at >= BeginTime && at <= EndTime
    })
    return answer({ PullSmsSendStatusSet: found.slice(0, Limit).map(toReport) })
  }

  function toReport(message: Message): Record<string, unknown> {
    const isDelivered = !undelivered?.has(message.to)
    const { callingCode, national } = readPhone(message.to) ?? {}
    return {
      CountryCode: callingCode,
      SubscriberNumber: national,
      PhoneNumber: message.to,
      SerialNo: message.serial,
      ReportStatus: isDelivered ? 'SUCCESS' : 'FAIL',
      Description: isDelivered ? 'DELIVRD' : 'MBBLACK',
      SessionContext: options.session_context ? message.session : '',
      UserReceiveTime: Math.floor(reportedAt(message).getTime() / 1000),
    }
  }

  function toReceipt(message: Message): Record<string, unknown> {
    const { ReportStatus, Description, CountryCode, SubscriberNumber } = toReport(message)
    return {
      user_receive_time: beijingTime(reportedAt(message)),
      nationcode: CountryCode,
      mobile: SubscriberNumber,
      report_status: ReportStatus,
      errmsg: Description,
      description: ReportStatus === 'SUCCESS' ? '用户短信送达成功' : '用户短信送达失败',
      sid: message.serial,
    }
  }

  const actions: Record<string, (body: unknown) => TwinReply> = {
    SendSms: read(SendSms, send),
    PullSmsSendStatusByPhoneNumber: read(Pull, pull),
    SendStatusStatistics: read(Statistics, ({ SmsSdkAppId }) =>
      SmsSdkAppId === account.appId
        ? answer({ SendStatusStatistics: { RequestSuccessCount: messages.length } })
        : fail('UnauthorizedOperation.SmsSdkAppIdVerifyFail'),
    ),
    DescribePhoneNumberInfo: read(Described, ({ PhoneNumberSet }) =>
      answer({ PhoneNumberInfoSet: PhoneNumberSet.map((PhoneNumber) => ({ PhoneNumber })) }),
    ),
  }

  return {
    handle(request) {
      // Not the vendor's: what its callbacks would have brought by now.
      if (request.path === '/sandbox/receipts') return { json: reported().map(toReceipt) }
      counts.calls++
      const refusal = refusalOf(request, clock.now())
      if (refusal) {
        counts.unauthorized++
        return refusal
      }
      const action = actions[request.headers['x-tc-action'] ?? '']
      return action ? action(jsonOf(request.body)) : fail('InvalidAction')
    },
    vendorFault: (fault) =>
      fault === 'business-error'
        ? fail('FailedOperation.ContainSensitiveWord', '短信内容中含有敏感词')
        : fail('AuthFailure.TokenFailure', 'token 错误'),
    rateLimited: () => fail('RequestLimitExceeded', '请求的次数超过了频率限制'),
    stats: () => ({ messages: messages.length, ...counts }),
  }
}

/** The vendor refuses a wrong type too: a number where it wants a text. */
const read =
  <Schema extends z.ZodType>(schema: Schema, act: (input: z.output<Schema>) => TwinReply) =>
  (body: unknown): TwinReply => {
    const checked = schema.safeParse(body)
    if (checked.success) return act(checked.data)
    return fail('InvalidParameter', checked.error.issues[0]?.path.join('.'))
  }
