/** The unlock slots: seeing them, adding and removing them. */
import { basename, resolve } from 'node:path'
import { rm } from 'node:fs/promises'
import { writeKeyFile } from '../../config/secrets/key-file.ts'
import { newKey, parseKey } from '../../config/secrets/keys.ts'
import { deriveKey, newKdf, requireStrong } from '../../config/secrets/passphrase.ts'
import { pairOf, type Recipient } from '../../config/secrets/recipient.ts'
import { newMaster, newSlotId } from '../../config/secrets/slots.ts'
import { toInstant } from '../../core/clock.ts'
import { CaravanError } from '../../core/errors.ts'
import { type KeySlot, listKeySlots, removeKeySlot } from '../../store/keys.ts'
import type { Db } from '../../store/schema.ts'
import { atomically } from '../../store/transaction.ts'
import type { AddedSlot, KeySlotInfo, RemovedSlot } from '../answers/keys.ts'
import type { App } from '../app.ts'
import { unknownName } from '../catalogue.ts'
import { operatorName } from '../operator.ts'
import { rekey, sealSlot } from './rekey.ts'
import type { Unlocked } from './unlock.ts'
import { upgradeWithin } from './upgrade.ts'

/** What the use cases of keys need of the program. */
export type KeyApp = Pick<App, 'clock' | 'env' | 'state' | 'secrets'> & {
  /** What a new passphrase costs whoever guesses, `n` of scrypt; tests pay less. */
  kdfCost?: number
}

/** Needs no key, asks nobody. */
export async function listSlots(app: KeyApp): Promise<KeySlotInfo[]> {
  const { db } = await app.state()
  const slots = await listKeySlots(db)
  const here = await (await app.secrets()).lookHere()
  return slots.map((slot) => ({
    id: slot.id,
    kind: slot.kind,
    label: slot.label,
    created_at: slot.createdAt,
    created_by: slot.createdBy,
    in_use: slot.kind === 'passphrase' ? null : slot.id === here.slot?.id,
    recipient: slot.recipient,
  }))
}

/** What opens a new slot: a key file that is to be made, a passphrase, or a key that is elsewhere. */
export type NewSlot = (
  { file: string } | { passphrase: () => Promise<string> } | { recipient: Recipient }
) & { label?: string }

/**
 * Adds a slot. Throws `key_exists` for a file or a recipient that is there already, `usage` for a label that is taken,
 * `input_invalid` for a weak passphrase, `key_malformed` for what is no recipient.
 */
export async function addSlot(app: KeyApp, wanted: NewSlot): Promise<AddedSlot> {
  const store = await app.secrets()
  // First, for nobody should be asked for a new passphrase that cannot be stored.
  await store.unlocked()
  refuseTaken(await listKeySlots((await app.state()).db), wanted.label)
  if ('file' in wanted) return addFile(app, resolve(wanted.file), wanted.label)
  if ('recipient' in wanted) {
    const slot = { kind: 'key', kdf: null, recipient: wanted.recipient } as const
    return added(await insertSlot(app, { ...slot, label: wanted.label ?? 'elsewhere' }, wanted))
  }
  const text = await wanted.passphrase()
  requireStrong(text)
  const kdf = newKdf(app.kdfCost)
  const { recipient } = pairOf(await deriveKey(text, kdf))
  const slot = { kind: 'passphrase', kdf, recipient } as const
  return added(await insertSlot(app, { ...slot, label: wanted.label ?? 'passphrase' }, wanted))
}

/** The slot that is meant, with what has to be said before it goes. Throws `slot_unknown` or `key_last`. */
export async function planRemoval(
  app: KeyApp,
  name: string,
): Promise<{ id: string; label: string; isInUse: boolean }> {
  const { db } = await app.state()
  const slots = await listKeySlots(db)
  const { id, label } = slotNamed(slots, name)
  refuseLast(slots)
  return { id, label, isInUse: (await (await app.secrets()).unlocked()).slotId === id }
}

/**
 * Removes a slot. Who had its key could have kept the master key too, so that is replaced: every secret is wrapped for
 * the new one, which is sealed for the slots that stay.
 */
export async function removeSlot(app: KeyApp, id: string): Promise<RemovedSlot> {
  const { instanceId } = await app.state()
  return withMaster(app, async (tx, held, slots) => {
    const slot = slotNamed(slots, id)
    refuseLast(slots)
    await removeKeySlot(tx, slot.id)
    const rest = slots.filter((one) => one !== slot)
    const secrets = await rekey(tx, { from: held.master, to: newMaster(), instanceId, slots: rest })
    const wasInUse = slot.id === held.slotId
    return { slot: id, label: slot.label, was_in_use: wasInUse, secrets, slots: rest.length }
  })
}

/**
 * Runs `work` under the write lock with a master that is in use at that moment, looking for the key anew when another
 * process has changed it.
 */
