/** Alerts to a Slack channel. API: https://api.slack.com/messaging/webhooks */
import { defineAdapter } from '../../core/adapter.ts'
import type { SizeOf } from '../../core/alert/cut.ts'
import { plainText, wordsOf } from '../../core/alert/words.ts'
import { alert } from '../../core/kinds/alert.ts'
import { post, postNothing } from './api.ts'
import { baseUrlOf, secretParts, SlackConfig } from './config.ts'
import { isAboutMissingText, readFailure } from './failures.ts'
import { slackTwin } from './twin.ts'

export const slackWebhook = defineAdapter({
  id: 'slack-webhook',
  kind: alert,
  title: 'Slack webhook',
  docs: 'https://api.slack.com/messaging/webhooks',
  config: SlackConfig,
  limits: { timeoutMs: 10_000, perSecond: 1, concurrent: 2 },
  http: {
    baseUrl: baseUrlOf,
    secretParts,
    readFailure,
  },
  operations: {
    notify: {
      repeat: 'safe', // there is no idempotency key, and an alert told twice is better than one not told
      async run({ http, config }, asked) {
        const words = wordsOf(asked, room)
        await post(http, config, { text: escapeText(plainText(words)), mrkdwn: false })
        return { status: 'delivered', partial: false, cut: words.cut }
      },
    },
  },
  async check({ http, config }) {
    try {
      await postNothing(http, config)
    } catch (error) {
      if (!isAboutMissingText(error)) throw error
    }
    return 'the webhook is there'
  },
  twin: slackTwin,
})

/** The three characters Slack wants escaped; https://api.slack.com/reference/surfaces/formatting#escaping */
const escapeText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const escapedSize: SizeOf = (character) => escapeText(character).length

/** Longer texts are cut by Slack; https://api.slack.com/changelog/2018-04-truncating-really-long-messages */
const room = { max: 40_000, sizeOf: escapedSize }
