import type { AttemptRow, CallRow } from '../store/calls.ts'

/** A second for each number, from the beginning of 2026. */
const at = (n: number): string => new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString()

/** A stored call; its id sorts by its number, as does the instant it started at. */
export const callRow = (n: number, more: Partial<CallRow> = {}): CallRow => ({
  id: `01A${String(n).padStart(23, '0')}`,
  service: 'haier',
  kind: 'supplier',
  operation: 'getPrices',
  adapter: 'haier',
  repeat: 'safe',
  effect: 'read',
  outcome: 'done',
  error_kind: null,
  error_code: null,
  error: null,
  hint: null,
  started_at: at(n),
  finished_at: at(n),
  duration_ms: 12,
  attempts: 1,
  run_id: null,
  correlation_id: 'c',
  idempotency_key: null,
  request: '{}',
  response: '{}',
  ...more,
})

/** A request made for a call. */
export const attemptOf = (callId: string, number: number): AttemptRow => ({
  call_id: callId,
  number,
  started_at: at(0),
  duration_ms: 4,
  method: 'GET',
  endpoint: 'https://vendor.test/x',
  status: 200,
  request_bytes: 1,
  response_bytes: 2,
  outcome: 'done',
  error_kind: null,
  error: null,
  wait_ms: 0,
})
