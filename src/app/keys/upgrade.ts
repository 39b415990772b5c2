import type { FoundKey } from '../../config/secrets/find-key.ts'
import type { Kek } from '../../config/secrets/keys.ts'
import { pairOf } from '../../config/secrets/recipient.ts'
import { newMaster } from '../../config/secrets/slots.ts'
import { CaravanError } from '../../core/errors.ts'
import { type KeySlot, listKeySlots } from '../../store/keys.ts'
import type { Db } from '../../store/schema.ts'
import { atomically } from '../../store/transaction.ts'
import { rewrapSecrets, sealSlot } from './rekey.ts'

/**
 * Makes a whole slot of one from before there were slots, whose key is the master itself: a new random master, with
 * every secret wrapped anew. Returns the master to use: the old one while the state cannot be written, which it opens.
 * Undefined when another process was first, and may have gone on to rotate: look again.
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
      const master = newMaster()
      await rewrapSecrets(tx, key, master)
      const { recipient } = pairOf(key.key)
      await sealSlot(tx, master, instanceId, { ...slot, recipient })
      return master
    })
  } catch (error) {
    if (error instanceof CaravanError && mayWait.has(error.code)) return key
    throw error
  }
}

const mayWait: ReadonlySet<string> = new Set(['state_read_only', 'state_full', 'state_busy'])
