import { z } from 'zod'
import { type Cause, causes, rungs } from '../../core/causes.ts'
import { type Exit, exitCodes } from '../../core/exit-codes.ts'

const RungName = z.enum(rungs)

export const TestRung = z.strictObject({
  rung: RungName,
  status: z.enum(['ok', 'warning', 'failed', 'skipped', 'not_reached']),
  saw: z
    .string()
    .describe(
      'Addresses, TLS version, days left, skew, what the vendor said; or why it was skipped',
    ),
  duration_ms: z.int(),
})

export type TestRung = z.infer<typeof TestRung>

/** A service as `caravan test --json` shows it. */
export const TestResult = z.strictObject({
  service: z.string(),
  adapter: z.string().describe('Empty when the config names none'),
  result: z.enum(['ok', 'skipped', 'failed']).describe('skipped is no failure; cause says why'),
  ok: z.boolean().describe('False when it failed'),
  rung: RungName.nullable().describe('Where it stopped; null when every rung holds'),
  cause: z
    .enum(Object.keys(causes) as [Cause, ...Cause[]])
    .nullable()
    .describe('One of a closed list; null when all is well'),
  exit: z
    .enum(Object.keys(exitCodes) as [Exit, ...Exit[]])
    .describe('The exit code it alone would lead to, by its name'),
  duration_ms: z.int(),
  detail: z.string().describe('What the test saw, or why it failed'),
  next: z.string().nullable().describe('What to do about it; null when there is nothing to do'),
  call: z.string().nullable().describe('The call that failed, as "caravan logs show" takes it'),
  line: z.int().describe('Where the service stands in integrations.yaml, from 1'),
  disabled: z.string().nullable().describe('Why it is disabled; null when it is not'),
  warnings: z
    .array(z.string())
    .describe('No failures yet: a certificate or credential that ends soon, a clock a little off'),
  certificate_days: z
    .int()
    .nullable()
    .describe('Days until the first of its certificates ends; null when none was seen'),
  expires: z
    .array(z.strictObject({ field: z.string(), at: z.iso.datetime() }))
    .describe('Credentials of which the vendor tells when they end'),
  rungs: z.array(TestRung),
})

export type TestResult = z.infer<typeof TestResult>
