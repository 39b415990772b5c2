import type { Selectable } from 'kysely'
import { fromJson, toJson } from './json.ts'
import type { Database, Db } from './schema.ts'

/** One way to unlock the secrets. The key itself, or the passphrase, is never here. */
export type KeySlot = {
  /** 16 hex digits; stays when the slot's key is replaced. */
  id: string
  kind: 'key' | 'passphrase'
  label: string
  /** The public half of the slot's key; null in a slot from before version 3 that was not used since. */
  recipient: string | null
  /** How a passphrase becomes a key; null for a key. */
  kdf: unknown
  /** The master key that all secrets are sealed with. */
  masterId: string
  /** The master key, sealed for the recipient; null where the slot's key is the master itself (before version 3). */
  sealedMaster: string | null
  /** Opens only under the right master, and says which installation and slot it belongs to. */
  checkRecord: string
  createdAt: string
  /** Null: not known. */
  createdBy: string | null
}

/** Oldest first. */
export async function listKeySlots(db: Db): Promise<KeySlot[]> {
  const rows = await db
    .selectFrom('key_slots')
    .selectAll()
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return rows.map(toSlot)
}

/** Stores a slot, or replaces the one with its id. */
export async function putKeySlot(db: Db, slot: KeySlot): Promise<void> {
  const row = {
    kind: slot.kind,
    label: slot.label,
    recipient: slot.recipient,
    kdf: slot.kdf === null ? null : toJson(slot.kdf),
    master_id: slot.masterId,
    sealed_master: slot.sealedMaster,
    check_record: slot.checkRecord,
    created_at: slot.createdAt,
    created_by: slot.createdBy,
  }
  await db
    .insertInto('key_slots')
    .values({ id: slot.id, ...row })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
    .execute()
}

/** False when there is no such slot. */
export async function removeKeySlot(db: Db, id: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('key_slots')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  return numDeletedRows > 0n
}

/** Puts a record that was sealed anew in the place of the old one; the secret itself has not changed. */
export async function replaceRecord(
  db: Db,
  name: string,
  { record, kekId }: { record: string; kekId: string },
): Promise<void> {
  await db.updateTable('secrets').set({ record, kek_id: kekId }).where('name', '=', name).execute()
}

const toSlot = (row: Selectable<Database['key_slots']>): KeySlot => ({
  id: row.id,
  kind: row.kind,
  label: row.label,
  recipient: row.recipient,
  kdf: fromJson(row.kdf) ?? null,
  masterId: row.master_id,
  sealedMaster: row.sealed_master,
  checkRecord: row.check_record,
  createdAt: row.created_at,
  createdBy: row.created_by,
})
