import { z } from 'zod'
import { TextOrNumber as Id } from '../../core/vendor-values.ts'

/** https://core.telegram.org/bots/api#message */
export const Sent = z.object({
  ok: z.literal(true),
  result: z.object({ message_id: Id, chat: z.object({ id: Id }) }),
})

/** https://core.telegram.org/bots/api#making-requests */
export const Refusal = z.object({
  ok: z.literal(false),
  error_code: z.union([z.number(), z.string()]).optional(),
  description: z.string().optional(),
  parameters: z
    .object({ retry_after: z.number().optional(), migrate_to_chat_id: Id.optional() })
    .optional(),
})

/** https://core.telegram.org/bots/api#getme */
export const Me = z.object({ ok: z.literal(true), result: z.object({ username: z.string() }) })

/** https://core.telegram.org/bots/api#getchat */
export const Chat = z.object({
  ok: z.literal(true),
  result: z.object({ id: Id, type: z.string(), title: z.string().optional() }),
})
