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

export const Status = z.strictObject({
  services: z.array(ServiceStatus),
  jobs: z.array(JobInfo),
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
