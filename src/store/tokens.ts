import type { Selectable } from 'kysely'
import { fromJson, toJson } from './json.ts'
import type { Database, Db } from './schema.ts'
import { atomically } from './transaction.ts'

export type TokenScope = 'read' | 'call' | 'admin'

/** A key to the listener's API. The token itself is nowhere: only its SHA-256 is kept. */
export type Token = {
  id: string
  name: string
  scopes: TokenScope[]
  createdAt: string
  createdBy: string
  /** Null: it never expires. */
  expiresAt: string | null
  /** Noted at most once a minute; null: never used. */
  usedAt: string | null
  revokedAt: string | null
}

export type NewToken = Pick<Token, 'id' | 'name' | 'scopes' | 'createdBy'> & {
  /** SHA-256 of the token, in hex. */
  hash: string
  expiresAt?: Date
  now: Date
}

/**
 * Keeps a new one. The name of one that is revoked or expired is free again, and its row goes. Returns undefined when
 * the name belongs to one that still holds.
 */
export function insertToken(db: Db, token: NewToken): Promise<Token | undefined> {
  const { id, name, hash, scopes, createdBy, expiresAt, now } = token
  return atomically(db, async (tx) => {
    const former = await findToken(tx, name)
    if (former && tokenState(former, now) === 'active') return undefined
    if (former) await tx.deleteFrom('tokens').where('id', '=', former.id).execute()
    const row = {
      id,
      name,
      hash,
      scopes: toJson(scopes) ?? '[]',
      created_at: now.toISOString(),
      created_by: createdBy,
      expires_at: expiresAt?.toISOString() ?? null,
      used_at: null,
      revoked_at: null,
    }
    await tx.insertInto('tokens').values(row).execute()
    return toToken(row)
  })
}

export async function findToken(db: Db, name: string): Promise<Token | undefined> {
  const row = await db.selectFrom('tokens').selectAll().where('name', '=', name).executeTakeFirst()
  return row && toToken(row)
}

/** By the SHA-256 of a token, in hex. Revoked and expired ones are found too. */
export async function findTokenByHash(db: Db, hash: string): Promise<Token | undefined> {
  const row = await db.selectFrom('tokens').selectAll().where('hash', '=', hash).executeTakeFirst()
  return row && toToken(row)
}

/** By name. */
export async function listTokens(db: Db): Promise<Token[]> {
  const rows = await db.selectFrom('tokens').selectAll().orderBy('name').execute()
  return rows.map(toToken)
}

/** Returns the token as it stands now, and whether this revoked it; undefined when there is none of the name. */
export function revokeToken(
  db: Db,
  name: string,
  now: Date,
): Promise<{ token: Token; changed: boolean } | undefined> {
  return atomically(db, async (tx) => {
    const token = await findToken(tx, name)
    if (!token) return undefined
    if (token.revokedAt !== null) return { token, changed: false }
    const revokedAt = now.toISOString()
    await tx
      .updateTable('tokens')
      .set({ revoked_at: revokedAt })
      .where('id', '=', token.id)
      .execute()
    return { token: { ...token, revokedAt }, changed: true }
  })
}

export async function noteTokenUse(db: Db, id: string, now: Date): Promise<void> {
  await db.updateTable('tokens').set({ used_at: now.toISOString() }).where('id', '=', id).execute()
}

export function tokenState(
  { revokedAt, expiresAt }: Token,
  now: Date,
): 'active' | 'expired' | 'revoked' {
  if (revokedAt !== null) return 'revoked'
  return expiresAt !== null && expiresAt <= now.toISOString() ? 'expired' : 'active'
}

const toToken = (row: Selectable<Database['tokens']>): Token => ({
  id: row.id,
  name: row.name,
  scopes: fromJson<TokenScope[]>(row.scopes) ?? [],
  createdAt: row.created_at,
  createdBy: row.created_by,
  expiresAt: row.expires_at,
  usedAt: row.used_at,
  revokedAt: row.revoked_at,
})
