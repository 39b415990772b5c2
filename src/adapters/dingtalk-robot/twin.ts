/** A group with a custom robot, played locally. */
import { z } from 'zod'
import { type AlertTwin, createChat } from '../../core/alert/chat.ts'
import type { Clock } from '../../core/clock.ts'
import { jsonOf } from '../../core/exact-json.ts'
import { defineTwin, type TwinReply, type TwinRequest } from '../../core/twin.ts'
import { sign } from './signature.ts'

const Options = z.object({
  per_minute: z.coerce.number().int().min(0).default(0).meta({
    description: 'Messages allowed in any minute, 20 at the vendor; 0 for no limit',
  }),
  signed: z.stringbool().or(z.boolean()).default(true).meta({
    description: 'Ask for a signature',
  }),
  keyword: z.string().default('').meta({
    description: 'A word that every message must hold; empty for none',
  }),
})
type Options = z.output<typeof Options>

const token = '5f0c'.repeat(16)
const secret = `SEC${'7a1d'.repeat(16)}`
const path = '/robot/send'

export const dingtalkRobotTwin = defineTwin({
  options: Options,
  config: (url, { signed, keyword }) => ({
    webhook: `${url}${path}?access_token=${token}`,
    ...(signed && { secret }),
    ...(keyword !== '' && { keyword }),
  }),
  create: createTwin,
})

const Posted = z.object({
  text: z.object({ content: z.string().min(1) }),
  at: z
    .object({
      atMobiles: z.array(z.string()).optional(),
      atUserIds: z.array(z.string()).optional(),
      isAtAll: z.boolean().optional(),
    })
    .optional(),
})

const longestMessage = 20_000
const signatureGoodMs = 3_600_000

const refusals = {
  bad_token: [300001, 'token is not exist'],
  bad_time: [310000, 'invalid timestamp'],
  bad_signature: [310000, 'sign not match'],
  no_keyword: [310000, 'keywords not in content'],
  bad_message: [400101, 'message is not supported'],
  too_long: [460101, 'message too long, exceed 20000 bytes'],
  rate_limited: [410100, '发送速度太快而限流'],
} as const
type Refusal = keyof typeof refusals

const refusal = (why: Refusal): TwinReply => {
  const [errcode, errmsg] = refusals[why]
  return { json: { errcode, errmsg } }
}

function createTwin({ per_minute, signed, keyword }: Options, clock: Clock): AlertTwin {
  const chat = createChat(per_minute, clock)
  const refused = new Map<Refusal, number>()
  const counted = { posted: 0, mentions: 0 }

  function refuse(why: Refusal): TwinReply {
    refused.set(why, (refused.get(why) ?? 0) + 1)
    return refusal(why)
  }

  function faultOfSignature({ query }: TwinRequest): Refusal | undefined {
    const timestamp = query.get('timestamp') ?? ''
    if (!/^\d{13}$/.test(timestamp)) return 'bad_time'
    if (Math.abs(clock.now().getTime() - Number(timestamp)) > signatureGoodMs) return 'bad_time'
    return query.get('sign') === sign(timestamp, secret) ? undefined : 'bad_signature'
  }

  function receive({ body }: TwinRequest): TwinReply {
    const message = Posted.extend({ msgtype: z.literal('text') }).safeParse(jsonOf(body))
    if (!message.success) return refuse('bad_message')
    if (body.byteLength > longestMessage) return refuse('too_long')
    const { text, at } = message.data
    if (!text.content.includes(keyword)) return refuse('no_keyword')
    if (!chat.mayPass()) return refuse('rate_limited')
    counted.posted++
    const shown = [...(at?.atMobiles ?? []), ...(at?.atUserIds ?? [])]
    counted.mentions += shown.filter((each) => text.content.includes(`@${each}`)).length
    counted.mentions += at?.isAtAll ? 1 : 0
    chat.post(text.content)
    return { json: { errcode: 0, errmsg: 'ok' } }
  }

  return {
    handle(request) {
      if (request.path !== path || request.method !== 'POST')
        return { status: 404, text: 'not found' }
      if (request.query.get('access_token') !== token) return refuse('bad_token')
      const fault = signed ? faultOfSignature(request) : undefined
      return fault ? refuse(fault) : receive(request)
    },
    vendorFault: (fault) => refusal(fault === 'business-error' ? 'too_long' : 'bad_token'),
    rateLimited: () => refusal('rate_limited'),
    posted: chat.posted,
    stats: () => ({ ...counted, ...zeros, ...Object.fromEntries(refused) }),
  }
}

const zeros = Object.fromEntries(Object.keys(refusals).map((why) => [why, 0]))
