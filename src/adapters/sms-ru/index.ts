/** Text messages through SMS.ru. API: https://sms.ru/api */
import { defineAdapter } from '../../core/adapter.ts'
import { sms, type SmsMessage } from '../../core/kinds/sms.ts'
import { inBatches, sendInTurn } from '../../core/sms/in-turn.ts'
import { smsResult } from '../../core/sms/result.ts'
import { fillText } from '../../core/sms/templates.ts'
import { checkAuth, maxNumbers, queryBalance, queryStatus, send } from './api.ts'
import { SmsRuConfig, warnConfig } from './config.ts'
import { readFailure } from './failures.ts'
import { hooks } from './receipts.ts'
import { digitsOf, toRows, toStatus } from './results.ts'
import { smsRuTwin } from './twin.ts'

export const smsRu = defineAdapter({
  id: 'sms-ru',
  kind: sms,
  title: 'SMS.ru',
  docs: 'https://sms.ru/api',
  config: SmsRuConfig,
  warnConfig,
  // No rate is published.
  limits: { timeoutMs: 10_000, concurrent: 8 },
  breaker: { failures: 5, openForMs: 60_000 },
  http: { baseUrl: ({ base_url }) => base_url, readFailure },
  operations: {
    send: {
      repeat: 'once', // there is no idempotency key: a second request is a second message
      async run({ http, config }, message) {
        const { to } = message
        const msg = textOf(config, message)
        const rows = await sendInTurn(inBatches(to, maxNumbers), async (batch) =>
          toRows(await send(http, config, { to: batch.map(digitsOf), msg }), batch),
        )
        return smsResult(rows)
      },
      rehearse: (config, message) => void textOf(config, message),
    },
    status: {
      repeat: 'safe',
      async run({ http, config }, { messageId }) {
        const { sms: told } = await queryStatus(http, config, messageId)
        return toStatus(told[messageId])
      },
    },
  },
  async check({ http, config }) {
    await checkAuth(http, config)
    const balance = await queryBalance(http, config)
    const mode = config.test ? '; test is on: no message goes out' : ''
    return `balance ${balance} RUB; the sender name was not tried${mode}`
  },
  hooks,
  twin: smsRuTwin,
})

const textOf = ({ templates }: SmsRuConfig, { text = '', template, params }: SmsMessage): string =>
  template === undefined ? text : fillText(templates, { template, params })
