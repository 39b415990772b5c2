import type { Clock } from '../core/clock.ts'
import { type FailureKind, IntegrationError, messageOf } from '../core/errors.ts'
import type { OperationShape } from '../core/kind.ts'
import { getCached, putCached } from '../store/cached-answers.ts'
import type { Db } from '../store/schema.ts'
import type { Ask, Call, Reply } from './call.ts'
import { hashInput } from './input-hash.ts'
import { note } from './steps.ts'
import { storedOutput } from './stored-failure.ts'

export type CacheOptions = { db: Db; clock: Clock; onTrouble(error: unknown): void }

/** Serves reads from the cache where the route wants it: while they are young, or when no service can be asked. */
export function caching(options: CacheOptions, next: Ask): Ask {
  return (call) => (isCached(call) ? serve(options, call, next) : next(call))
}

const isCached = ({ effect, sink, isFromOutbox, route }: Call): boolean =>
  effect === 'read' &&
  !sink &&
  !isFromOutbox &&
  (route.cacheForMs > 0 || route.whenUnavailable === 'cached')

async function serve(options: CacheOptions, call: Call, next: Ask): Promise<Reply> {
  const { clock } = options
  const { cacheForMs, staleForMs, whenUnavailable } = call.route
  const key = keyOf(call)
  const young = cacheForMs > 0 ? await find(options, call, key, cacheForMs) : undefined
  if (young) {
    note(call, clock, 'cached', `an answer of ${young.service} that is still young`)
    return young
  }
  try {
    const reply = await next(call)
    if (reply.outcome === 'done') await keep(options, call, key, reply)
    return reply
  } catch (error) {
    if (whenUnavailable !== 'cached' || !isDown(error)) throw error
    const last = await find(options, call, key, staleForMs)
    if (!last) throw error
    note(call, clock, 'cached', `the last answer of ${last.service} stands in: ${messageOf(error)}`)
    return { ...last, isStale: true }
  }
}

const down: readonly FailureKind[] = ['unavailable', 'timeout', 'rate_limited', 'bad_response']

const isDown = (error: unknown): boolean =>
  error instanceof IntegrationError && down.includes(error.kind)

/** Whoever serves the kind gives the same answer, so the service is no part of it. */
const keyOf = ({ route: { kind }, operation, input }: Call): string =>
  `${kind.id}.${operation}/${kind.operations[operation]?.cacheVersion ?? 1}/${hashInput(input)}`

/** What another process's clock may be ahead; an answer from further in the future has an age that nobody knows. */
const toleranceMs = 5000

/** A row that cannot be read, or says what the kind no longer means, is as good as none. */
async function find(
  { db, clock, onTrouble }: CacheOptions,
  call: Call,
  key: string,
  forMs: number,
): Promise<Reply | undefined> {
  try {
    const row = await getCached(db, key)
    if (!row || (call.named !== undefined && row.service !== call.named)) return undefined
    const ageMs = clock.now().getTime() - Date.parse(row.storedAt)
    if (!(ageMs >= -toleranceMs && ageMs < forMs)) return undefined
    const shape = call.route.kind.operations[call.operation] as OperationShape
    const checked = shape.output.safeParse(JSON.parse(row.output))
    if (!checked.success) return undefined
    const { service } = row
    return {
      outcome: 'done',
      output: checked.data,
      service,
      ageMs: Math.max(0, ageMs),
      isStale: false,
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) onTrouble(error)
    return undefined
  }
}

async function keep(
  { db, clock, onTrouble }: CacheOptions,
  call: Call,
  key: string,
  reply: Reply,
): Promise<void> {
  const output = storedOutput(call, reply.output)
  if (output === null || reply.service === null) return
  const storedAt = clock.now().toISOString()
  await putCached(db, key, { service: reply.service, output, storedAt }).catch(onTrouble)
}
