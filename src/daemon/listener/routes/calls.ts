import { z } from 'zod'
import { parseDuration } from '../../../config/durations.ts'
import { CaravanError } from '../../../core/errors.ts'
import { requireAgreement } from '../agreement.ts'
import { statusOfExit } from '../faults.ts'
import { type ApiRoute, type Asking, defineRoute } from '../route.ts'
import { durationText, limit } from './fields.ts'

const outcomes = ['done', 'partial', 'failed', 'unknown', 'accepted'] as const
const longestWaitMs = 60_000
/** Calls that one request for a text reads; the next page goes on behind them. */
const searched = 50_000

const CallBody = z.strictObject({
  operation: z.string().min(1).max(200).describe('With its kind, such as sms.send'),
  input: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('As the operation takes it: see "caravan kinds"'),
  service: z
    .string()
    .max(64)
    .optional()
    .describe('This one alone; left out: whichever service of the kind can'),
  queue: z.boolean().default(false).describe('Accept it for later, and send nothing now'),
  idempotency_key: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('The same call again with the same key is not made twice'),
  confirm: z
    .string()
    .max(64)
    .optional()
    .describe('Of what moves money: the very amount, such as 1299.00; nothing is sent without it'),
})

const LogQuery = z.strictObject({
  service: z.string().optional(),
  operation: z.string().optional().describe('Such as sms.send'),
  outcome: z.enum(outcomes).optional(),
  since: z.string().optional().describe('2h, 3d or 2026-11-21T08:00:00Z'),
  until: z.string().optional(),
  run: z.string().optional().describe('Id of a run'),
  correlation: z.string().max(200).optional().describe('Correlation id, whole'),
  text: z.string().min(1).max(200).optional().describe('In request, response or error'),
  limit: limit(50),
  cursor: z.string().max(100).optional().describe('From the Link header of the page before'),
})

export const callRoutes: ApiRoute[] = [
  defineRoute({
    method: 'GET',
    path: '/integrations/logs',
    scope: 'read',
    summary: 'The calls that were made, the newest first',
    notes:
      'Where there are more, the header `Link` has the address of the next page, with `rel="next"`; in a search for a text ' +
      'this one may be empty all the same.',
    answer: 'logs list',
    query: LogQuery,
    async run({ app }, { query: { cursor, ...query } }) {
      const { listRecentCalls } = await import('../../../app/logs.ts')
      await app.flushLog()
      const { calls, next } = await listRecentCalls(app, {
        ...query,
        searched,
        before: readCursor(cursor),
      })
      if (!next) return { data: { calls } }
      const given = Object.entries({ ...query, cursor: `${next.started_at}_${next.id}` })
      const words = new URLSearchParams(
        given
          .filter(([, value]) => value !== undefined)
          .map(([key, value]): [string, string] => [key, String(value)]),
      )
      return {
        data: { calls },
        headers: { link: `</integrations/logs?${words.toString()}>; rel="next"` },
      }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/integrations/logs/{id}',
    scope: 'read',
    summary: 'One call: its requests, waits and decisions',
    answer: 'logs show',
    async run({ app }, { path }) {
      const { showCall } = await import('../../../app/logs.ts')
      await app.flushLog()
      return { data: await showCall(app, path.id ?? '') }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/calls',
    scope: 'call',
    summary: 'Ask a service to do something, and wait for its answer',
    notes:
      'The scope is the consent that a person gives with --yes; what moves money needs the amount in `confirm` besides. ' +
      'The key may also come as the header `Idempotency-Key`.',
    answer: 'call',
    statuses: {
      200: 'Done, or done in part: see `outcome`',
      202: 'Accepted for later, or nobody knows whether it was done: ask for /calls/{id}',
      422: 'The vendor refused it',
      502: 'The vendor refused our credentials',
      503: 'The vendor could not be reached, or no service can take it now',
    },
    body: CallBody,
    async run(asking, { body: { operation, input, confirm, ...body } }) {
      const { makeCall, prepareInput } = await import('../../../app/call.ts')
      const call = prepareInput(operation, input)
      await requireAgreement(call, confirm)
      const { service, queue } = body
      const idempotencyKey = keyOf(asking, body.idempotency_key)
      const { correlation: correlationId } = asking
      const wish = { service, queue, idempotencyKey, correlationId }
      const { answer, exit } = await makeCall(asking.app, call, wish)
      const status = statusOfExit[exit]
      return { status, data: answer, headers: { location: `/calls/${answer.id}` } }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/calls/{id}',
    scope: 'read',
    summary: 'What became of a call',
    notes:
      'That it was found is 200, whatever became of it: `status` says pending, done, failed or unknown.',
    answer: 'call result',
    query: z.strictObject({
      wait: durationText
        .refine((text) => (parseDuration(text) ?? 0) <= longestWaitMs, 'must be 60s at most')
        .optional()
        .describe('How long to wait for its end, 60s at most; left out: not at all'),
    }),
    async run({ app }, { path, query: { wait = '' } }) {
      const waitMs = parseDuration(wait) ?? 0
      const { resultOf } = await import('../../../app/call-result.ts')
      await app.flushLog()
      return { data: await resultOf(app, path.id ?? '', { waitMs }) }
    },
  }),
]

function keyOf({ headers }: Asking, given: string | undefined): string | undefined {
  const header = headers['idempotency-key']
  if (header === undefined || header === given) return given
  if (given === undefined && typeof header === 'string' && /^.{1,200}$/.test(header)) return header
  throw new CaravanError({
    code: 'usage',
    message:
      'the header Idempotency-Key says something else than "idempotency_key", or is too long',
    hint: 'Give the key in one place, with at most 200 characters.',
  })
}

function readCursor(cursor: string | undefined) {
  if (cursor === undefined) return undefined
  const [, started_at, id] = /^([\d:.TZ-]{20,30})_([0-9A-Z]{1,40})$/.exec(cursor) ?? []
  if (started_at !== undefined && id !== undefined) return { started_at, id }
  throw new CaravanError({
    code: 'usage',
    message: 'this is no cursor that a page before has named',
    hint: 'Take the whole address from the Link header.',
  })
}
