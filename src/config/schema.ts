import { z } from 'zod'
import { isAddressRange } from '../core/address-range.ts'
import { faultOfSchedule, isSchedule } from '../core/schedule/parse.ts'
import { isTimeZone, nearestTimeZone } from '../core/time-zone.ts'
import { Duration } from './durations.ts'
import { Size } from './sizes.ts'

/** Names of services: they stand in commands, paths and logs, so they are short and plain. */
export const namePattern = /^(?=.{1,64}$)[a-z0-9]+(?:-[a-z0-9]+)*$/
export const nameRule =
  'a name is small letters, digits and single hyphens, such as sms-main (at most 64 characters)'

const Name = z.string().regex(namePattern, nameRule)

const TimeZone = z.string().refine(isTimeZone, {
  error: ({ input }) =>
    `must be an IANA time zone, such as ${nearestTimeZone(String(input)) ?? 'Asia/Shanghai'}`,
})

const Schedule = z.string().refine(isSchedule, {
  error: ({ input }) =>
    `must be five cron fields (minute, hour, day, month, weekday), such as "0 3 * * *": ${faultOfSchedule(String(input))}`,
})

/** Without path or user, so that it can be compared; plain http is for twins. */
const Origin = z
  .string()
  .refine(
    (text) => URL.parse(text)?.origin === text && /^https?:$/.test(new URL(text).protocol),
    'must be an origin without a path, such as https://files.example.com',
  )

const AddressRange = z
  .string()
  .refine(isAddressRange, 'must be an address or a range, such as 203.0.113.7 or 203.0.113.0/24')

/** A section that may be left empty: `services:` with every entry commented out is an empty section. */
const section = <S extends z.ZodType>(schema: S) => z.preprocess((value) => value ?? {}, schema)

/** What is not said here is decided by the adapter's own limits and presets. Durations are milliseconds once parsed. */
export const ServiceConfig = z.strictObject({
  adapter: z.string().min(1, 'must not be empty').describe('Which vendor: see "caravan adapters"'),
  enabled: z
    .boolean()
    .default(true)
    .describe('The wish of the file; a switch set by "caravan disable" is stronger'),
  priority: z.int().min(0).max(1000).default(1).describe('The lowest number is asked first'),
  weight: z
    .int()
    .min(1)
    .max(1000)
    .default(100)
    .describe('Services of equal priority share the calls by weight'),
  timeout: Duration.optional().describe('For one HTTP request'),
  retry: z
    .strictObject({
      attempts: z.int().min(1).max(20).optional().describe('At most, the first one included'),
      deadline: Duration.optional().describe('For the whole call, waits and repetitions included'),
    })
    .optional(),
  breaker: z
    .strictObject({
      failures: z.int().min(1).max(1000).optional().describe('In a row, before it opens'),
      open_for: Duration.optional().describe('How long nothing is sent once it has opened'),
    })
    .optional(),
  rate_limit: z
    .strictObject({
      per_second: z
        .union([z.literal('none'), z.number().positive().max(10_000)])
        .optional()
        .describe('Requests; "none": as fast as the vendor answers, whatever it publishes'),
      concurrent: z.int().min(1).max(1000).optional().describe('Requests under way at once'),
    })
    .optional(),
  allow_redirects_to: z
    .array(Origin)
    .max(20)
    .optional()
    .describe('Origins a reading request may be sent on to; left out: no redirect is followed'),
  hooks: z
    .strictObject({
      allow_from: z
        .array(AddressRange)
        .max(200)
        .optional()
        .describe('Addresses its webhooks may come from; left out: any, the signature decides'),
      window: Duration.optional().describe(
        'How old a webhook may be that says when it was made; left out: 15m',
      ),
    })
    .optional()
    .describe('Of what the vendor sends to us'),
  /** May hold placeholders: resolved together with `config`, when the service is used. */
  proxy: z
    .url('must be a URL, such as http://proxy.example:3128')
    .optional()
    .describe('Proxy of this service alone'),
  /** In the adapter's own words; placeholders stand in it as written. */
  config: section(z.record(z.string(), z.unknown())),
})

export type ServiceConfig = z.infer<typeof ServiceConfig>

