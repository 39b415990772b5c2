import type { Db } from './schema.ts'

/** A key that secrets are sealed with, known by its id; the key itself is never here. */
export type KeySlot = {
  kekId: string
  /** Opens only under the right key: tells a wrong one at start. */
  checkRecord: string
  createdAt: string
}

/** Oldest first. */
export async function listKeySlots(db: Db): Promise<KeySlot[]> {
  return db
    .selectFrom('key_slots')
    .select(['kek_id as kekId', 'check_record as checkRecord', 'created_at as createdAt'])
    .orderBy('created_at')
    .orderBy('kek_id')
    .execute()
}

export async function getKeySlot(db: Db, kekId: string): Promise<KeySlot | undefined> {
  return (await listKeySlots(db)).find((slot) => slot.kekId === kekId)
}

export async function putKeySlot(
  db: Db,
  { kekId, checkRecord, createdAt }: KeySlot,
): Promise<void> {
  const row = { check_record: checkRecord, created_at: createdAt }
  await db
    .insertInto('key_slots')
    .values({ kek_id: kekId, ...row })
    .onConflict((conflict) => conflict.column('kek_id').doUpdateSet(row))
    .execute()
}

/** False when there is no such slot. */
export async function removeKeySlot(db: Db, kekId: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('key_slots')
    .where('kek_id', '=', kekId)
    .executeTakeFirstOrThrow()
  return numDeletedRows > 0n
}
