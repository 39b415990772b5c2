/** A call as it is written down in the outbox. */
import type { Clock } from '../core/clock.ts'
import { CaravanError } from '../core/errors.ts'
import type { Call, Reply } from './call.ts'
import { dayMs } from './queueable.ts'

/** How often a call with the same key may come in between: only when others use it at the same moment. */
export const rounds = 3

export const accepted: Reply = {
  outcome: 'accepted',
  output: null,
  service: null,
  ageMs: null,
  isStale: false,
}

/** What a row has while it waits. `delayMs`: until it is tried first; it is given up after `deadlineMs`. */
export function waitingOf(
  call: Call,
  clock: Clock,
  { delayMs, deadlineMs }: { delayMs: number; deadlineMs?: number | undefined },
) {
  const shape = call.route.kind.operations[call.operation]
  const nowMs = clock.now().getTime()
  const endsAtMs = nowMs + (deadlineMs ?? (call.route.queueForMs || dayMs))
  return {
    input: JSON.stringify(call.input),
    recipients: shape?.recipients?.(call.input as never) ?? [],
    nextAt: new Date(Math.min(nowMs + delayMs, endsAtMs)),
    deadlineAt: new Date(endsAtMs),
    service: call.named ?? null,
  }
}

/** The columns that never change. */
export function entryOf(
  call: Call,
  { inputHash }: { inputHash: string },
  clock: Clock,
  by?: string,
) {
  return {
    id: call.id,
    ...keyOf(call),
    effect: call.effect,
    service: call.named ?? null,
    input_hash: inputHash,
    correlation_id: call.correlationId,
    run_id: call.runId ?? null,
    created_at: clock.now().toISOString(),
    created_by: by ?? (call.runId === undefined ? 'caravan' : `run ${call.runId}`),
  }
}

/** What makes two calls the same one. */
export const keyOf = ({ route, operation, idempotencyKey }: Call) => ({
  kind: route.kind.id,
  operation,
  idempotency_key: idempotencyKey,
})

export const keyContended = ({ idempotencyKey }: Call): CaravanError =>
  new CaravanError({
    code: 'call_running',
    message: `the key ${idempotencyKey} is being used by another call at this moment`,
    hint: 'Nothing was sent. Ask again.',
  })
