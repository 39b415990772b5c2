import type { Clock } from '../core/clock.ts'
import { CaravanError } from '../core/errors.ts'
import { newId } from '../core/ids.ts'
import type { CallOptions } from '../core/kind.ts'
import type { Call, Route, Service, ServiceCall } from './call.ts'

/** A route that leads to one service, and nowhere else. */
export const routeTo = (service: Service): Route => ({
  kind: service.adapter.kind,
  candidates: [{ name: service.name, priority: 1, weight: 1, open: async () => service }],
  whenUnavailable: 'fail',
  deadlineMs: service.guards.deadlineMs,
  queueForMs: 0,
  cacheForMs: 0,
  staleForMs: 0,
})

/** Where a call comes from. */
export type Origin = {
  runId?: string
  correlationId?: string
  /** The row of the outbox that this call is; it keeps its id, and its requests are counted on. */
  entry?: { id: string; exchanges: number; announce?(call: ServiceCall): Promise<void> }
  /** The service that was asked for by name. */
  service?: string
  /** Made only to see whether it works. */
  isTrial?: boolean
  /** Told of what happens to the call while it goes on; must not throw. */
  onStep?: Call['onStep']
}

type NewCall = CallOptions & Origin & Pick<Call, 'effect'>

/** Throws `usage` for a key of nothing. */
export function newCall(route: Route, operation: string, clock: Clock, options: NewCall): Call {
  if (options.idempotencyKey?.trim() === '') throw emptyKey()
  const id = options.entry?.id ?? newId()
  return {
    id,
    route,
    operation,
    input: {},
    effect: options.effect,
    idempotencyKey: options.idempotencyKey ?? id,
    correlationId: options.correlationId ?? options.runId ?? id,
    runId: options.runId,
    isTrial: options.isTrial ?? false,
    isFromOutbox: options.entry !== undefined,
    named: options.service,
    announce: options.entry?.announce,
    signal: neverAborted,
    startedAt: clock.now(),
    attempts: 0,
    exchanges: options.entry?.exchanges ?? 0,
    waitedMs: 0,
    endsAtMs: Infinity,
    steps: [],
    onStep: options.onStep,
    asked: [],
    repeat: 'once', // the strictest, until a service says what it promises
    hasNext: false,
    isInDoubt: false,
    isHarmlesslyInDoubt: false,
    renewal: 'none',
  }
}

/** As of a variable that is not set: all such calls would be taken for one, and only the first be made. */
const emptyKey = (): CaravanError =>
  new CaravanError({
    code: 'usage',
    message: 'the idempotency key is empty',
    hint: 'Nothing was sent. Leave it out, or give each call its own, such as the number of an order.',
  })

/** Stands in until the deadline of the call begins. */
const neverAborted = new AbortController().signal
