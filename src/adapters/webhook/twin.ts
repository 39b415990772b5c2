/** A receiver of signed webhooks that shows people what it is sent, each id once. */
import { z } from 'zod'
import { type AlertTwin, createChat } from '../../core/alert/chat.ts'
import type { Clock } from '../../core/clock.ts'
import { jsonOf } from '../../core/exact-json.ts'
import { AlertLevel } from '../../core/kinds/alert.ts'
import { defineTwin, type TwinReply, type TwinRequest } from '../../core/twin.ts'
import { schemes, verify } from './signature.ts'

const Options = z.object({
  scheme: z.enum(schemes).default('standard-webhooks').meta({ description: 'How it is signed' }),
  per_minute: z.coerce.number().int().min(0).default(0).meta({
    description: 'Alerts taken in any minute; 0 for no limit',
  }),
})

const path = '/hook'
const secret = `whsec_${Buffer.from('the-webhook-twin-key-of-32-bytes').toString('base64')}`

export const webhookTwin = defineTwin({
  options: Options,
  config: (url, { scheme }) => ({ url: `${url}${path}`, secret, scheme, ping: true }),
  create: createTwin,
})

const Event = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ping') }),
  z.object({
    type: z.literal('alert'),
    timestamp: z.iso.datetime(),
    data: z.object({ title: z.string(), text: z.string(), level: AlertLevel }),
  }),
])

function createTwin({ scheme, per_minute }: z.output<typeof Options>, clock: Clock): AlertTwin {
  const people = createChat(per_minute, clock)
  const seen = new Set<string>()
  const counts = { alerts: 0, repeats: 0, pings: 0, refused: 0 }

  function refuse(status: number, text: string): TwinReply {
    counts.refused++
    return { status, text }
  }
  const tooMany = (seconds: number): TwinReply => ({
    ...refuse(429, 'slow down'),
    headers: { 'retry-after': String(seconds) },
  })

  function take(request: TwinRequest): TwinReply {
    if (!verify(scheme, secret, request, clock.now())) return refuse(401, 'wrong signature')
    const event = Event.safeParse(jsonOf(request.body))
    if (!event.success) return refuse(400, 'not an event')
    if (event.data.type === 'ping') {
      counts.pings++
      return { text: 'ok' }
    }
    const id = request.headers['webhook-id'] ?? ''
    if (seen.has(id)) {
      counts.repeats++
      return { text: 'ok' }
    }
    if (!people.mayPass()) return tooMany(30)
    const { title, text, level } = event.data.data
    counts.alerts++
    seen.add(id)
    people.post(`[${level}] ${title}\n${text}`)
    return { text: 'ok' }
  }

  return {
    handle(request) {
      if (request.path !== path) return refuse(404, 'nothing here')
      if (request.method === 'OPTIONS') return { text: '', headers: { allow: 'POST' } }
      return request.method === 'POST' ? take(request) : refuse(405, 'POST only')
    },
    vendorFault: (fault) =>
      fault === 'expired-token' ? refuse(401, 'wrong signature') : refuse(422, 'not now'),
    rateLimited: tooMany,
    stats: () => ({ ...counts }),
    posted: people.posted,
  }
}
