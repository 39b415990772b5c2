import { Cron } from 'croner'
import { z } from 'zod'
import { isTimeZone } from '../core/time-zone.ts'
import { Duration } from './durations.ts'
import { Size } from './sizes.ts'

/** Names of services: they stand in commands, paths and logs, so they are short and plain. */
export const namePattern = /^[a-z0-9]+(?:-[a-z0-9]+)*$/
export const nameRule =
  'must be a name of small letters, digits and single hyphens, such as sms-main (at most 64 characters)'

const Name = z.string().max(64, nameRule).regex(namePattern, nameRule)

const TimeZone = z.string().refine(isTimeZone, 'must be an IANA time zone, such as Asia/Shanghai')

function isSchedule(text: string): boolean {
  if (text.trim().split(/\s+/).length !== 5) return false
  try {
    return Boolean(new Cron(text, { paused: true }))
  } catch {
    return false
  }
}

const Schedule = z
  .string()
  .refine(
    isSchedule,
    'must be five cron fields (minute, hour, day, month, weekday), such as "0 3 * * *"',
  )

/** A section that may be left empty: `services:` with every entry commented out is an empty section. */
const section = <S extends z.ZodType>(schema: S) => z.preprocess((value) => value ?? {}, schema)

/** What is not said here is decided by the adapter's own limits and presets. Durations are milliseconds once parsed. */
export const ServiceConfig = z.strictObject({
  adapter: z.string().min(1, 'must not be empty'),
  enabled: z.boolean().default(true),
  /** The lowest number is asked first. */
  priority: z.int().min(0).max(1000).default(1),
  /** Services of equal priority share the calls by weight. */
  weight: z.int().min(1).max(1000).default(100),
  timeout: Duration.optional(),
  retry: z
    .strictObject({
      attempts: z.int().min(1).max(20).optional(),
      deadline: Duration.optional(),
    })
    .optional(),
  breaker: z
    .strictObject({
      failures: z.int().min(1).max(1000).optional(),
      open_for: Duration.optional(),
    })
    .optional(),
  rate_limit: z
    .strictObject({
      /** `none`: as fast as the vendor answers, whatever it publishes. */
      per_second: z.union([z.literal('none'), z.number().positive().max(10_000)]).optional(),
      concurrent: z.int().min(1).max(1000).optional(),
    })
    .optional(),
  /** May hold placeholders: resolved together with `config`, when the service is used. */
  proxy: z.url('must be a URL, such as http://proxy.example:3128').optional(),
  /** In the adapter's own words; placeholders stand in it as written. */
  config: section(z.record(z.string(), z.unknown())),
})

export type ServiceConfig = z.infer<typeof ServiceConfig>

export const RouteConfig = z.strictObject({
  when_unavailable: z.enum(['queue', 'fail', 'cached']).default('fail'),
})

export type RouteConfig = z.infer<typeof RouteConfig>

export const JobConfig = z.strictObject({
  /** Left out: the job runs by hand only. */
  schedule: Schedule.optional(),
  timezone: TimeZone.optional(),
  enabled: z.boolean().default(true),
  with: section(z.record(z.string(), z.unknown())),
  overlap: z.enum(['skip', 'queue']).default('skip'),
  missed: z.enum(['run_once', 'skip']).default('run_once'),
  jitter: Duration.optional(),
  timeout: Duration.optional(),
  /** Failed runs in a row before somebody is told. */
  alert_after: z.int().min(1).max(1000).default(1),
})

export type JobConfig = z.infer<typeof JobConfig>

/** integrations.yaml. Durations are milliseconds and sizes bytes once parsed. */
export const Config = z.strictObject({
  version: z.literal(1),
  /** A SQLite file, relative to this file, or postgres://… */
  state: z.string().min(1, 'must not be empty').default('./caravan.db'),
  timezone: TimeZone.default('UTC'),
  /** Relative to this file; default: caravan.key beside it. */
  key_file: z.string().min(1, 'must not be empty').optional(),
  /** Where the daemon listens, as host:port. */
  listen: z
    .string()
    .regex(
      /^(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/,
      'must be host:port, such as 127.0.0.1:8080',
    )
    .optional(),
  services: section(z.record(Name, ServiceConfig)),
  routes: section(z.record(Name, RouteConfig)),
  jobs: section(z.record(Name, JobConfig)),
  alerts: section(
    z.strictObject({
      channels: z.array(Name).default([]),
      cooldown: Duration.default(15 * 60_000),
    }),
  ),
  retention: section(
    z.strictObject({
      calls: Duration.default(30 * 86_400_000),
      runs: Duration.default(180 * 86_400_000),
      max_size: Size.default(2_000_000_000),
    }),
  ),
})

export type Config = z.infer<typeof Config>
