/** The Bot API, played for one bot that sees one supergroup. */
import { z } from 'zod'
import { type AlertTwin, createChat } from '../../core/alert/chat.ts'
import type { Clock } from '../../core/clock.ts'
import { jsonOf } from '../../core/exact-json.ts'
import { defineTwin, type TwinReply, type TwinRequest } from '../../core/twin.ts'

const Options = z.object({
  per_minute: z.coerce.number().int().min(0).default(0).meta({
    description: 'Messages allowed in any minute; 0 for no limit',
  }),
})

const account = {
  token: '123456789:AAEtwin-twin-twin-twin-twin-twin-tw',
  chatId: '-1001234567890',
  username: 'caravan_twin_bot',
  title: 'Operations',
}

export const telegramTwin = defineTwin({
  options: Options,
  config: (url) => ({ base_url: url, token: account.token, chat_id: account.chatId }),
  create: createTwin,
})

const Message = z.object({
  chat_id: z.union([z.string(), z.number()]).transform(String),
  text: z.string(),
  parse_mode: z.literal('HTML').optional(),
})

function createTwin({ per_minute }: z.output<typeof Options>, clock: Clock): AlertTwin {
  const chat = createChat(per_minute, clock)
  const counts = { messages: 0, refused: 0 }

  function refuse(code: number, description: string, parameters?: object): TwinReply {
    counts.refused++
    return { status: code, json: { ok: false, error_code: code, description, parameters } }
  }
  const tooMany = (seconds: number): TwinReply =>
    refuse(429, `Too Many Requests: retry after ${seconds}`, { retry_after: seconds })

  function send(request: TwinRequest): TwinReply {
    const message = Message.safeParse(jsonOf(request.body))
    if (!message.success) return refuse(400, 'Bad Request: message text is empty')
    const { chat_id, text: raw, parse_mode } = message.data
    if (chat_id !== account.chatId) return refuse(400, 'Bad Request: chat not found')
    const text = parse_mode === 'HTML' ? textOfHtml(raw) : raw
    if (text === undefined) return refuse(400, "Bad Request: can't parse entities: broken markup")
    if (text.trim() === '') return refuse(400, 'Bad Request: message text is empty')
    if (text.length > 4096) return refuse(400, 'Bad Request: message is too long')
    if (!chat.mayPass()) return tooMany(30)
    chat.post(text)
    const result = { message_id: ++counts.messages, chat: chatInfo, date: 0, text }
    return { json: { ok: true, result } }
  }

  return {
    handle(request) {
      const [, bot, method = ''] = request.path.split('/')
      // A wrong token is a path that does not exist.
      if (bot !== `bot${account.token}`) return refuse(404, 'Not Found')
      switch (method) {
        case 'sendMessage':
          return send(request)
        case 'getMe':
          return { json: { ok: true, result: { id: 1, username: account.username } } }
        case 'getChat':
          return { json: { ok: true, result: chatInfo } }
        default:
          return refuse(404, 'Not Found')
      }
    },
    vendorFault: (fault) =>
      fault === 'expired-token'
        ? refuse(401, 'Unauthorized')
        : refuse(403, 'Forbidden: bot was kicked from the supergroup chat'),
    rateLimited: tooMany,
    stats: () => ({ ...counts }),
    posted: chat.posted,
  }
}

const chatInfo = { id: Number(account.chatId), type: 'supergroup', title: account.title }

/** What is left when the entities are parsed; undefined when they cannot be: a tag it does not know, a bare `&`. */
function textOfHtml(raw: string): string | undefined {
  const bare = raw.replace(/<(b|i|u|s|code|pre)>([^<>]*)<\/\1>/g, '$2')
  if (/[<>]/.test(bare) || /&(?!(amp|lt|gt|quot);)/.test(bare)) return undefined
  return bare.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
}
