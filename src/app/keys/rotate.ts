/** A new key for the slot in use, and a new master key for everything. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { rm } from 'node:fs/promises'
import { type FoundKey, readKeyFile } from '../../config/secrets/find-key.ts'
import {
  formerKeyFile,
  keyExists,
  nextKeyFile,
  type OnStep,
  putNextInPlace,
  writeKeyFile,
} from '../../config/secrets/key-file.ts'
import { newKey, parseKey } from '../../config/secrets/keys.ts'
import { deriveKey, newKdf, requireStrong } from '../../config/secrets/passphrase.ts'
import { pairOf, type Recipient } from '../../config/secrets/recipient.ts'
import { newMaster } from '../../config/secrets/slots.ts'
import { CaravanError } from '../../core/errors.ts'
import { type KeySlot, listKeySlots } from '../../store/keys.ts'
import type { Db } from '../../store/schema.ts'
import { listSecrets } from '../../store/secrets.ts'
import type { RotatedKey } from '../answers/keys.ts'
import { finishRotation } from './next-file.ts'
import { rekey, sealSlot } from './rekey.ts'
import { type KeyApp, refuseNextName, withMaster } from './slots.ts'
import { slotOf, type Unlocked } from './unlock.ts'

export type RotateOptions = {
  /** Where the new key is to be written, when its place is not the key file. */
  to?: string
  /** Asks for the new passphrase, when a passphrase is what unlocks here. */
  newPassphrase(): Promise<string>
  onStep?: OnStep
}

/**
 * Rotates the slot in use. All secrets and slots change in one transaction, so that a kill at any point leaves either
 * the old key working or the new one:
 *
 *   1. the new key is on disk as `<key file>.next`, where every process looks when the key file opens nothing
 *   2. one transaction wraps all secrets for a new master key, sealed for the new key and for the other slots
 *   3. `.next` is renamed over the key file; whoever meets the state before that may do it too
 *
 * A rotation that was stopped after 2 is finished rather than begun again. Throws `value_missing` when the new key has
 * no place, `key_unwritable`, or what is wrong with the key in use.
 */
export async function rotateKey(app: KeyApp, options: RotateOptions): Promise<RotatedKey> {
  const to = options.to === undefined ? undefined : resolve(options.to)
  if (to !== undefined) refuseNextName(to)
  const finished = to === undefined ? undefined : await finishedEarlier(app, to)
  if (finished) return finished

  const held = await (await app.secrets()).unlocked()
  options.onStep?.('unlocked')
  const { place } = held
  if (held.hasFinishedRotation && place.from === 'file') {
    const { db } = await app.state()
    return resultOf(db, await slotIn(db, held), place.path, true)
  }
  if (place.from === 'passphrase') return rotatePassphrase(app, held.slotId, options)
  if (to !== undefined) return rotateTo(app, held.slotId, to, options)
  if (place.from === 'file') return rotateFile(app, held.slotId, place.path, options)
  throw new CaravanError({
    code: 'value_missing',
    message: `the key comes from ${held.source}, where caravan cannot put a new one`,
    hint: 'Say where to write the new key: caravan key rotate --to <file>. Then put it in the place of the old one.',
  })
}

async function rotateFile(
  app: KeyApp,
  slotId: string,
  path: string,
  { onStep }: RotateOptions,
): Promise<RotatedKey> {
  const { db } = await app.state()
  const former = (await formerKeyFile(path)) ?? null
  const result = await withMaster(app, async (tx, held, slots) => {
    onStep?.('locked')
    const { key } = await prepareNext(path, slots, onStep)
    const fresh = { recipient: pairOf(key).recipient }
    return replaceKey(app, tx, { held, slots, slotId, fresh, file: path, onStep })
  })
  onStep?.('committed')
  await finishRotation(db, path, onStep)
  const store = await app.secrets()
  await store.unlockedAgain(await store.unlocked())
  return { ...result, former }
}

/**
 * The next key, on disk. Nothing that a slot opens with is ever removed: a finished next file that could not be put in
 * its place goes there now, and a draft that was never committed is as good as a new one.
 */
async function prepareNext(
  path: string,
  slots: readonly KeySlot[],
  onStep: OnStep | undefined,
): Promise<FoundKey> {
  const next = await nextKeyFile(path)
  const draft = await readNext(next)
  if (draft && !slotOf(slots, draft)) return draft
  if (draft) {
    if (slotOf(slots, await readKeyFile(path, path))) throw nextInUse(next)
    await putNextInPlace(path, onStep)
  }
  try {
    // What is there now is half a key, of a process that was killed while it wrote.
    await rm(next, { force: true }).catch(() => undefined)
    return await writeKey(next, onStep)
  } catch (error) {
    if (!(error instanceof CaravanError) || error.code !== 'key_unwritable') throw error
    throw notBeside(error)
  }
}

