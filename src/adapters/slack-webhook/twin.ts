/** An incoming webhook of Slack, and the channel behind it. */
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

const path = '/services/T00000TWIN/B00000TWIN/twinTwinTwinTwinTwinTwin'

export const slackTwin = defineTwin({
  options: Options,
  config: (url) => ({ webhook: `${url}${path}` }),
  create: createTwin,
})

const Message = z.object({ text: z.string().min(1) })

function createTwin({ per_minute }: z.output<typeof Options>, clock: Clock): AlertTwin {
  const channel = createChat(per_minute, clock)
  const counts = { messages: 0, refused: 0 }

  function refuse(status: number, text: string): TwinReply {
    counts.refused++
    return { status, text }
  }
  const tooMany = (seconds: number): TwinReply => ({
    ...refuse(429, 'rate_limited'),
    headers: { 'retry-after': String(seconds) },
  })

  return {
    handle(request) {
      const fault = addressFault(request)
      if (fault) return refuse(...fault)
      const json = jsonOf(request.body)
      if (json === undefined) return refuse(400, 'invalid_payload')
      const message = Message.safeParse(json)
      if (!message.success) return refuse(400, 'no_text')
      if (/[<>]|&(?!(amp|lt|gt);)/.test(message.data.text)) return refuse(400, 'invalid_payload')
      if (!channel.mayPass()) return tooMany(30)
      counts.messages++
      channel.post(unescape(message.data.text))
      return { text: 'ok' }
    },
    vendorFault: (fault) =>
      fault === 'expired-token'
        ? refuse(403, 'invalid_token')
        : refuse(400, 'too_many_attachments'),
    rateLimited: tooMany,
    stats: () => ({ ...counts }),
    posted: channel.posted,
  }
}

/** The team is looked for first, then the token. */
function addressFault({ method, path: asked }: TwinRequest): [status: number, text: string] | null {
  if (method !== 'POST') return [405, 'method_not_allowed']
  if (asked === path) return null
  const isTeam = asked.startsWith(path.split('/').slice(0, 3).join('/'))
  return isTeam ? [403, 'invalid_token'] : [404, 'no_team']
}

const unescape = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
