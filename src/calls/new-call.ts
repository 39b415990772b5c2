import type { Clock } from '../core/clock.ts'
import { newId } from '../core/ids.ts'
import type { CallOptions } from '../core/kind.ts'
import type { Call, Route, Service } from './call.ts'

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
  entry?: { id: string; exchanges: number }
}

type NewCall = CallOptions & Origin & Pick<Call, 'effect'>

export function newCall(route: Route, operation: string, clock: Clock, options: NewCall): Call {
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
    isFromOutbox: options.entry !== undefined,
    signal: neverAborted,
    startedAt: clock.now(),
    attempts: 0,
    exchanges: options.entry?.exchanges ?? 0,
    waitedMs: 0,
    endsAtMs: Infinity,
    steps: [],
    asked: [],
    repeat: 'once', // the strictest, until a service says what it promises
    hasNext: false,
    isInDoubt: false,
    renewal: 'none',
  }
}

/** Stands in until the deadline of the call begins. */
const neverAborted = new AbortController().signal
