import { z } from 'zod'
import { bareText, secretOf } from '../../core/secret-form.ts'
import { serviceUrl } from '../../core/service-url.ts'

export const TelegramConfig = z.object({
  base_url: serviceUrl().default('https://api.telegram.org').meta({
    description: 'Address of the Bot API, or of a server of your own',
  }),
  token: secretOf('Token of the bot from @BotFather', {
    fits: (value) => /^\d+:[\w-]{35}$/.test(value),
    says: 'must be digits, a colon and 35 characters, without "bot" before it',
  }),
  chat_id: bareText({ error: 'must be text: put the id in quotes' })
    .regex(/^(-?\d{1,19}|@\w{4,32})$/, 'must be the id of a chat, or @ and the name of a channel')
    .meta({
      description: 'Where alerts go; groups have ids below zero',
      example: '-1001234567890',
    }),
  thread_id: z.int().min(1).optional().meta({ description: 'Topic of a group with topics' }),
  silent_info: z
    .boolean()
    .default(true)
    .meta({ description: 'Alerts of level "info" make no sound' }),
})
export type TelegramConfig = z.output<typeof TelegramConfig>