export async function withMaster<T>(
  app: KeyApp,
  work: (tx: Db, held: Unlocked, slots: KeySlot[]) => Promise<T>,
): Promise<T> {
  const { db, instanceId } = await app.state()
  const store = await app.secrets()
  for (;;) {
    const held = await store.unlocked()
    const done = await atomically(db, async (tx) => {
      const slots = await listKeySlots(tx)
      const old = slots.find(({ id, sealedMaster }) => id === held.slotId && sealedMaster === null)
      // Unlocking went on without: whatever stood in the way has to be told now.
      if (old?.masterId === held.master.id) {
        await upgradeWithin(tx, instanceId, old, held.master, held.pair.recipient)
        return undefined
      }
      const isCurrent = slots.some(
        ({ id, recipient, masterId }) =>
          id === held.slotId && masterId === held.master.id && recipient === held.pair.recipient,
      )
      return isCurrent ? { value: await work(tx, held, slots) } : undefined
    })
    if (done) return done.value
    await store.unlockedAgain(held)
  }
}

/** A name that a rotation uses for itself. */
export function refuseNextName(path: string): void {
  if (!path.endsWith('.next')) return
  throw new CaravanError({
    code: 'usage',
    message: `${basename(path)} cannot be the name of a key file: a rotation uses names that end in .next`,
    hint: 'Name another file.',
  })
}

async function addFile(app: KeyApp, path: string, label: string | undefined): Promise<AddedSlot> {
  refuseNextName(path)
  const text = newKey()
  await writeKeyFile(path, text)
  try {
    const { recipient } = pairOf(parseKey(text, path).key)
    const slot = { kind: 'key', kdf: null, recipient, label: label ?? basename(path) } as const
    return added(await insertSlot(app, slot, { label }), path)
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
}

/** A label that was asked for is refused when it is taken; one that we chose gets a number. */
async function insertSlot(
  app: KeyApp,
  slot: { kind: KeySlot['kind']; kdf: unknown; recipient: Recipient; label: string },
  asked: { label?: string },
): Promise<KeySlot & { recipient: Recipient }> {
  const { instanceId } = await app.state()
  const { clock, env } = app
  return withMaster(app, async (tx, held, slots) => {
    refuseTaken(slots, asked.label)
    const same = slots.find(({ recipient }) => recipient === slot.recipient)
    if (same) {
      throw new CaravanError({
        code: 'key_exists',
        message: `this key opens the slot ${same.label} (${same.id}) already`,
        see: 'caravan key list',
      })
    }
    const labels = new Set(slots.map((one) => one.label))
    let label = slot.label
    for (let n = 2; labels.has(label); n++) label = `${slot.label} ${n}`
    const created = { createdAt: toInstant(clock.now()), createdBy: operatorName(env) }
    const opened = { ...slot, label, id: newSlotId(), ...created }
    return { ...(await sealSlot(tx, held.master, instanceId, opened)), recipient: slot.recipient }
  })
}

const added = (
  { id, kind, label, recipient }: KeySlot & { recipient: Recipient },
  file: string | null = null,
): AddedSlot => ({ slot: id, kind, label, recipient, file })

function refuseTaken(slots: readonly KeySlot[], label: string | undefined): void {
  if (label === undefined) return
  if (label.trim() === '' || label.length > 64 || /\p{Cc}/u.test(label)) {
    throw new CaravanError({
      code: 'usage',
      message: 'a label is one to 64 characters without line breaks',
      hint: 'Such as --label "office safe".',
    })
  }
  if (!slots.some((slot) => slot.label === label)) return
  throw new CaravanError({
    code: 'usage',
    message: `there is a key slot labelled ${label} already`,
    hint: 'Give the new one another label with --label.',
    see: 'caravan key list',
  })
}

/** By label, by id, or by the beginning of an id that no other shares. */
function slotNamed(slots: readonly KeySlot[], name: string): KeySlot {
  const exact = slots.find(({ id, label }) => id === name || label === name)
  const begun = name === '' ? [] : slots.filter(({ id }) => id.startsWith(name.toLowerCase()))
  const slot = exact ?? (begun.length === 1 ? begun[0] : undefined)
  if (slot) return slot
  if (begun.length > 1) {
    throw new CaravanError({
      code: 'usage',
      message: `the ids of ${begun.length} key slots begin with ${name}`,
      hint: 'Write more of the id.',
      see: 'caravan key list',
    })
  }
  const known = slots.flatMap(({ id, label }) => [id, label])
  throw unknownName('key slot', name, known, 'slot_unknown', 'caravan key list')
}

function refuseLast(slots: readonly KeySlot[]): void {
  if (slots.length > 1) return
  throw new CaravanError({
    code: 'key_last',
    message: 'this is the last key slot: without it nothing opens the secrets',
    hint: 'Add another one first with "caravan key add", or replace its key with "caravan key rotate".',
  })
}
