import { lookForNextKey, readKeyFile } from '../../config/secrets/find-key.ts'
import { type OnStep, putNextInPlace } from '../../config/secrets/key-file.ts'
import type { Kek } from '../../config/secrets/keys.ts'
import { pairOf } from '../../config/secrets/recipient.ts'
import { CaravanError } from '../../core/errors.ts'
import { type KeySlot, listKeySlots } from '../../store/keys.ts'
import type { Db } from '../../store/schema.ts'
import { atomically } from '../../store/transaction.ts'

/**
 * Puts the next key in the place of the key file, when the slots have it and the file's key no longer. Under the write
 * lock, as is everything that touches the next file: else the draft of a rotation that begins now could replace the only
 * copy of the key in use. False when there was nothing to do. Throws `key_unwritable`.
 */
export function finishRotation(db: Db, path: string, onStep?: OnStep): Promise<boolean> {
  return atomically(db, async (tx) => {
    const slots = await listKeySlots(tx)
    if (isKeyOf(slots, await lookForOldKey(path))) return false
    if (!isKeyOf(slots, await lookForNextKey(path))) return false
    await putNextInPlace(path, onStep)
    return true
  })
}

function isKeyOf(slots: readonly KeySlot[], key: Kek | undefined): boolean {
  if (!key) return false
  const { recipient } = pairOf(key.key)
  return slots.some((slot) => slot.recipient === recipient)
}

/** Undefined also for what cannot be used: then it is no slot's key. */
async function lookForOldKey(path: string): Promise<Kek | undefined> {
  try {
    return await readKeyFile(path, path)
  } catch (error) {
    if (error instanceof CaravanError) return undefined
    throw error
  }
}
