/** Text messages through Tencent Cloud. API: https://cloud.tencent.com/document/api/382/55981 */
import { type Context, defineAdapter } from '../../core/adapter.ts'
import { type SmsMessage, sms } from '../../core/kinds/sms.ts'
import { mainlandOrAbroad, templateOf } from '../../core/sms/in-china.ts'
import { orderedParams } from '../../core/sms/templates.ts'
import { describePhoneNumber, pullReports, sendSms, sendStatistics } from './api.ts'
import { TencentConfig, warnConfig } from './config.ts'
import { isAccountLimited, readFailure } from './failures.ts'
import { hooks } from './receipts.ts'
import { settle } from './settle.ts'
import { authorize } from './signature.ts'
import { toResult, toStatus } from './translate.ts'
import { tencentTwin } from './twin.ts'

const maxNumbers = 200
const dayMs = 86_400_000

export const tencentSms = defineAdapter({
  id: 'tencent-sms',
  kind: sms,
  title: 'Tencent Cloud SMS',
  docs: 'https://cloud.tencent.com/document/product/382',
  config: TencentConfig,
  warnConfig,
  // Published: 3000 calls of SendSms a second.
  limits: { timeoutMs: 10_000, perSecond: 3000, concurrent: 32 },
  breaker: { failures: 5, openForMs: 60_000 },
  http: { baseUrl: (config) => config.base_url, authorize, readFailure },
  operations: {
    send: {
      repeat: 'once', // there is no idempotency key: a second request is a second message
      async run(context, message) {
        const theirs = toTheirMessage(context, message)
        const answer = await sendSms(context.http, context.config, theirs)
        return toResult(answer, message.to, context.clock.now())
      },
      rehearse: (config, message) => void filledOf(config, message),
      settle,
    },
    status: {
      repeat: 'safe',
      async run({ http, config, clock }, { messageId, to, sentAt }) {
        const until = clock.now()
        const oldest = until.getTime() - 7 * dayMs + 60_000 // older ones are refused
        const sent = sentAt ? Date.parse(sentAt) - 300_000 : oldest
        const from = new Date(Math.min(Math.max(sent, oldest), until.getTime() - 60_000))
        const reports = await pullReports(http, config, { to, from, until })
        return toStatus(reports.find(({ SerialNo }) => SerialNo === messageId))
      },
    },
  },
  async check({ http, config, clock }) {
    await describePhoneNumber(http, '+8618501234444')
    try {
      await sendStatistics(http, config, clock.now())
    } catch (error) {
      if (!isAccountLimited(error)) throw error
      return 'the key is accepted; it may not ask about app_id, which was not tried'
    }
    return 'the key is accepted and app_id belongs to it; signature and templates were not tried'
  },
  hooks,
  twin: tencentTwin,
})

const filledOf = ({ templates }: TencentConfig, message: SmsMessage) =>
  orderedParams(templates, templateOf(message, 'Tencent Cloud'), { isVendorId: /^\d+$/ })

function toTheirMessage({ config, idempotencyKey }: Context<TencentConfig>, message: SmsMessage) {
  const filled = filledOf(config, message)
  return {
    PhoneNumberSet: mainlandOrAbroad(message.to, maxNumbers),
    TemplateId: filled.id,
    TemplateParamSet: filled.params.map(({ value }) => value),
    SessionContext: Buffer.byteLength(idempotencyKey) < 512 ? idempotencyKey : undefined,
  }
}
