/** Giving a state another master key. Everything here belongs into one transaction. */
import { rewrap } from '../../config/secrets/envelope.ts'
import type { OnStep } from '../../config/secrets/key-file.ts'
import type { Kek } from '../../config/secrets/keys.ts'
import type { Recipient } from '../../config/secrets/recipient.ts'
import { sealMaster, verifySlot } from '../../config/secrets/slots.ts'
import { CaravanError } from '../../core/errors.ts'
import { overwriteDeleted } from '../../store/dialect.ts'
import { type KeySlot, putKeySlot, replaceRecord } from '../../store/keys.ts'
import type { Db } from '../../store/schema.ts'
import { listSecrets } from '../../store/secrets.ts'

export type Rekey = {
  from: Kek
  to: Kek
  instanceId: string
  /** The slots that stay as they are. */
  slots: readonly KeySlot[]
  onStep?: OnStep
}

/**
 * Wraps every secret for the new master and seals it for every slot that stays. Returns the number of secrets. Throws
 * `secret_damaged` when one of them, or a slot, was altered: nothing may be lost on the way.
 */
export async function rekey(
  tx: Db,
  { from, to, instanceId, slots, onStep }: Rekey,
): Promise<number> {
  const count = await rewrapSecrets(tx, from, to, onStep)
  for (const slot of slots) {
    const recipient = requireRecipient(slot)
    verifySlot(from, { ...slot, recipient }, instanceId)
    await sealSlot(tx, to, instanceId, { ...slot, recipient })
    onStep?.(`slot ${slot.label}`)
  }
  return count
}

/** The values themselves are never opened. */
export async function rewrapSecrets(tx: Db, from: Kek, to: Kek, onStep?: OnStep): Promise<number> {
  await overwriteDeleted(tx)
  const secrets = await listSecrets(tx)
  for (const { name, record } of secrets) {
    await replaceRecord(tx, name, { record: rewrap(from, to, record, name), kekId: to.id })
    onStep?.(`secret ${name}`)
  }
  return secrets.length
}

export type OpenSlot = Omit<KeySlot, 'masterId' | 'sealedMaster' | 'checkRecord'> & {
  recipient: Recipient
}

/** Stores a slot with the master sealed for it. */
export async function sealSlot(
  tx: Db,
  master: Kek,
  instanceId: string,
  slot: OpenSlot,
): Promise<KeySlot> {
  const sealed = { ...slot, ...sealMaster(master, slot, instanceId) }
  await putKeySlot(tx, sealed)
  return sealed
}

function requireRecipient({ recipient, label }: KeySlot): Recipient {
  if (recipient !== null) return recipient
  throw new CaravanError({
    code: 'key_wrong',
    message: `the key slot ${label} is from an older version, and only its own key can bring it to this one`,
    hint: 'Run "caravan config check" once with that key, or remove the slot.',
    see: 'caravan key list',
  })
}
