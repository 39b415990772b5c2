import { z } from 'zod'

/** Nothing of the job is started on its schedule. */
const Pause = z.strictObject({
  reason: z.string(),
  until: z.iso.datetime().nullable().describe('Null: until somebody resumes it'),
  paused_by: z.string(),
  paused_at: z.iso.datetime(),
})

export const JobInfo = z.strictObject({
  id: z.string(),
  title: z.string(),
  schedule: z.string().nullable().describe('Five-field cron; null: it is run by hand'),
  timezone: z.string().nullable().describe('Of the schedule'),
  enabled: z.boolean(),
  faulty: z
    .boolean()
    .describe('What the file says about it has a fault, so it is not run on a schedule'),
  paused: Pause.nullable().describe('By an operator; null: it is not'),
  last_run: z.string().nullable().describe('Dry runs do not count'),
  last_status: z.string().nullable(),
  last_started_at: z.iso.datetime().nullable(),
  next_due_at: z.iso
    .datetime()
    .nullable()
    .describe('The next occurrence that is run; null: none, as under a pause without an end'),
})

export type JobInfo = z.infer<typeof JobInfo>

/** What `jobs pause` and `jobs resume` did. */
export const PausedJob = z.strictObject({
  job: z.string(),
  changed: z.boolean().describe('False: it was not paused before'),
  paused: Pause.nullable().describe('What holds now'),
  former: Pause.nullable().describe('The pause that was replaced or lifted'),
  next_due_at: z.iso
    .datetime()
    .nullable()
    .describe('The next occurrence that is run; null: none, as under a pause without an end'),
})

export type PausedJob = z.infer<typeof PausedJob>

export const JobExplanation = z.strictObject({
  job: z.string().nullable().describe('Null: a schedule was given'),
  schedule: z.string().nullable().describe('Null: the job is run by hand'),
  timezone: z.string(),
  meaning: z
    .enum(['time_of_day', 'time_passed'])
    .nullable()
    .describe(
      'What a change of the clock does: a schedule that names its hours means times of day, one that comes every hour means time that passes',
    ),
  next: z
    .array(
      z.strictObject({
        at: z.iso.datetime(),
        local: z.iso.datetime({ offset: true }).describe('The same by the clock of the zone'),
        note: z.string().nullable().describe('What a change of the clock does to it'),
      }),
    )
    .describe('The next ten'),
  clock_change: z
    .strictObject({
      at: z.iso.datetime(),
      from: z.string().describe('What the clock shows before, such as 2026-10-25 03:00'),
      to: z.string().describe('What it shows instead'),
      effects: z.array(z.string()).describe('Empty: nothing of this schedule is touched'),
    })
    .nullable()
    .describe('The next change of the clock in this zone within 400 days; null: there is none'),
  warnings: z.array(z.strictObject({ code: z.string(), text: z.string() })),
})

export type JobExplanation = z.infer<typeof JobExplanation>

/** One row of the ledger. */
export const OccurrenceInfo = z.strictObject({
  job: z.string(),
  due_at: z.iso.datetime(),
  last_due_at: z.iso
    .datetime()
    .nullable()
    .describe('Of the last one, where the row stands for several'),
  count: z.int().describe('Of occurrences it stands for; 0: they are being counted'),
  status: z.enum([
    'waiting',
    'running',
    'success',
    'partial',
    'failed',
    'interrupted',
    'guarded',
    'skipped',
  ]),
  reason: z
    .enum(['overlap', 'paused', 'missed', 'unscheduled'])
    .nullable()
    .describe('Why it did not run'),
  note: z.string().nullable(),
  begins_at: z.iso.datetime().describe('When it was due and its jitter'),
  decided_at: z.iso.datetime(),
  started_at: z.iso.datetime().nullable(),
  finished_at: z.iso.datetime().nullable(),
  run: z.string().nullable().describe('The latest of its runs'),
  runs: z.int().describe('More than one where it was interrupted and continued'),
})

export type OccurrenceInfo = z.infer<typeof OccurrenceInfo>