export const RouteConfig = z.strictObject({
  when_unavailable: z
    .enum(['queue', 'fail', 'cached'])
    .default('fail')
    .describe('What happens to a call when no service of its kind can take it'),
  queue_for: Duration.optional().describe(
    'How long a queued call is tried before it is a dead letter; left out: a day',
  ),
  cache_for: Duration.optional().describe(
    'Answers of reads that are younger are served without asking again; left out: never',
  ),
  stale_for: Duration.optional().describe(
    'With "cached": how old an answer may be that stands in for an unreachable service; left out: a day',
  ),
})

export type RouteConfig = z.infer<typeof RouteConfig>

export const JobConfig = z.strictObject({
  schedule: Schedule.optional().describe('Five cron fields; left out: the job runs by hand only'),
  timezone: TimeZone.optional().describe('Of the schedule; left out: that of the file'),
  enabled: z.boolean().default(true).describe('Whether the schedule is kept'),
  with: section(z.record(z.string(), z.unknown())),
  overlap: z
    .enum(['skip', 'queue'])
    .default('skip')
    .describe('What becomes of an occurrence while the run before is still going on'),
  missed: z
    .enum(['run_once', 'skip'])
    .default('run_once')
    .describe('What becomes of occurrences while nothing was running'),
  jitter: Duration.optional().describe('Each occurrence begins up to so much later, at random'),
  timeout: Duration.optional().describe('A run that takes longer is stopped'),
  alert_after: z
    .int()
    .min(1)
    .max(1000)
    .default(1)
    .describe('Failed runs in a row before somebody is told'),
})

export type JobConfig = z.infer<typeof JobConfig>

/** integrations.yaml. Durations are milliseconds and sizes bytes once parsed. */
export const Config = z.strictObject({
  version: z.literal(1).describe('Of the form of this file'),
  state: z
    .string()
    .min(1, 'must not be empty')
    .default('./caravan.db')
    .describe('A SQLite file, relative to this file, or postgres://…'),
  timezone: TimeZone.default('UTC').describe('For schedules and for files without a zone'),
  key_file: z
    .string()
    .min(1, 'must not be empty')
    .optional()
    .describe('File with the key of the secrets, relative to this file'),
  listen: z
    .string()
    .regex(
      /^(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/,
      'must be host:port, such as 127.0.0.1:8080',
    )
    .refine(
      (address) => Number(address.slice(address.lastIndexOf(':') + 1)) <= 65_535,
      'must have a port of at most 65535',
    )
    .optional()
    .describe('Where the daemon listens, as host:port'),
  trusted_proxies: z
    .array(AddressRange)
    .max(50)
    .default([])
    .describe('Reverse proxies whose X-Forwarded-For, -Proto and -Host are believed'),
  health: section(
    z.strictObject({
      every: Duration.default(5 * 60_000).describe('Between two checks of a service by the daemon'),
    }),
  ),
  services: section(z.record(Name, ServiceConfig)),
  routes: section(z.record(Name, RouteConfig)),
  jobs: section(z.record(Name, JobConfig)),
  alerts: section(
    z.strictObject({
      channels: z.array(Name).default([]).describe('Services that carry alerts'),
      cooldown: Duration.default(15 * 60_000).describe('Before the same alert is sent again'),
      window: Duration.default(3_600_000).describe('Over which rates and times are judged'),
      min_calls: z
        .int()
        .min(1)
        .max(1_000_000)
        .default(10)
        .describe('Calls in the window before its success rate and times are judged'),
      success_rate: z
        .number()
        .min(0)
        .max(100)
        .default(90)
        .describe('Percent of calls; an alert below it'),
      response_time: Duration.default(5000).describe('Mean of the requests; an alert above it'),
      expires_within: Duration.default(14 * 86_400_000).describe(
        'Before a credential or certificate ends',
      ),
      digest_over: z
        .int()
        .min(1)
        .max(1000)
        .default(5)
        .describe('More news than this at once are sent as one message'),
      off: z
        .array(z.string())
        .default([])
        .describe('Rules nobody wants: see "caravan alerts rules"'),
    }),
  ),
  retention: section(
    z.strictObject({
      calls: Duration.default(30 * 86_400_000).describe('How long calls stay in the log'),
      runs: Duration.default(180 * 86_400_000).describe('How long runs are kept'),
      max_size: Size.default(2_000_000_000).describe('Of the state and the call log together'),
    }),
  ),
})

export type Config = z.infer<typeof Config>
