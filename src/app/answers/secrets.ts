import { z } from 'zod'

/** A stored secret as `caravan secret list --json` shows it; never its value. */
export const SecretInfo = z.strictObject({
  name: z.string(),
  used_by: z
    .array(z.string())
    .describe('Services by their names, any other place of the config as its path'),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime().describe('When its value was last replaced'),
  updated_by: z.string().nullable().describe('Who replaced it; null: before this was kept'),
  last_used_at: z.iso.datetime().nullable().describe('null: never'),
  expires_at: z.iso
    .datetime()
    .nullable()
    .describe('When the credential ends, where the vendor, the certificate or the operator told'),
  flags: z
    .array(z.enum(['unused', 'never_used', 'idle', 'expires_soon', 'expired']))
    .describe(
      'unused: nothing in the config names it; never_used and idle (not used for 90 days): something does; ' +
        'expires_soon: within 30 days',
    ),
})

export type SecretInfo = z.infer<typeof SecretInfo>
