import { z } from 'zod'
import { failureKinds } from '../../core/errors.ts'

/** What became of a call. */
export const CallAnswer = z.strictObject({
  items: z
    .array(z.unknown())
    .optional()
    .describe('Of an operation that lists: what it listed. Left out for the others'),
  id: z
    .string()
    .nullable()
    .describe('For "caravan call result" and "caravan logs show"; null: no call was made'),
  operation: z.string().describe('With its kind, such as sms.send'),
  outcome: z
    .enum(['done', 'partial', 'accepted', 'failed', 'unknown'])
    .describe(
      'partial: some of it was done; accepted: it waits in the queue; unknown: the vendor may have acted',
    ),
  service: z.string().nullable().describe('Who answered; null when nobody has'),
  output: z
    .unknown()
    .describe('As the operation declares it; null when there is none. "caravan kinds" names it'),
  age_ms: z.int().nullable().describe('How old an answer from the cache is; null: it is fresh'),
  stale: z.boolean().describe('True: it stands in for a vendor that could not be asked'),
  repeated: z
    .strictObject({
      at: z.iso.datetime().describe('When it ended; or was accepted, while it waits'),
      service: z.string().nullable(),
    })
    .nullable()
    .describe('Set when nothing was sent, for a call with the same key was made before'),
  error: z
    .strictObject({
      kind: z.enum(failureKinds).nullable().describe('null: not the fault of a vendor'),
      code: z.string().nullable().describe("The vendor's own code, or ours where kind is null"),
      message: z.string(),
      hint: z.string().nullable(),
    })
    .nullable(),
})

export type CallAnswer = z.infer<typeof CallAnswer>

/** What a call would do. */
export const CallRehearsal = z.strictObject({
  dry_run: z.literal(true),
  operation: z.string(),
  effect: z.enum(['read', 'write', 'message', 'money']),
  input: z.unknown().describe('As it was read; secrets and personal data are masked'),
  services: z
    .array(z.string())
    .describe('Who would be asked now, in this order; none: nobody could take it now'),
  first_among: z
    .int()
    .describe('So many of them, from the first on, have one priority: a call draws one by weight'),
  not_asked: z
    .array(
      z.strictObject({
        service: z.string(),
        why: z.string(),
        until: z.iso.datetime().nullable().describe('When it may be asked again by itself'),
      }),
    )
    .describe('Services of the kind that would be passed over, and why'),
  queued: z.boolean().describe('True: it would wait in the queue at first'),
  consent: z
    .enum(['nothing', 'yes', 'amount'])
    .describe('What it takes to be sent without a terminal: nothing, --yes, or --confirm'),
  amount: z.string().nullable().describe('What --confirm has to say; null when no money moves'),
})

export type CallRehearsal = z.infer<typeof CallRehearsal>

export const callOrRehearsal = z.union([CallAnswer, CallRehearsal])
