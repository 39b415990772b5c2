import { z } from 'zod'

export const JobInfo = z.strictObject({
  id: z.string(),
  title: z.string(),
  schedule: z.string().nullable().describe('Five-field cron; null: it is run by hand'),
  timezone: z.string().nullable().describe('Of the schedule'),
  enabled: z.boolean(),
  faulty: z
    .boolean()
    .describe('What the file says about it has a fault, so it is not run on a schedule'),
  last_run: z.string().nullable().describe('Dry runs do not count'),
  last_status: z.string().nullable(),
  last_started_at: z.iso.datetime().nullable(),
  next_due_at: z.iso.datetime().nullable(),
})

export type JobInfo = z.infer<typeof JobInfo>
