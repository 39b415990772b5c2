import { z } from 'zod'

/** A breaker as `caravan breaker list --json` shows it. */
export const BreakerInfo = z.strictObject({
  service: z.string(),
  state: z
    .enum(['closed', 'open', 'half-open', 'held'])
    .describe('held: nothing is sent until its config changes, for its credentials were refused'),
  failures: z.int().describe('In a row'),
  since: z.iso.datetime().nullable().describe('When it opened; null while it is closed'),
  until: z.iso
    .datetime()
    .nullable()
    .describe('When it lets one call through; null: at once, or when somebody resets it'),
  reason: z.string().nullable(),
  opened_by: z.string().nullable().describe('Who opened it by hand; null: nobody did'),
  probe: z
    .strictObject({
      call: z.string().describe('The call it let through to see whether the vendor is back'),
      host: z.string().nullable(),
      pid: z.int().nullable(),
      until: z.iso.datetime().describe('From then on another one may go, unless this goes on'),
    })
    .nullable(),
  paused_until: z.iso
    .datetime()
    .nullable()
    .describe('Before then the vendor wants no request; null: it has asked for no pause'),
})

export type BreakerInfo = z.infer<typeof BreakerInfo>

export const BreakerReset = z.strictObject({
  service: z.string(),
  changed: z.boolean().describe('False when there was nothing to free'),
  was: BreakerInfo.describe('As it stood before'),
  freed: z.array(z.string()).describe('What was lifted, in words'),
})

export type BreakerReset = z.infer<typeof BreakerReset>
