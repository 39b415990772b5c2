import { z } from 'zod'

const Rate = z
  .number()
  .nullable()
  .describe('Percent of operations that succeeded, one decimal; null: there were none')
const Milliseconds = z.number().nullable()

/** What a service did in the window. Connection tests are counted apart. */
export const ServiceMetrics = z.strictObject({
  service: z.string(),
  operations: z.int().describe('Calls that ended, connection tests and cancelled ones left out'),
  successes: z.int(),
  failures: z.int(),
  unknown: z.int().describe('May have been done'),
  partial: z.int().describe('Done in part'),
  cancelled: z.int().describe('Given up by the caller; not among the operations'),
  success_rate: Rate,
  requests: z.int().describe('Sent for operations; a call may take several, or none'),
  failed_requests: z.int(),
  mean_ms: Milliseconds.describe('Mean response time of the requests; null: there were none'),
  p95_ms: Milliseconds.describe('95 of 100 requests took no longer, exact to 3 percent'),
  bytes_sent: z.int().describe('In bodies, of connection tests too'),
  bytes_received: z.int(),
  breaker_trips: z.int().describe('How often the breaker went from closed to open'),
  open_conflicts: z.int().describe('Waiting for a person now'),
  checks: z.int().describe('Connection tests'),
  failed_checks: z.int(),
  checks_mean_ms: Milliseconds.describe('Mean response time of their requests'),
})

export type ServiceMetrics = z.infer<typeof ServiceMetrics>

export const Metrics = z.strictObject({
  services: z.array(ServiceMetrics),
  total: ServiceMetrics.omit({ service: true }),
  since: z.iso.datetime(),
  until: z.iso.datetime(),
})

export type Metrics = z.infer<typeof Metrics>
