/** Text messages through Alibaba Cloud. API: https://help.aliyun.com/zh/sms/developer-reference */
import { type Context, defineAdapter } from '../../core/adapter.ts'
import { type SmsMessage, sms } from '../../core/kinds/sms.ts'
import { mainlandOrAbroad, templateOf } from '../../core/sms/in-china.ts'
import { nationalInChina } from '../../core/sms/phone-forms.ts'
import { orderedParams } from '../../core/sms/templates.ts'
import { counted } from '../../core/words.ts'
import { querySendDetails, querySmsSignList, sendSms } from './api.ts'
import { AliyunConfig, baseUrl, checkConfig, warnConfig } from './config.ts'
import { readFailure } from './failures.ts'
import { hooks } from './receipts.ts'
import { outIdOf, settle } from './settle.ts'
import { authorize } from './signature.ts'
import { toResult, toStatus } from './translate.ts'
import { aliyunTwin } from './twin.ts'

const maxNumbers = 1000

export const aliyunSms = defineAdapter({
  id: 'aliyun-sms',
  kind: sms,
  title: 'Alibaba Cloud SMS',
  docs: 'https://help.aliyun.com/zh/sms',
  config: AliyunConfig,
  checkConfig,
  warnConfig,
  // Published: 5000 calls of SendSms a second.
  limits: { timeoutMs: 10_000, perSecond: 5000, concurrent: 32 },
  breaker: { failures: 5, openForMs: 60_000 },
  http: { baseUrl, authorize, readFailure },
  operations: {
    send: {
      repeat: 'once', // OutId is echoed, not compared; the nonce only stops the same signed request
      async run(context, message) {
        const answer = await sendSms(context.http, context.config, toTheirMessage(context, message))
        return toResult(answer, message.to)
      },
      rehearse: (config, message) => void filledOf(config, message),
      settle,
    },
    status: {
      repeat: 'safe',
      async run({ http, clock }, { messageId, to, sentAt }) {
        const day = sentAt ? new Date(sentAt) : clock.now()
        const details = await querySendDetails(http, { to, sentAt: day, bizId: messageId })
        return toStatus(details.find(({ PhoneNum }) => PhoneNum === nationalInChina(to)))
      },
    },
  },
  async check({ http }) {
    const { TotalCount } = await querySmsSignList(http)
    const signs = TotalCount === undefined ? '' : ` and has ${counted(TotalCount, 'signature')}`
    return `the key is accepted${signs}; templates and balance were not tried`
  },
  hooks,
  twin: aliyunTwin,
})

const filledOf = ({ templates }: AliyunConfig, message: SmsMessage) =>
  orderedParams(templates, templateOf(message, 'Alibaba Cloud'), {
    isVendorId: /^SMS_\d+$/,
    named: true,
  })

function toTheirMessage({ config, idempotencyKey }: Context<AliyunConfig>, message: SmsMessage) {
  const filled = filledOf(config, message)
  return {
    to: mainlandOrAbroad(message.to, maxNumbers),
    TemplateCode: filled.id,
    TemplateParam: Object.fromEntries(filled.params.map(({ name = '', value }) => [name, value])),
    OutId: outIdOf(idempotencyKey),
  }
}
