import { z } from 'zod'

/** A service as `caravan list --json` shows it. */
export const ServiceInfo = z.strictObject({
  name: z.string(),
  adapter: z.string(),
  kind: z.string(),
  priority: z.int(),
  weight: z.int(),
  state: z.enum(['enabled', 'disabled', 'faulty']),
  /** What the file wishes. */
  wish: z.enum(['enabled', 'disabled']),
  /** Why it is not enabled; null when it is. */
  why: z.string().nullable(),
  /** Who switched it off and when; null when no operator did. */
  switched_by: z.string().nullable(),
  switched_at: z.iso.datetime().nullable(),
  /** When an operator's switch ends by itself; null: never, or there is none. */
  until: z.iso.datetime().nullable(),
})

export type ServiceInfo = z.infer<typeof ServiceInfo>
