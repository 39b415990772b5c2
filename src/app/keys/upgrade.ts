import type { FoundKey } from '../../config/secrets/find-key.ts'
import type { Kek } from '../../config/secrets/keys.ts'
import { pairOf, type Recipient } from '../../config/secrets/recipient.ts'
import { newMaster } from '../../config/secrets/slots.ts'
import { CaravanError } from '../../core/errors.ts'
import { type KeySlot, listKeySlots } from '../../store/keys.ts'
import type { Db } from '../../store/schema.ts'
import { atomically } from '../../store/transaction.ts'
import { rewrapSecrets, sealSlot } from './rekey.ts'

/**
 * Makes a whole slot of one from before there were slots, whose key is the master itself: a new random master, with
 * every secret wrapped anew. Returns the master to use: the old one, which opens the state too, while it cannot be written
 * or one of its secrets is damaged, which the others must not suffer from. Undefined when another process was first, and may have gone on to rotate: look again.
 */
export async function upgradeSlot(
  db: Db,
  instanceId: string,
  old: KeySlot,
  key: FoundKey,
): Promise<Kek | undefined> {
  try {
    return await atomically(db, async (tx) => {
      const slot = (await listKeySlots(tx)).find(({ id }) => id === old.id)
      if (slot?.sealedMaster !== null) return undefined
      return upgradeWithin(tx, instanceId, slot, key, pairOf(key.key).recipient)
    })
  } catch (error) {
    if (error instanceof CaravanError && mayWait.has(error.code)) return key
    throw error
  }
}

/** The same inside a transaction, for what cannot go on with the old master. Throws what stands in the way. */
export async function upgradeWithin(
  tx: Db,
  instanceId: string,
  slot: KeySlot,
  key: Kek,
  recipient: Recipient,
): Promise<Kek> {
  const master = newMaster()
  await rewrapSecrets(tx, key, master)
  await sealSlot(tx, master, instanceId, { ...slot, recipient })
  return master
}

const mayWait: ReadonlySet<string> = new Set([
  'state_read_only',
  'state_full',
  'state_busy',
  'secret_damaged',
  'key_wrong',
])
