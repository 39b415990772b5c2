import { z } from 'zod'

const instant = z.iso.datetime()

/** A token of the listener's API; never the token itself. */
export const TokenInfo = z.strictObject({
  id: z.string(),
  name: z.string(),
  state: z.enum(['active', 'expired', 'revoked']),
  scopes: z.array(z.enum(['read', 'call', 'admin'])),
  created_at: instant,
  created_by: z.string(),
  expires_at: instant.nullable().describe('null: it never expires'),
  used_at: instant.nullable().describe('Noted at most once a minute; null: never'),
  revoked_at: instant.nullable(),
})

export type TokenInfo = z.infer<typeof TokenInfo>

export const CreatedToken = TokenInfo.extend({
  token: z.string().describe('Shown this once and kept nowhere'),
})

export type CreatedToken = z.infer<typeof CreatedToken>

export const RevokedToken = TokenInfo.extend({
  changed: z.boolean().describe('False when it was revoked before'),
})

export type RevokedToken = z.infer<typeof RevokedToken>
