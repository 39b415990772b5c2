import { z } from 'zod'

/** One thing that `caravan doctor` has found. */
export const DoctorFinding = z.strictObject({
  check: z.string().describe('Id of the check'),
  severity: z.enum(['problem', 'warning', 'note']),
  what: z.string(),
  why: z.string().nullable(),
  mend: z.string().describe('A command that can be run as it stands, or a sentence'),
  fixable: z.boolean().describe('--fix mends it'),
})

/** As `caravan doctor --json` prints it: what is left after fixing, the worst first. */
export const DoctorAnswer = z.strictObject({
  findings: z.array(DoctorFinding),
  fixed: z.array(
    z.strictObject({
      check: z.string(),
      what: z.string(),
      failed: z.string().nullable().describe('Why it could not be done; null when it was'),
    }),
  ),
  checks: z.array(
    z.strictObject({
      id: z.string(),
      title: z.string(),
      result: z
        .enum(['sound', 'note', 'warning', 'problem', 'skipped'])
        .describe('The worst of its findings; skipped: there was nothing it could look at'),
    }),
  ),
})

export type DoctorFinding = z.infer<typeof DoctorFinding>
export type DoctorAnswer = z.infer<typeof DoctorAnswer>
