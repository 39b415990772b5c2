import { z } from 'zod'
import { Delivery } from './hooks.ts'

/** One operation that was asked of a service. */
export const CallInfo = z.strictObject({
  seq: z.int().describe('Counts up in the order of arrival'),
  id: z.string(),
  service: z.string(),
  kind: z.string(),
  operation: z.string(),
  adapter: z.string(),
  repeat: z.string().describe('safe, keyed or once: whether the request may be repeated'),
  effect: z.string().describe('read, write, message or money'),
  outcome: z
    .enum(['done', 'partial', 'failed', 'unknown', 'running', 'accepted'])
    .describe('unknown: the vendor may have acted; accepted: it waits in the outbox'),
  error_kind: z.string().nullable(),
  error_code: z.string().nullable().describe("The vendor's own code"),
  error: z.string().nullable(),
  hint: z.string().nullable(),
  started_at: z.iso.datetime(),
  finished_at: z.iso.datetime().nullable(),
  duration_ms: z.int().nullable(),
  attempts: z.int().describe('Requests that were made for it'),
  run_id: z.string().nullable(),
  correlation_id: z.string(),
  idempotency_key: z.string().nullable(),
  request: z.string().nullable().describe('Redacted, and cut at 16 KB'),
  response: z.string().nullable().describe('Redacted, and cut at 16 KB'),
})

export type CallInfo = z.infer<typeof CallInfo>

/** One HTTP request. */
const Attempt = z.strictObject({
  call_id: z.string(),
  number: z.int().describe('From 1'),
  started_at: z.iso.datetime(),
  duration_ms: z.int(),
  method: z.string(),
  endpoint: z.string(),
  status: z.int().nullable().describe('HTTP status; null when no answer came'),
  request_bytes: z.int(),
  response_bytes: z.int(),
  outcome: z.string(),
  error_kind: z.string().nullable(),
  error: z.string().nullable(),
  wait_ms: z.int().describe('How long it waited before it was sent'),
  service: z.string().describe('The one it went to'),
})

/** Something that happened between the requests. */
const Step = z.strictObject({
  at: z.iso.datetime(),
  what: z
    .string()
    .describe('retry, failover, skipped, breaker, limit, renewed, settled, queued, cached'),
  service: z.string().nullable(),
  text: z.string(),
  ms: z.int().optional().describe('What it waited'),
  requests: z.int().describe('How many requests had been made by then'),
})

export const CallDetails = CallInfo.extend({
  requests: z.array(Attempt),
  steps: z.array(Step).describe('What happened between the requests'),
  deliveries: z.array(Delivery).describe('What became of each message it has sent'),
})

export type CallDetails = z.infer<typeof CallDetails>
