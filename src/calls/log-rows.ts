/** A call and its requests as rows of the call log. Everything that leaves here has been redacted. */
import { IntegrationError, messageOf } from '../core/errors.ts'
import type { Exchange } from '../http/exchange.ts'
import type { AttemptRow, CallRow } from '../store/calls.ts'
import type { Call, Reply } from './call.ts'
import { redactorOf } from './redact.ts'

export type CallEnd = { output?: unknown; error?: unknown; outcome?: Reply['outcome'] }

/** What is kept of an answer that was a failure, in characters. */
const excerptLength = 500

/** `duration_ms` is what the caller waited, everything included; what was spent waiting stands with each request. */
export function callRow(call: Call, end: CallEnd, now: Date): CallRow {
  const { text, json } = redactorOf(call)
  const error = end.error instanceof IntegrationError ? end.error : undefined
  const hasFailed = end.error !== undefined
  return {
    id: call.id,
    service: nameOf(call),
    kind: call.route.kind.id,
    operation: call.isTrial ? 'check' : call.operation, // it tells of the service, not of what it does for us
    adapter: call.service?.adapter.id ?? '',
    repeat: call.repeat,
    effect: call.effect,
    outcome: hasFailed ? outcomeOf(call, error) : (end.outcome ?? 'done'),
    error_kind: error?.kind ?? (hasFailed ? 'internal' : null),
    error_code: error?.code === undefined ? null : text(error.code),
    error: hasFailed ? text(messageOf(end.error)) : null,
    hint: error?.hint === undefined ? null : text(error.hint),
    started_at: call.startedAt.toISOString(),
    finished_at: now.toISOString(),
    duration_ms: Math.max(0, now.getTime() - call.startedAt.getTime()),
    attempts: call.exchanges,
    run_id: call.runId ?? null,
    correlation_id: call.correlationId,
    idempotency_key: call.repeat === 'keyed' ? call.idempotencyKey : null,
    request: json(call.input),
    response: hasFailed ? null : json(end.output),
    steps: call.steps.length === 0 ? null : stepsOf(call, text),
  }
}

const stepsOf = ({ steps }: Call, redacted: (text: string) => string): string =>
  JSON.stringify(steps.map((step) => ({ ...step, text: redacted(step.text) })))

/** Reading leaves nothing in doubt; a write that may have been done is `unknown`, for a person to look into. */
const outcomeOf = (call: Call, error: IntegrationError | undefined): 'failed' | 'unknown' =>
  call.effect !== 'read' && (call.isInDoubt || error?.outcome === 'unknown') ? 'unknown' : 'failed'

/** `wait_ms` is what passed before the request left: after a failure, for a free place, for the vendor's rate. */
export function attemptRow(call: Call, exchange: Exchange): AttemptRow {
  const { text, excerpt } = redactorOf(call)
  const { error } = exchange
  const answer = exchange.excerpt ? `: ${excerpt(exchange.excerpt, excerptLength)}` : ''
  const waitedMs = call.waitedMs + exchange.waitedMs
  call.waitedMs = 0
  return {
    call_id: call.id,
    number: ++call.exchanges,
    started_at: exchange.startedAt.toISOString(),
    duration_ms: exchange.durationMs,
    method: exchange.method,
    endpoint: text(exchange.endpoint),
    status: exchange.status ?? null,
    request_bytes: exchange.requestBytes,
    response_bytes: exchange.responseBytes,
    outcome: error ? 'failed' : 'done',
    error_kind: error?.kind ?? null,
    error: error ? text(error.message) + answer : null,
    wait_ms: Math.round(waitedMs),
    service: call.route.candidates.length > 1 ? nameOf(call) : null,
  }
}

/** Who was asked last; when nobody could be, who would have been asked first. */
const nameOf = ({ service, route }: Call): string =>
  service?.name ?? route.candidates[0]?.name ?? route.kind.id
