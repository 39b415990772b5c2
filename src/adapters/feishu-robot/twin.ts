/** A group with a custom robot, played locally. */
import { z } from 'zod'
import { type AlertTwin, createChat } from '../../core/alert/chat.ts'
import type { Clock } from '../../core/clock.ts'
import { jsonOf } from '../../core/exact-json.ts'
import { defineTwin, type TwinReply, type TwinRequest } from '../../core/twin.ts'
import { sign } from './signature.ts'

const Options = z.object({
  per_minute: z.coerce.number().int().min(0).default(0).meta({
    description: 'Messages allowed in any minute, 100 at the vendor; 0 for no limit',
  }),
  signed: z.stringbool().or(z.boolean()).default(true).meta({
    description: 'Ask for a signature',
  }),
  keyword: z.string().default('').meta({
    description: 'A word that every message must hold; empty for none',
  }),
})
type Options = z.output<typeof Options>

const hook = '3f6b1c52-9d0e-4a77-8c21-5e9a4b7d6f10'
const secret = 'h0Vq3sT8mK2xR7wY5nB1cA'
const path = `/open-apis/bot/v2/hook/${hook}`

export const feishuRobotTwin = defineTwin({
  options: Options,
  config: (url, { signed, keyword }) => ({
    webhook: `${url}${path}`,
    ...(signed && { secret }),
    ...(keyword !== '' && { keyword }),
  }),
  create: createTwin,
})

const Signed = z.object({ timestamp: z.string().regex(/^\d{10}$/), sign: z.string() })
const Posted = z.object({
  msg_type: z.literal('text'),
  content: z.object({ text: z.string().min(1) }),
})

const longestRequest = 20 * 1024
const signatureGoodMs = 3_600_000

const refusals = {
  bad_address: [19001, 'param invalid: incoming webhook access token invalid'],
  bad_signature: [19021, 'sign match fail or timestamp is not within one hour from current time'],
  no_keyword: [19024, 'Key Words Not Found'],
  bad_message: [9499, 'Bad Request'],
  too_long: [19036, 'request body too large'],
  rate_limited: [11232, 'frequency limited'],
} as const
type Refusal = keyof typeof refusals

const refusal = (why: Refusal): TwinReply => {
  const [code, msg] = refusals[why]
  return { json: { code, msg, data: {} } }
}

function createTwin({ per_minute, signed, keyword }: Options, clock: Clock): AlertTwin {
  const chat = createChat(per_minute, clock)
  const refused = new Map<Refusal, number>()
  const counted = { posted: 0, mentions: 0 }

  function refuse(why: Refusal): TwinReply {
    refused.set(why, (refused.get(why) ?? 0) + 1)
    return refusal(why)
  }

  function isSigned(message: unknown): boolean {
    const { success, data } = Signed.safeParse(message)
    if (!success) return false
    const offMs = Math.abs(clock.now().getTime() - Number(data.timestamp) * 1000)
    return offMs <= signatureGoodMs && data.sign === sign(data.timestamp, secret)
  }

  function receive({ body }: TwinRequest): TwinReply {
    if (body.byteLength > longestRequest) return refuse('too_long')
    const message = jsonOf(body)
    if (signed && !isSigned(message)) return refuse('bad_signature')
    const read = Posted.safeParse(message)
    if (!read.success) return refuse('bad_message')
    const { text } = read.data.content
    if (!text.includes(keyword)) return refuse('no_keyword')
    if (!chat.mayPass()) return refuse('rate_limited')
    counted.posted++
    counted.mentions += text.match(/<at user_id="[^"]+"><\/at>/g)?.length ?? 0
    chat.post(text)
    return { json: { StatusCode: 0, StatusMessage: 'success', code: 0, data: {}, msg: 'success' } }
  }

  return {
    handle(request) {
      if (request.method !== 'POST' || !request.path.startsWith('/open-apis/bot/v2/hook/'))
        return { status: 404, text: 'not found' }
      return request.path === path ? receive(request) : refuse('bad_address')
    },
    vendorFault: (fault) => refusal(fault === 'business-error' ? 'too_long' : 'bad_address'),
    rateLimited: () => refusal('rate_limited'),
    posted: chat.posted,
    stats: () => ({ ...counted, ...zeros, ...Object.fromEntries(refused) }),
  }
}

const zeros = Object.fromEntries(Object.keys(refusals).map((why) => [why, 0]))
