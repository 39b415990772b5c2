/** The master key of a state, and how an unlock slot holds it. */
import { createSecretKey, randomBytes } from 'node:crypto'
import { CaravanError } from '../../core/errors.ts'
import { checkRecord, verifyCheckRecord } from './envelope.ts'
import { type Kek, keyId } from './keys.ts'
import { type KeyPair, openSealed, type Recipient, sealFor } from './recipient.ts'

export type SlotIdentity = { id: string; recipient: Recipient }

/** What a slot holds of the master, without its key. */
export type SealedMaster = { masterId: string; sealedMaster: string; checkRecord: string }

/** A random key that exists in this process and, sealed, in the slots. */
export const newMaster = (): Kek => asMaster(randomBytes(32))

export const newSlotId = (): string => randomBytes(8).toString('hex')

/** Seals the master for a slot; nothing but the public half of its key is needed. Throws `key_malformed`. */
export function sealMaster(master: Kek, slot: SlotIdentity, instanceId: string): SealedMaster {
  const bytes = master.key.export()
  const sealedMaster = sealFor(slot.recipient, contextOf(slot.id, master.id), bytes)
  bytes.fill(0)
  return { masterId: master.id, sealedMaster, checkRecord: checkRecord(master, instanceId, slot) }
}

/**
 * The master out of a slot. Throws `secret_damaged` when the slot was altered, `state_swapped` when the state is another
 * installation's.
 */
export function openMaster(
  pair: KeyPair,
  slot: SealedMaster & { id: string; label: string },
  instanceId: string,
): Kek {
  const bytes = openSealed(pair, contextOf(slot.id, slot.masterId), slot.sealedMaster)
  const master = bytes?.length === 32 ? asMaster(bytes) : undefined
  if (master?.id !== slot.masterId) throw slotDamaged(slot)
  verifySlot(master, { ...slot, recipient: pair.recipient }, instanceId)
  return master
}

/**
 * Before the next master is sealed for a slot: whoever can write into the state, but has no key, must not be able to put
 * a recipient of his own there and wait for the next rotation.
 */
export function verifySlot(
  master: Kek,
  slot: SlotIdentity & { label: string; checkRecord: string },
  instanceId: string,
): void {
  try {
    verifyCheckRecord(master, instanceId, slot.checkRecord, slot)
  } catch (error) {
    if (error instanceof CaravanError && error.code === 'state_swapped') throw error
    throw slotDamaged(slot)
  }
}

const contextOf = (slotId: string, masterId: string): string =>
  JSON.stringify(['caravan-master-v1', slotId, masterId])

function asMaster(bytes: Buffer): Kek {
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return { id: keyId(key), key }
}

const slotDamaged = ({ id, label }: { id: string; label: string }): CaravanError =>
  new CaravanError({
    code: 'secret_damaged',
    message: `the key slot ${label} (${id}) was altered, cut or moved`,
    hint: 'Unlock with another slot and remove this one with "caravan key remove", or restore a backup of the state file.',
    see: 'caravan key list',
  })