/** Undefined for what is no key, or half of one. What cannot be read may be one: throws what is wrong with it. */
async function readNext(next: string): Promise<FoundKey | undefined> {
  try {
    return await readKeyFile(next, next)
  } catch (error) {
    if (error instanceof CaravanError && error.code === 'key_malformed') return undefined
    throw error
  }
}

/**
 * For a key that comes from outside: the new one goes where it was asked for, by way of a `.next` as well, and the
 * operator does the rest. A key that lies there is never taken: it may be the one that had to be replaced.
 */
async function rotateTo(
  app: KeyApp,
  slotId: string,
  to: string,
  { onStep }: RotateOptions,
): Promise<RotatedKey> {
  const { db } = await app.state()
  const result = await withMaster(app, async (tx, held, slots) => {
    onStep?.('locked')
    if (existsSync(to)) throw keyExists(to)
    const { key } = await prepareNext(to, slots, onStep)
    const fresh = { recipient: pairOf(key).recipient }
    return replaceKey(app, tx, { held, slots, slotId, fresh, file: to, onStep })
  })
  onStep?.('committed')
  await finishRotation(db, to, onStep)
  return result
}

async function rotatePassphrase(
  app: KeyApp,
  slotId: string,
  { newPassphrase, onStep }: RotateOptions,
): Promise<RotatedKey> {
  const text = await newPassphrase()
  requireStrong(text)
  const kdf = newKdf(app.kdfCost)
  const fresh = { recipient: pairOf(await deriveKey(text, kdf)).recipient, kdf }
  return withMaster(app, (tx, held, slots) =>
    replaceKey(app, tx, { held, slots, slotId, fresh, file: null, onStep }),
  )
}

type Replacement = {
  held: Unlocked
  slots: readonly KeySlot[]
  /** The slot that the new key was made for. */
  slotId: string
  fresh: { recipient: Recipient; kdf?: unknown }
  file: string | null
  onStep: OnStep | undefined
}

/** The heart of it; belongs into a transaction. */
async function replaceKey(
  app: KeyApp,
  tx: Db,
  { held, slots, slotId, fresh, file, onStep }: Replacement,
): Promise<RotatedKey> {
  const { instanceId } = await app.state()
  const own = slots.find(({ id }) => id === slotId)
  if (!own || held.slotId !== slotId) throw slotGone()
  const others = slots.filter((slot) => slot !== own)
  const to = newMaster()
  await rekey(tx, { from: held.master, to, instanceId, slots: others, onStep })
  await sealSlot(tx, to, instanceId, { ...own, ...fresh })
  onStep?.('all sealed')
  return resultOf(tx, own, file, false)
}

/**
 * A rotation to this file that was stopped after its commit: the file holds a slot's key, and the key that is still given
 * to us opens nothing. There is nothing left but to say so.
 */
async function finishedEarlier(app: KeyApp, to: string): Promise<RotatedKey | undefined> {
  const { db } = await app.state()
  if (!existsSync(to)) await finishRotation(db, to)
  const slot = slotOf(await listKeySlots(db), await readKeyFile(to, to))
  if (!slot) return undefined
  const here = await (await app.secrets()).lookHere()
  if (here.source !== undefined && !here.slot) return resultOf(db, slot, to, true)
  throw new CaravanError({
    code: 'key_exists',
    message: `the key in ${to} opens the slot ${slot.label} already`,
    hint: 'Name a file that is not there yet.',
    see: 'caravan key list',
  })
}

async function resultOf(
  db: Db,
  { id, kind, label }: KeySlot,
  file: string | null,
  isFinishedEarlier: boolean,
): Promise<RotatedKey> {
  const slots = await listKeySlots(db)
  const secrets = await listSecrets(db)
  return {
    slot: id,
    kind,
    label,
    secrets: secrets.length,
    other_slots: slots.length - 1,
    file,
    former: null,
    finished_earlier: isFinishedEarlier,
  }
}

async function writeKey(path: string, onStep: OnStep | undefined): Promise<FoundKey> {
  const text = newKey()
  await writeKeyFile(path, text, onStep)
  return { ...parseKey(text, path), source: path }
}

async function slotIn(db: Db, held: Unlocked): Promise<KeySlot> {
  const slot = (await listKeySlots(db)).find(({ id }) => id === held.slotId)
  if (!slot) throw slotGone()
  return slot
}

/** A key file may be mounted, or belong to a folder that only root writes into. */
const notBeside = ({ code, message, hint, cause }: CaravanError): CaravanError =>
  new CaravanError({
    code,
    message,
    hint: `${hint} Or say where else to write the new key: caravan key rotate --to <file>`,
    cause,
  })

const slotGone = (): CaravanError =>
  new CaravanError({
    code: 'key_wrong',
    message: 'the key slot in use was removed by another process; nothing was changed',
    see: 'caravan key list',
  })

const nextInUse = (next: string): CaravanError =>
  new CaravanError({
    code: 'key_exists',
    message: `${next} is the key of another slot, and a rotation needs that name`,
    hint: 'Move that file to another name. Nothing was changed.',
  })
