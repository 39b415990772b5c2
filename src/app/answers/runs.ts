import { z } from 'zod'
import { exitCodes, type Exit } from '../../core/exit-codes.ts'

const status = z.enum(['running', 'success', 'partial', 'failed', 'interrupted', 'guarded'])

/** Items of a run. */
const Counters = z.strictObject({
  read: z.int(),
  created: z.int(),
  updated: z.int(),
  unchanged: z.int(),
  failed: z.int(),
  marked: z.int().describe('Missing at the source; kept, and marked so'),
})

export const RunInfo = z.strictObject({
  id: z.string(),
  job: z.string(),
  status,
  trigger: z
    .string()
    .describe(
      'What started it: manual, schedule, resume (it goes on with an interrupted one); dry-run wrote nothing',
    ),
  started_at: z.iso.datetime(),
  finished_at: z.iso.datetime().nullable().describe('Null while it runs'),
  duration_ms: z.int().nullable(),
  saved: z.int().describe('Items that stand in the state, changed or not'),
  changed: z.int().describe('Items that were created, updated or marked as gone'),
  failed: z.int(),
  error: z.string().nullable(),
})

export type RunInfo = z.infer<typeof RunInfo>

export const RunDetails = RunInfo.extend({
  options: z.unknown().describe('Of the job, as the run was given them'),
  counters: Counters,
  started_by: z.string().nullable().describe('Whose account or token; null: the schedule'),
  resumed_from: z.string().nullable().describe('The interrupted run it went on from'),
  due_at: z.iso
    .datetime()
    .nullable()
    .describe('The occurrence it served; null: it was run by hand'),
  cancelled: z
    .strictObject({ by: z.string(), reason: z.string(), at: z.iso.datetime() })
    .nullable()
    .describe('Who wanted it to stop; null: nobody'),
  failures: z
    .array(
      z.strictObject({
        key: z.string(),
        reason: z.string(),
        raw: z.string().describe('The item as it came, as JSON text'),
      }),
    )
    .describe('At most a thousand'),
  entities: z
    .record(z.string(), Counters.omit({ read: true }))
    .describe('What an import did, by table'),
  findings: z
    .array(
      z.strictObject({
        kind: z.string(),
        file: z.string().optional(),
        key: z.string().optional(),
        text: z.string(),
      }),
    )
    .describe('What a person should look at; at most a hundred of each kind'),
  finding_totals: z.record(z.string(), z.int()).describe('How many there were, by kind'),
})

export type RunDetails = z.infer<typeof RunDetails>

/** What `runs cancel` did. */
export const CancelledRun = z.strictObject({
  run: z.string(),
  job: z.string(),
  status: status.describe(
    'running: it stops at its next checkpoint; interrupted: its process was gone, and it was marked so',
  ),
  changed: z.boolean().describe('False: it had been cancelled before'),
  host: z.string().describe('Where it runs, or ran'),
  pid: z.int(),
  cancelled_by: z.string().nullable(),
  cancelled_at: z.iso.datetime().nullable(),
  reason: z.string().nullable(),
})

export type CancelledRun = z.infer<typeof CancelledRun>

const exits = Object.keys(exitCodes) as [Exit, ...Exit[]]

/** What a run that was waited for came to. */
export const RunReport = z.strictObject({
  run: z.string(),
  job: z.string(),
  status: status.exclude(['running']),
  dry_run: z.boolean(),
  duration_ms: z.number(),
  counters: Counters,
  failures: z
    .array(
      z.strictObject({
        key: z.string(),
        reason: z.string(),
        raw: z.unknown().describe('The item as it came; null when it never did'),
      }),
    )
    .describe('The first hundred; "caravan runs show" has more'),
  changes: z
    .array(
      z.strictObject({
        key: z.string(),
        action: z.enum(['create', 'change', 'mark']),
        fields: z.array(
          z.strictObject({
            field: z.string(),
            before: z.unknown().optional(),
            after: z.unknown().optional(),
          }),
        ),
      }),
    )
    .describe('What a dry run would have changed, the first thousand'),
  notes: z.array(z.string()),
  resumed_from: z.string().nullable().describe('The interrupted run it went on from'),
  error: z
    .strictObject({ code: z.string(), message: z.string(), hint: z.string().nullable() })
    .nullable(),
  exit: z.enum(exits).describe('The exit code by its name'),
})

export type RunReport = z.infer<typeof RunReport>
