/** The tables of the call log's file. */
import type { Generated } from 'kysely'

/** `running` is under way; `accepted` waits in the outbox. A later row of the same call replaces either. */
export type CallOutcome = 'done' | 'partial' | 'failed' | 'unknown' | 'running' | 'accepted'

type CallTable = {
  /** Counts up in the order of arrival; what `--follow` goes by. */
  seq: Generated<number>
  id: string
  service: string
  kind: string
  operation: string
  adapter: string
  repeat: string
  effect: string
  outcome: CallOutcome
  error_kind: string | null
  error_code: string | null
  error: string | null
  hint: string | null
  started_at: string
  finished_at: string | null
  duration_ms: number | null
  attempts: number
  run_id: string | null
  correlation_id: string
  idempotency_key: string | null
  request: string | null
  response: string | null
  /** What happened between the requests: `Step` of the call path. */
  steps: string | null
  /** Requests that were summed up with a former row of the call; see `metrics.ts`. */
  counted_attempts: number | null
}

type AttemptTable = {
  call_id: string
  number: number
  started_at: string
  duration_ms: number
  method: string
  endpoint: string
  status: number | null
  request_bytes: number
  response_bytes: number
  outcome: string
  error_kind: string | null
  error: string | null
  wait_ms: number
  /** Null: the service of the call. */
  service: string | null
}

/** The latest call of each service and outcome, kept when the calls themselves have been deleted. */
type LastCallTable = { service: string; outcome: string; call_id: string; at: string }

/** What a service did in a span of time. See `metrics.ts`. */
type ServiceStatsTable = {
  span: string
  service: string
  checks: 0 | 1
  done: number
  partial: number
  failed: number
  unknown: number
  cancelled: number
  requests: number
  failed_requests: number
  request_ms: number
  bytes_sent: number
  bytes_received: number
  spread: string
}

export type CallLogTables = {
  calls: CallTable
  attempts: AttemptTable
  last_calls: LastCallTable
  service_stats: ServiceStatsTable
  stats_marks: { counted_seq: number; rolled_until: string }
}
