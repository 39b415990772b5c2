import { z } from 'zod'
import { CallInfo } from './calls.ts'

/** A service as `caravan list --json` shows it. */
export const ServiceInfo = z.strictObject({
  name: z.string(),
  adapter: z.string(),
  kind: z.string(),
  priority: z.int().describe('The lowest number is asked first'),
  weight: z.int().describe('Equal priorities share the calls by weight'),
  state: z.enum(['enabled', 'disabled', 'faulty']),
  wish: z.enum(['enabled', 'disabled']).describe('What the file says'),
  why: z.string().nullable().describe('Why it is not enabled; null when it is'),
  switched_by: z.string().nullable().describe('Who switched it off; null when no operator has'),
  switched_at: z.iso.datetime().nullable(),
  reason: z.string().nullable().describe('What the operator said why; null when nothing was said'),
  until: z.iso
    .datetime()
    .nullable()
    .describe("When the operator's switch ends by itself; null: never, or there is none"),
})

export type ServiceInfo = z.infer<typeof ServiceInfo>

export const HealthCheckInfo = z.strictObject({
  at: z.iso.datetime(),
  passed: z.boolean(),
  duration_ms: z.int(),
  message: z.string().describe('What it saw, or why it failed'),
  error_kind: z.string().nullable(),
  call: z.string().nullable().describe('Its id in the log; null where nothing was asked'),
})

export type HealthCheckInfo = z.infer<typeof HealthCheckInfo>

/** Whether it works, as far as is known, and by what. */
const Health = z.strictObject({
  health: z
    .enum(['ok', 'failing', 'unknown'])
    .describe('By whichever ended last, a health check or a call; unknown: there was none'),
  health_from: z.enum(['check', 'call']).nullable().describe('Which of the two it was'),
  health_at: z.iso.datetime().nullable().describe('When that ended'),
  health_call: z.string().nullable().describe('Id of the call, that of the check too'),
})

export const ServiceDetails = ServiceInfo.extend({
  ...Health.shape,
  title: z.string().describe('Of the adapter; empty when the program has no such adapter'),
  docs: z.string().describe("Address of the vendor's documentation"),
  operations: z.array(z.string()),
  limits: z.string().describe('As a sentence'),
  breaker: z.string().describe('Its position and, when it is not closed, why'),
  last_success_at: z.iso.datetime().nullable(),
  last_calls: z
    .array(
      CallInfo.pick({
        id: true,
        kind: true,
        operation: true,
        outcome: true,
        started_at: true,
        duration_ms: true,
      }),
    )
    .describe('At most five, the newest first'),
  last_checks: z
    .array(HealthCheckInfo)
    .describe('Health checks by the daemon: at most five, the newest first'),
  config: z
    .record(z.string(), z.unknown())
    .describe('As the file has it; secrets are hidden, placeholders are shown'),
  faults: z.array(z.string()),
})

export type ServiceDetails = z.infer<typeof ServiceDetails>

export const ServiceStatus = ServiceInfo.extend({
  ...Health.shape,
  checked_at: z.iso.datetime().nullable().describe('Of the last health check by the daemon'),
  check_passed: z.boolean().nullable(),
  check_message: z.string().nullable().describe('What it saw, or why it failed'),
  breaker: z.enum(['closed', 'open', 'half-open', 'held']),
  last_success_at: z.iso.datetime().nullable(),
})

export type ServiceStatus = z.infer<typeof ServiceStatus>

export const AddedService = z.strictObject({
  service: z.string(),
  adapter: z.string(),
  config: z.string().describe('The file it was written into'),
  line: z.int().describe('Where it stands in the file, from 1'),
  secrets: z.array(z.string()).describe('Names under which its secrets are stored'),
  test: z
    .string()
    .nullable()
    .describe('What the connection test saw; null when none was made or it failed'),
  test_failed: z
    .string()
    .nullable()
    .describe('Why the connection test failed; it was saved all the same'),
})

export type AddedService = z.infer<typeof AddedService>

const SwitchInfo = z.strictObject({
  switched_by: z.string(),
  switched_at: z.iso.datetime(),
  reason: z.string().nullable(),
  until: z.iso.datetime().nullable(),
})

export const SwitchResult = ServiceInfo.pick({
  state: true,
  wish: true,
  why: true,
  switched_by: true,
  switched_at: true,
  reason: true,
  until: true,
}).extend({
  service: z.string(),
  changed: z.boolean().describe('False when it stood so before'),
  replaced: SwitchInfo.nullable().describe('The switch that held until now'),
  config_line: z
    .int()
    .nullable()
    .describe(
      'Line of the file that was changed, because the file itself had disabled the service',
    ),
})

export type SwitchResult = z.infer<typeof SwitchResult>
