/** Text messages through Twilio. API: https://www.twilio.com/docs/messaging/api/message-resource */
import { defineAdapter } from '../../core/adapter.ts'
import { IntegrationError } from '../../core/errors.ts'
import { sms, type SmsMessage } from '../../core/kinds/sms.ts'
import { inBatches, sendInTurn } from '../../core/sms/in-turn.ts'
import { smsResult } from '../../core/sms/result.ts'
import { fillText, orderedParams } from '../../core/sms/templates.ts'
import { createMessage, fetchAccount, fetchMessage } from './api.ts'
import { basicOf, baseUrlOf, checkConfig, contentSid, TwilioConfig, warnConfig } from './config.ts'
import { readFailure } from './failures.ts'
import { toRow, toStatus } from './results.ts'
import { twilioTwin } from './twin.ts'
import { hooks, statusCallbackOf } from './webhook.ts'

/** Also what a message is called that does not exist. */
const notFound = '20404'

export const twilio = defineAdapter({
  id: 'twilio',
  kind: sms,
  title: 'Twilio',
  docs: 'https://www.twilio.com/docs/messaging',
  config: TwilioConfig,
  checkConfig,
  warnConfig,
  // Messages are queued at the vendor, at the pace of each sender; no limit of requests is published.
  limits: { timeoutMs: 10_000, concurrent: 8 },
  breaker: { failures: 5, openForMs: 60_000 },
  http: {
    baseUrl: baseUrlOf,
    secretParts: (config) => [basicOf(config)],
    authorize(request, { config }) {
      request.headers.authorization = `Basic ${basicOf(config)}`
    },
    readFailure,
  },
  operations: {
    send: {
      repeat: 'once', // there is no idempotency key: a second request is a second message
      async run({ http, config, idempotencyKey }, message) {
        const statusCallback = statusCallbackOf(config, idempotencyKey)
        const same = { ...contentOf(config, message), ...optionsOf(config), statusCallback }
        // One number to a request.
        const rows = await sendInTurn(inBatches(message.to, 1), async ([to = '']) => [
          toRow(await createMessage(http, config, { ...same, to }), to),
        ])
        return smsResult(rows)
      },
      rehearse: (config, message) => void contentOf(config, message),
    },
    status: {
      repeat: 'safe',
      async run({ http, config }, { messageId }) {
        try {
          return toStatus(await fetchMessage(http, config, messageId))
        } catch (error) {
          const isUnknown = error instanceof IntegrationError && error.code === notFound
          if (!isUnknown) throw error
          return { status: 'unknown', code: notFound, description: 'no such message' }
        }
      },
    },
  },
  async check({ http, config }) {
    const { status } = await fetchAccount(http, config)
    if (status !== 'active') {
      throw new IntegrationError({
        kind: 'config',
        message: `the account is ${status}`,
        hint: 'See the console of the account.',
      })
    }
    return 'the account is active; the sender was not tried'
  },
  hooks,
  twin: twilioTwin,
})

function contentOf(config: TwilioConfig, { text, template, params }: SmsMessage) {
  if (template === undefined) return { body: text }
  if (Object.hasOwn(config.texts, template)) {
    return { body: fillText(config.texts, { template, params }) }
  }
  // Of a template that the config does not know, values go under their own names or by position, as they were given.
  const named = params !== undefined && !Array.isArray(params)
  const rules = { isVendorId: contentSid, named }
  const filled = orderedParams(config.templates, { template, params }, rules)
  const isOurs = Object.hasOwn(config.templates, template)
  const entries = filled.params.map(({ name, value }, at): [string, string] => [
    (isOurs ? undefined : name) ?? String(at + 1),
    value,
  ])
  const contentVariables =
    entries.length > 0 ? JSON.stringify(Object.fromEntries(entries)) : undefined
  return { contentSid: filled.id, contentVariables }
}

const optionsOf = (config: TwilioConfig) => ({
  from: config.from,
  messagingServiceSid: config.messaging_service_sid,
  validityPeriod: config.validity_period,
  smartEncoded: config.smart_encoded,
})
