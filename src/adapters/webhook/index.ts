/** Alerts to a program of your own, as signed JSON. https://www.standardwebhooks.com */
import { defineAdapter } from '../../core/adapter.ts'
import { alert } from '../../core/kinds/alert.ts'
import { plainKey } from '../../core/plain-key.ts'
import { askOptions, idHeader, post } from './api.ts'
import { checkConfig, isPublicOnly, warnConfig, WebhookConfig } from './config.ts'
import { readFailure } from './failures.ts'
import { sign } from './signature.ts'
import { webhookTwin } from './twin.ts'

export const webhook = defineAdapter({
  id: 'webhook',
  kind: alert,
  title: 'Webhook',
  docs: 'https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md',
  config: WebhookConfig,
  checkConfig,
  warnConfig,
  limits: { timeoutMs: 10_000, concurrent: 4 },
  http: {
    baseUrl: ({ url }) => new URL(url).origin,
    publicOnly: isPublicOnly,
    // Runs before every attempt: the id stays the same, the time is that of the attempt.
    authorize(request, { config, clock }) {
      const { body, headers } = request
      const signed = { body, id: headers[idHeader] ?? '', sentAt: clock.now() }
      Object.assign(headers, sign(config.scheme, config.secret.reveal(), signed))
    },
    readFailure,
  },
  operations: {
    notify: {
      // The receiver drops what bears a webhook-id it has seen, so a repetition tells nothing twice. When it is silent,
      // the next channel is asked too: an alert told twice is better than one that is not told at all.
      repeat: 'safe',
      async run({ http, config, clock, idempotencyKey }, { title, text, level }) {
        const messageId = plainKey(idempotencyKey)
        const timestamp = clock.now().toISOString()
        await post(http, config, messageId, {
          type: 'alert',
          timestamp,
          data: { title, text, level },
        })
        // Taken by a program; whether a person has seen it, nobody says.
        return { status: 'accepted', partial: false, messageId, cut: false }
      },
    },
  },
  async check({ http, config, idempotencyKey }) {
    if (config.ping) {
      await post(http, config, plainKey(idempotencyKey), { type: 'ping' })
      return 'the signature is accepted'
    }
    await askOptions(http, config)
    return 'the address answers; the secret was not tried, for "ping" is off'
  },
  twin: webhookTwin,
})
