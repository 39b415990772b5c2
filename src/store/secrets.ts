import type { Selectable } from 'kysely'
import type { Database, Db } from './schema.ts'

/** A sealed secret; what is inside only src/config/secrets knows. */
export type SecretRecord = {
  name: string
  record: string
  /** The key its own data key is sealed with. */
  kekId: string
  createdAt: string
  updatedAt: string
  lastUsedAt: string | null
  /** When the credential ends, where anybody told. */
  expiresAt: string | null
  /** Who stored the value; null for one from before this was kept. */
  updatedBy: string | null
}

export async function listSecrets(db: Db): Promise<SecretRecord[]> {
  const rows = await db.selectFrom('secrets').selectAll().orderBy('name').execute()
  return rows.map(toRecord)
}

export async function getSecret(db: Db, name: string): Promise<SecretRecord | undefined> {
  const row = await db.selectFrom('secrets').selectAll().where('name', '=', name).executeTakeFirst()
  return row && toRecord(row)
}

export type NewSecret = {
  name: string
  record: string
  kekId: string
  now: Date
  /** ISO 8601, UTC. Left out: not known. */
  expiresAt?: string | null
  /** Who stores it. */
  by?: string
}

/** Stores a secret or replaces it; the day it was first stored stays, when the former value would have ended does not. */
export async function putSecret(
  db: Db,
  { name, record, kekId, now, expiresAt = null, by }: NewSecret,
): Promise<void> {
  const at = now.toISOString()
  const row = {
    record,
    kek_id: kekId,
    updated_at: at,
    expires_at: expiresAt,
    updated_by: by ?? null,
  }
  await db
    .insertInto('secrets')
    .values({ name, created_at: at, last_used_at: null, ...row })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
    .execute()
}

/** False when there is no such secret. */
export async function removeSecret(db: Db, name: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('secrets')
    .where('name', '=', name)
    .executeTakeFirstOrThrow()
  return numDeletedRows > 0n
}

/** Notes when a credential ends; null: not known. A name that is not stored is passed over. */
export async function noteSecretExpiry(
  db: Db,
  name: string,
  expiresAt: string | null,
): Promise<void> {
  await db
    .updateTable('secrets')
    .set({ expires_at: expiresAt })
    .where('name', '=', name)
    .where('expires_at', 'is distinct from', expiresAt)
    .execute()
}

/** Notes that secrets were opened. */
export async function touchSecrets(db: Db, names: readonly string[], now: Date): Promise<void> {
  if (names.length === 0) return
  await db
    .updateTable('secrets')
    .set({ last_used_at: now.toISOString() })
    .where('name', 'in', names)
    .execute()
}

const toRecord = (row: Selectable<Database['secrets']>): SecretRecord => ({
  name: row.name,
  record: row.record,
  kekId: row.kek_id,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  lastUsedAt: row.last_used_at,
  expiresAt: row.expires_at,
  updatedBy: row.updated_by,
})

/** Is another one as soon as a value was stored, replaced or removed. */
export async function secretsStamp(db: Db): Promise<string> {
  const rows = await db
    .selectFrom('secrets')
    .select(['name', 'updated_at'])
    .orderBy('name')
    .execute()
  return rows.map(({ name, updated_at: at }) => `${name} ${at}`).join('\n')
}
