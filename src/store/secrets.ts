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
}

export async function listSecrets(db: Db): Promise<SecretRecord[]> {
  const rows = await db.selectFrom('secrets').selectAll().orderBy('name').execute()
  return rows.map(toRecord)
}

export async function getSecret(db: Db, name: string): Promise<SecretRecord | undefined> {
  const row = await db.selectFrom('secrets').selectAll().where('name', '=', name).executeTakeFirst()
  return row && toRecord(row)
}

/** Stores a secret or replaces it; the day it was first stored stays. */
export async function putSecret(
  db: Db,
  { name, record, kekId, now }: { name: string; record: string; kekId: string; now: Date },
): Promise<void> {
  const at = now.toISOString()
  const row = { record, kek_id: kekId, updated_at: at }
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

/** Notes that secrets were opened. */
export async function touchSecrets(db: Db, names: readonly string[], now: Date): Promise<void> {
  if (names.length === 0) return
  await db
    .updateTable('secrets')
    .set({ last_used_at: now.toISOString() })
    .where('name', 'in', names)
    .execute()
}

/** Secrets under each key: a key may go when its count is none. */
export async function countSecretsByKey(db: Db): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('secrets')
    .select(['kek_id', ({ fn }) => fn.countAll<number>().as('count')])
    .groupBy('kek_id')
    .execute()
  return new Map(rows.map((row) => [row.kek_id, Number(row.count)]))
}

const toRecord = (row: Selectable<Database['secrets']>): SecretRecord => ({
  name: row.name,
  record: row.record,
  kekId: row.kek_id,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  lastUsedAt: row.last_used_at,
})
