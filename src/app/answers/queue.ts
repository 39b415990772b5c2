import { z } from 'zod'
import { Delivery } from './hooks.ts'

const instant = z.iso.datetime()

const status = z
  .enum(['waiting', 'sending', 'done', 'partial', 'failed', 'unknown', 'dead', 'dropped'])
  .describe('dead: its deadline passed before it could be sent')

const failure = z
  .strictObject({
    kind: z.string(),
    code: z.string().nullable().describe("The vendor's own code, or ours"),
    message: z.string(),
    hint: z.string().nullable(),
  })
  .nullable()

/** A call of the outbox. */
export const QueuedCall = z.strictObject({
  id: z.string(),
  operation: z.string().describe('With its kind, such as sms.send'),
  status,
  service: z.string().nullable().describe('The one that was asked for by name'),
  served_by: z.string().nullable().describe('The one that was asked, or may have acted'),
  recipients: z.string().describe('Masked'),
  tries: z.int().describe('How often it was taken up, requests or not'),
  created_at: instant,
  created_by: z.string(),
  next_at: instant.nullable().describe('When it is tried next'),
  deadline_at: instant.nullable().describe('It is not sent later than this'),
  finished_at: instant.nullable(),
  behind: z
    .string()
    .nullable()
    .describe('The call to the same recipient that has to end first; null: it waits for none'),
  error: z.string().nullable().describe('Of the last try'),
})

export type QueuedCall = z.infer<typeof QueuedCall>

export const QueuedDetails = QueuedCall.extend({
  effect: z.string().describe('read, write, message or money'),
  idempotency_key: z.string(),
  correlation_id: z.string(),
  run_id: z.string().nullable(),
  exchanges: z.int().describe('Requests that were made for it'),
  sender: z.string().nullable().describe('The process that sends it now'),
  input: z
    .string()
    .nullable()
    .describe('Masked; kept while it may still be sent, or nobody knows whether it was done'),
  settled: z.string().nullable().describe('Who said what became of it, when it was unknown'),
  deliveries: z.array(Delivery).describe('What became of each message it has sent'),
  failure,
})

export type QueuedDetails = z.infer<typeof QueuedDetails>

/** What became of a call when it was taken up. */
export const SentCall = z.strictObject({
  id: z.string(),
  operation: z.string(),
  status,
  service: z.string().nullable(),
  next_at: instant.nullable(),
  error: z.string().nullable(),
})

export type SentCall = z.infer<typeof SentCall>

/** A call that was put back or dropped, one by one. */
export const ChangedQueue = z.strictObject({
  calls: z.array(z.strictObject({ id: z.string(), was: status, status })),
})

export type ChangedQueue = z.infer<typeof ChangedQueue>

/** What is known now of a call that was `unknown`. */
export const SettledCall = z.strictObject({
  id: z.string(),
  operation: z.string(),
  was: status,
  status: status.describe('unknown: it is not known now either'),
  service: z.string().nullable().describe('The one that may have acted'),
  by: z.enum(['vendor', 'operator']).describe('Who said so, or was asked'),
})

export type SettledCall = z.infer<typeof SettledCall>

/** What became of a call, for whoever follows it. */
export const CallState = z.strictObject({
  id: z.string(),
  operation: z.string().describe('With its kind, such as sms.send'),
  status: z
    .enum(['pending', 'done', 'partial', 'failed', 'unknown', 'dropped'])
    .describe('unknown: the vendor may have acted'),
  output: z
    .unknown()
    .describe('The answer; of a call that was made directly, as the log keeps it: redacted'),
  error: failure,
  service: z.string().nullable(),
  created_at: instant,
  finished_at: instant.nullable(),
  next_at: instant.nullable(),
  deadline_at: instant.nullable(),
  tries: z.int(),
  deliveries: z.array(Delivery).describe('What became of each message it has sent'),
})

export type CallState = z.infer<typeof CallState>
