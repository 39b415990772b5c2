import type { Clock } from '../core/clock.ts'
import { toInstant } from '../core/clock.ts'
import type { Call } from './call.ts'

/** Something that happened to a call beside its requests; kept with it in the log, in order. */
export type Step = {
  /** ISO 8601, UTC. */
  at: string
  what:
    | 'retry' // the same service is asked again, after a wait
    | 'failover' // the next service is asked
    | 'skipped' // a service of the route could not be asked at all
    | 'breaker' // the breaker decided: refused, lets a probe through, opened, closed
    | 'limit' // our own limit or the vendor's pause stood in the way
    | 'renewed' // a refused token was dropped
    | 'settled' // the vendor was asked what became of it
    | 'queued' // it went into the outbox
    | 'cached' // an answer of the cache was served
  service: string | null
  /** In a few words; redacted before it is kept. */
  text: string
  /** What it waited, where it did. */
  ms?: number
  /** How many requests the call had made by then: where it stands among them. */
  requests: number
}

/** A call that loops must not fill the log. */
const maxSteps = 50

/** `service` when it is another than the one whose turn it is. */
export function note(
  call: Call,
  clock: Clock,
  what: Step['what'],
  text: string,
  ms?: number,
  service = call.service?.name ?? null,
): void {
  if (call.steps.length >= maxSteps) return
  const waited = ms === undefined ? undefined : Math.round(ms)
  const requests = call.exchanges
  const step = { at: toInstant(clock.now()), what, service, text, ms: waited, requests }
  call.steps.push(step)
  call.onStep?.(step)
}
