import { z } from 'zod'

/** `caravan daemon --check`: what it would start with. */
export const DaemonCheck = z.strictObject({
  /** Path of the config file. */
  config: z.string(),
  state: z.string(),
  /** Where the key of the secrets comes from; null: no secret is stored. */
  key: z.string().nullable(),
  listens_at: z.string().nullable(),
  services: z.int(),
  jobs: z.array(z.strictObject({ job: z.string(), schedule: z.string(), timezone: z.string() })),
  /** Services and jobs that alone cannot be used, and why. */
  faults: z.array(z.string()),
})

/** `caravan daemon --ping`: the daemon that is at work. */
export const DaemonPing = z.strictObject({
  daemon: z.string(),
  version: z.string(),
  host: z.string(),
  pid: z.int(),
  started_at: z.iso.datetime(),
  up_ms: z.int(),
  heartbeat_at: z.iso.datetime(),
  ticked_at: z.iso.datetime(),
  listens_at: z.string().nullable(),
  /** Why it does not listen where the config says; null: it does, or need not. */
  listen_error: z.string().nullable(),
  /** Why the config file as it stands now is not in force; null: it is. */
  config_error: z.string().nullable(),
})

export const DaemonAnswer = z.union([DaemonCheck, DaemonPing])

export type DaemonCheck = z.infer<typeof DaemonCheck>
export type DaemonPing = z.infer<typeof DaemonPing>
