import { z } from 'zod'

const Rows = z
  .record(z.string(), z.int().nonnegative())
  .describe('Rows by table; a table without rows is left out')

const NeededKey = z.strictObject({
  id: z.string(),
  label: z.string().nullable(),
  created_at: z.iso.datetime(),
})

/** What `backup` made. */
export const BackupReport = z.strictObject({
  file: z.string(),
  bytes: z.int(),
  sha256: z.string(),
  instance: z.string(),
  made_at: z.iso.datetime(),
  rows: Rows,
  keys: z
    .array(NeededKey)
    .describe('Any one of them opens the secrets in it; none of them is in it'),
})

export type BackupReport = z.infer<typeof BackupReport>

/** What `backup --rehearse` found. */
export const Rehearsal = z.strictObject({
  file: z.string().nullable().describe('Null when a backup was made for it, and removed'),
  passed: z.boolean(),
  checks: z.array(z.strictObject({ check: z.string(), passed: z.boolean(), detail: z.string() })),
})

export type Rehearsal = z.infer<typeof Rehearsal>

/** What `restore` did. */
export const RestoreReport = z.strictObject({
  file: z.string(),
  bytes: z.int(),
  instance: z.string(),
  made_at: z.iso.datetime().nullable().describe('Null for a copy that "backup" did not make'),
  rows: Rows,
  keys: z.array(NeededKey),
  key: z
    .enum(['opens', 'wrong', 'missing', 'none'])
    .describe('The key found here; none: no key is needed'),
  former_state: z.string().nullable().describe('Where the state before lies'),
})

export type RestoreReport = z.infer<typeof RestoreReport>

/** What `clean` removed, or would remove. */
export const CleanReport = z.strictObject({
  dry_run: z.boolean(),
  rows: z.strictObject({
    calls: z.int(),
    attempts: z.int(),
    runs: z.int(),
    run_failures: z.int(),
    import_findings: z.int(),
    import_finding_totals: z.int(),
    import_counts: z.int(),
    listings: z.int(),
    listing_items: z.int(),
    outbox: z.int(),
    cached_answers: z.int(),
    occurrences: z.int(),
    health_checks: z.int(),
    breaker_events: z.int(),
    alerts: z.int(),
    silences: z.int(),
    hook_events: z.int(),
    message_states: z.int(),
    order_states: z.int(),
  }),
  bytes_before: z.int(),
  bytes_after: z.int().describe('In a dry run: about'),
  bytes_freed: z.int(),
  limit: z.int().describe('retention.max_size, in bytes'),
  state_bytes: z.int(),
  calls_bytes: z.int(),
  state_too_large: z
    .boolean()
    .describe(
      'The state alone takes more than nine tenths of the limit; its catalogue is never deleted',
    ),
  is_complete: z.boolean().describe('False: something is left for the next time'),
})

export type CleanReport = z.infer<typeof CleanReport>

export const backupOrRehearsal = z.union([BackupReport, Rehearsal])
