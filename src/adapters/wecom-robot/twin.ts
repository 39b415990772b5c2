/** A group with a robot, played locally. */
import { z } from 'zod'
import { type AlertTwin, createChat } from '../../core/alert/chat.ts'
import type { Clock } from '../../core/clock.ts'
import { jsonOf } from '../../core/exact-json.ts'
import { defineTwin, type TwinReply, type TwinRequest } from '../../core/twin.ts'

const Options = z.object({
  per_minute: z.coerce.number().int().min(0).default(0).meta({
    description: 'Messages allowed in any minute, 20 at the vendor; 0 for no limit',
  }),
})

const key = '693a91f6-7abc-4bc4-97a0-0ec2af1a5aaa'
const path = '/cgi-bin/webhook/send'

export const wecomRobotTwin = defineTwin({
  options: Options,
  config: (url) => ({ webhook: `${url}${path}?key=${key}` }),
  create: createTwin,
})

const Posted = z.object({
  text: z.object({
    content: z.string(),
    mentioned_list: z.array(z.string()).optional(),
    mentioned_mobile_list: z.array(z.string()).optional(),
  }),
})

/** What the vendor knows; the twin reads text alone. */
const types = ['text', 'markdown', 'markdown_v2', 'image', 'news', 'file', 'voice', 'template_card']
const longestText = 2048

function createTwin({ per_minute }: z.output<typeof Options>, clock: Clock): AlertTwin {
  const chat = createChat(per_minute, clock)
  const counted = { posted: 0, mentions: 0, bad_key: 0, rate_limited: 0, refused: 0 }

  function refuse(
    why: 'bad_key' | 'rate_limited' | 'refused',
    code: number,
    says: string,
  ): TwinReply {
    counted[why]++
    return failure(code, says)
  }

  function receive({ body }: TwinRequest): TwinReply {
    const message = jsonOf(body) as { msgtype?: unknown } | undefined
    if (!message) return refuse('refused', 47001, 'data format error')
    if (!types.includes(String(message.msgtype)))
      return refuse('refused', 40008, 'invalid message type')
    const read = Posted.safeParse(message)
    if (!read.success) return refuse('refused', 40058, 'invalid request parameter')
    const { content, mentioned_list = [], mentioned_mobile_list = [] } = read.data.text
    if (content === '') return refuse('refused', 44004, 'empty content')
    if (Buffer.byteLength(content) > longestText)
      return refuse('refused', 45002, 'content exceed max length')
    if (!chat.mayPass()) return refuse('rate_limited', 45009, 'api freq out of limit')
    counted.posted++
    counted.mentions += mentioned_list.length + mentioned_mobile_list.length
    chat.post(content)
    return { json: { errcode: 0, errmsg: 'ok' } }
  }

  return {
    handle(request) {
      if (request.path !== path || request.method !== 'POST')
        return { status: 404, text: 'not found' }
      if (request.query.get('key') !== key) return refuse('bad_key', 93000, 'invalid webhook url')
      return receive(request)
    },
    vendorFault: (fault) =>
      fault === 'business-error'
        ? failure(45002, 'content exceed max length')
        : failure(93000, 'invalid webhook url'),
    rateLimited: () => failure(45009, 'api freq out of limit'),
    posted: chat.posted,
    stats: () => ({ ...counted }),
  }
}

const failure = (errcode: number, errmsg: string): TwinReply => ({ json: { errcode, errmsg } })
