import { z } from 'zod'

const instant = z.iso.datetime()

/** Something a vendor told us. */
export const HookInfo = z.strictObject({
  id: z.string(),
  service: z.string(),
  type: z.string().describe('Such as sms.status'),
  event_id: z.string().describe("The vendor's, or what tells it from every other one"),
  status: z
    .enum(['received', 'handled', 'failed'])
    .describe('received: not handled yet; failed: given up after several tries'),
  at: instant.nullable().describe('When it happened, where the vendor says so'),
  received_at: instant,
  handled_at: instant.nullable(),
  repeats: z.int().describe('How often the vendor sent it again'),
  tries: z.int(),
  next_at: instant.nullable().describe('When it is tried next; null with "received": at once'),
  outcome: z.string().nullable().describe('What handling it did, or what it waits for'),
  error: z.string().nullable().describe('Of the last try that failed'),
})

export type HookInfo = z.infer<typeof HookInfo>

export const HookDetails = HookInfo.extend({
  data: z.unknown().describe('In the words of the kind; masked'),
})

export type HookDetails = z.infer<typeof HookDetails>

/** What handling events again did, one by one. */
export const ReplayedHooks = z.strictObject({
  hooks: z.array(
    z.strictObject({
      id: z.string(),
      was: HookInfo.shape.status,
      status: HookInfo.shape.status,
      replay: z.string().describe('What handling it this time did'),
      outcome: z.string().nullable().describe('What handling it did when it changed something'),
      error: z.string().nullable(),
    }),
  ),
})

export type ReplayedHooks = z.infer<typeof ReplayedHooks>

/** What the vendor of a service is to be told, and what lets its webhooks in. */
export const HookAddress = z.strictObject({
  service: z.string(),
  adapter: z.string(),
  path: z.string().describe('On the listener, behind the address under which it can be reached'),
  proof: z.enum(['signature', 'none']).describe('none: the vendor signs nothing'),
  allow_from: z.array(z.string()).nullable().describe('Addresses; null: any'),
})

export type HookAddress = z.infer<typeof HookAddress>

/** What is known of a message that a call has sent. */
export const Delivery = z.strictObject({
  message_id: z.string(),
  to: z.string().describe('Masked'),
  status: z.string().describe('accepted, delivered, failed or unknown'),
  code: z.string().nullable().describe("The vendor's or the carrier's"),
  error: z.string().nullable(),
  at: instant.nullable().describe('When it reached the handset or failed'),
  updated_at: instant,
})

export type Delivery = z.infer<typeof Delivery>
