/** Text messages through SMSC.ru. API: https://smsc.ru/api/http/ */
import { defineAdapter } from '../../core/adapter.ts'
import { sms, type SmsMessage } from '../../core/kinds/sms.ts'
import { sendInTurn } from '../../core/sms/in-turn.ts'
import { smsResult } from '../../core/sms/result.ts'
import { fillText } from '../../core/sms/templates.ts'
import { queryBalance, queryStatus, send } from './api.ts'
import { checkConfig, SmscConfig, warnConfig } from './config.ts'
import { readFailure } from './failures.ts'
import { hooks } from './receipts.ts'
import { clientIdOf, e164Of, toRows, toRowsByStatus, toStatus } from './results.ts'
import type { TheirSent } from './schema.ts'
import { smscTwin } from './twin.ts'

export const smscRu = defineAdapter({
  id: 'smsc-ru',
  kind: sms,
  title: 'SMSC.ru',
  docs: 'https://smsc.ru/api/http/',
  config: SmscConfig,
  checkConfig,
  warnConfig,
  // No rate is published for messages; five equal questions for a status within a minute are refused with code 9.
  limits: { timeoutMs: 10_000, concurrent: 8 },
  breaker: { failures: 5, openForMs: 60_000 },
  http: { baseUrl: ({ base_url }) => base_url, readFailure },
  operations: {
    send: {
      repeat: 'once', // the id names a message, it does not keep a second one away
      async run({ http, config, idempotencyKey }, message) {
        const { to } = message
        const mes = textOf(config, message)
        const id = clientIdOf(idempotencyKey)
        let sent: TheirSent | undefined
        const rows = await sendInTurn([to], async (phones) => {
          sent = await send(http, config, { phones, mes, id })
          return toRows(sent, to)
        })
        return smsResult(rows, { messageId: sent?.id, parts: sent?.cnt })
      },
      rehearse: (config, message) => void textOf(config, message),
      async settle({ http, config, idempotencyKey }, { to }) {
        const id = String(clientIdOf(idempotencyKey))
        const theirs = await queryStatus(http, config, { phones: to, id })
        const rows = toRowsByStatus(theirs, to, id)
        // "Not found" proves nothing: a message may show up later than the question. Neither does a status of failure so
        // soon: it does not say whether another service may try.
        const isFound = rows.some(({ status }) => status === 'accepted' || status === 'delivered')
        if (!isFound) return { outcome: 'unknown' }
        return { outcome: 'done', output: smsResult(rows, { messageId: id }) }
      },
    },
    status: {
      repeat: 'safe',
      async run({ http, config }, { messageId, to }) {
        const theirs = await queryStatus(http, config, { phones: [to], id: messageId })
        const own = theirs.find(({ phone }) => phone !== undefined && e164Of(phone) === to)
        return toStatus(own ?? theirs.find(({ phone }) => phone === undefined))
      },
    },
  },
  async check({ http, config }) {
    return `balance ${await queryBalance(http, config)}; the sender name was not tried`
  },
  hooks,
  twin: smscTwin,
})

const textOf = ({ templates }: SmscConfig, { text = '', template, params }: SmsMessage): string =>
  template === undefined ? text : fillText(templates, { template, params })
