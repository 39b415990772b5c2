import { z } from 'zod'

/** A code as `caravan explain --json` shows it. */
export const Explained = z.strictObject({
  code: z.string(),
  group: z
    .enum(['error', 'call', 'outcome', 'test', 'api', 'exit'])
    .describe(
      'error: of caravan itself; call: the kind of failure of a call to a vendor; outcome: what a failed call left ' +
        'behind; test: what a connection test found; api: what the listener refuses; exit: an exit code of the program',
    ),
  exit: z
    .int()
    .nullable()
    .describe('The exit code it leads to; null when the code alone does not decide it'),
  cause: z.string().describe('What it means'),
  next: z.string().describe('What to do about it'),
})

export type Explained = z.infer<typeof Explained>
