import { z } from 'zod'
import { JobInfo } from './jobs.ts'
import { ServiceStatus } from './services.ts'

/** What `init` made: paths. */
export const Project = z.strictObject({
  config: z.string(),
  key: z.string().describe('The key file, or what else the key comes from'),
  state: z.string(),
})

export type Project = z.infer<typeof Project>

export const DaemonStatus = z.strictObject({
  running: z.boolean(),
  pid: z.int(),
  host: z.string(),
  version: z.string(),
  started_at: z.iso.datetime(),
  stopped_at: z.iso.datetime().nullable(),
  ticked_at: z.iso.datetime().nullable().describe('When its scheduler last looked for what is due'),
  listens_at: z.string().nullable().describe('Host and port; null: it does not listen'),
  listen_error: z
    .string()
    .nullable()
    .describe('Why it does not listen where the config says; null: it does, or need not'),
  config_loaded_at: z.iso.datetime().nullable(),
  config_error: z
    .string()
    .nullable()
    .describe('Why the file as it stands now is not in force; null: it is'),
})

export type DaemonStatus = z.infer<typeof DaemonStatus>

export const Status = z.strictObject({
  services: z.array(ServiceStatus),
  jobs: z.array(JobInfo),
  paused: z
    .array(
      z.strictObject({
        job: z.string(),
        reason: z.string(),
        until: z.iso.datetime().nullable(),
        set_by: z.string(),
        set_at: z.iso.datetime(),
      }),
    )
    .describe('Jobs whose schedule is paused'),
  daemon: DaemonStatus.nullable().describe('The one that runs, else the latest; null: never'),
  alerts: z.strictObject({
    firing: z.int(),
    silenced: z.int().describe('Of those that fire'),
    worst: z.enum(['high', 'medium', 'low']).nullable(),
    failing_channels: z.array(
      z.strictObject({
        service: z.string(),
        since: z.iso.datetime(),
        failures: z.int().describe('In a row'),
        error: z.string().nullable(),
      }),
    ),
  }),
  hooks: z.strictObject({
    waiting: z.int().describe('Received and not handled yet'),
    failed: z.int().describe('Given up: a person has to look'),
  }),
  queue: z
    .strictObject({
      waiting: z.int(),
      sending: z.int(),
      dead: z.int().describe('Not sent before their deadline'),
      unknown: z.int().describe('May have been done'),
    })
    .describe('Calls of the outbox'),
  files: z
    .array(z.strictObject({ file: z.string(), bytes: z.int() }))
    .describe('The state and the call log, each with what is not yet written through'),
  max_size: z.int().describe('What they may take together, in bytes: retention.max_size'),
})

export type Status = z.infer<typeof Status>
