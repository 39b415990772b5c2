/** What the answers of the Bot API mean; what is not JSON of theirs is classified by the http layer. */
import { changed, type IntegrationError } from '../../core/errors.ts'
import { parseExact } from '../../core/exact-json.ts'
import { failureOf, type Meaning } from '../../core/failure-table.ts'
import type { HttpReply } from '../../core/http.ts'
import { Refusal } from './schema.ts'

const token = 'Check token: the bot was deleted, or the token was replaced at @BotFather.'

/** First match wins. https://core.telegram.org/api/errors */
const meanings: Meaning[] = [
  { codes: [401, 404], kind: 'auth', says: 'the bot token was not accepted', hint: token },
  {
    codes: [403],
    kind: 'rejected',
    says: 'the chat does not take messages of this bot',
    hint: 'The bot was blocked or removed there. Add it again, or correct chat_id.',
  },
  {
    codes: [400],
    pattern: /upgraded to a supergroup/i,
    kind: 'config',
    failover: false,
    says: 'the chat has a new id',
  },
  {
    codes: [400],
    pattern: /chat not found/i,
    kind: 'rejected',
    says: 'the bot sees no such chat',
    hint: 'Check chat_id, and that somebody has added the bot there or begun a chat with it.',
  },
  { codes: [429], kind: 'rate_limited', says: 'too many messages' },
  { prefix: '5', kind: 'unavailable', outcome: 'unknown', says: 'Telegram had a failure' },
]

export function readFailure(reply: HttpReply): IntegrationError | undefined {
  const refusal = Refusal.safeParse(parseExact(reply.text))
  if (!refusal.success) return undefined
  const { error_code: code = reply.status, description: message, parameters } = refusal.data
  const { retry_after: seconds, migrate_to_chat_id: newChat } = parameters ?? {}
  const failure = failureOf(meanings, {
    code,
    message,
    status: reply.status,
    retryAfterMs: seconds === undefined ? undefined : seconds * 1000,
  })
  if (newChat === undefined) return failure
  return changed(failure, { hint: `Set chat_id to "${newChat}": the group became a supergroup.` })
}

/** Whether the text was refused for its markup. */
export const isMarkupFault = ({ kind, message }: IntegrationError): boolean =>
  kind === 'rejected' && /can't parse entities/i.test(message)
