/** Alerts through a Telegram bot. API: https://core.telegram.org/bots/api */
import { defineAdapter } from '../../core/adapter.ts'
import { inUnits } from '../../core/alert/cut.ts'
import { html, plainText, wordsOf } from '../../core/alert/words.ts'
import { IntegrationError } from '../../core/errors.ts'
import { alert } from '../../core/kinds/alert.ts'
import { getChat, getMe, sendMessage } from './api.ts'
import { TelegramConfig } from './config.ts'
import { isMarkupFault, readFailure } from './failures.ts'
import { telegramTwin } from './twin.ts'

/** After entities were parsed; https://core.telegram.org/bots/api#sendmessage */
const room = { max: 4096, sizeOf: inUnits }

export const telegramBot = defineAdapter({
  id: 'telegram-bot',
  kind: alert,
  title: 'Telegram bot',
  docs: 'https://core.telegram.org/bots/api',
  config: TelegramConfig,
  // To one chat 1 a second; 20 a minute to a group, which the vendor's 429 enforces.
  limits: { timeoutMs: 10_000, perSecond: 1, concurrent: 2 },
  http: {
    baseUrl: (config) => config.base_url,
    secretParts: ({ token }) => token.reveal().split(':').slice(1),
    readFailure,
  },
  operations: {
    notify: {
      repeat: 'safe', // there is no idempotency key, and an alert told twice is better than one not told
      async run({ http, config }, asked) {
        const words = wordsOf(asked, room)
        const isSilent = config.silent_info && asked.level === 'info'
        const marked = { text: html(words, escapeHtml), parse_mode: 'HTML' } as const
        const plain = { text: plainText(words) }
        const messageId = await sendMessage(http, config, marked, isSilent).catch((error) => {
          if (!(error instanceof IntegrationError) || !isMarkupFault(error)) throw error
          return sendMessage(http, config, plain, isSilent)
        })
        return { status: 'delivered', partial: false, messageId, cut: words.cut }
      },
    },
  },
  async check({ http, config }) {
    const { username } = await getMe(http, config)
    const { type, title } = await getChat(http, config)
    return `@${username} sees the ${type}${title === undefined ? '' : ` "${title}"`}`
  },
  twin: telegramTwin,
})

/** The three that HTML mode asks for; https://core.telegram.org/bots/api#html-style */
const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
