import { IntegrationError } from '../../core/errors.ts'
import { parseExact } from '../../core/exact-json.ts'
import type { Http } from '../../core/http.ts'
import type { TelegramConfig } from './config.ts'
import { Chat, Me, Sent } from './schema.ts'

export type Text = { text: string; parse_mode?: 'HTML' }

/** Returns `chat:message`. https://core.telegram.org/bots/api#sendmessage */
export async function sendMessage(
  http: Http,
  config: TelegramConfig,
  text: Text,
  isSilent: boolean,
): Promise<string> {
  const { result } = Sent.parse(
    await ask(http, config, 'sendMessage', {
      chat_id: config.chat_id,
      message_thread_id: config.thread_id,
      ...text,
      disable_notification: isSilent || undefined,
      link_preview_options: { is_disabled: true },
    }),
  )
  return `${result.chat.id}:${result.message_id}`
}

/** https://core.telegram.org/bots/api#getme */
export const getMe = async (http: Http, config: TelegramConfig) =>
  Me.parse(await ask(http, config, 'getMe')).result

/** https://core.telegram.org/bots/api#getchat */
export const getChat = async (http: Http, config: TelegramConfig) =>
  Chat.parse(await ask(http, config, 'getChat', { chat_id: config.chat_id })).result

/** Ids may be larger than a number holds, so the answer is read from its text. */
async function ask(
  http: Http,
  { token }: TelegramConfig,
  method: string,
  json: object = {},
): Promise<unknown> {
  const url = `/bot${token.reveal()}/${method}`
  const { text, status } = await http.send({ method: 'POST', url, json })
  const answer = parseExact(text)
  if (answer !== undefined) return answer
  throw new IntegrationError({
    kind: 'bad_response',
    status,
    message: 'the answer is not JSON',
    hint: 'Another program may be answering at base_url: a proxy, a login page, a maintenance page.',
  })
}
