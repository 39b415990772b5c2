/** From a key or a passphrase to the master key that every secret is sealed with. */
import { verifyCheckRecord } from '../../config/secrets/envelope.ts'
import {
  type FoundKey,
  keyMissing,
  type KeySearch,
  lookForKey,
  lookForNextKey,
} from '../../config/secrets/find-key.ts'
import type { Kek } from '../../config/secrets/keys.ts'
import { deriveKey, lookForPassphrase } from '../../config/secrets/passphrase.ts'
import { type KeyPair, pairOf } from '../../config/secrets/recipient.ts'
import { openMaster } from '../../config/secrets/slots.ts'
import { CaravanError } from '../../core/errors.ts'
import { type KeySlot, listKeySlots } from '../../store/keys.ts'
import type { Db } from '../../store/schema.ts'
import { finishRotation } from './next-file.ts'
import { upgradeSlot } from './upgrade.ts'

export type UnlockOptions = {
  db: Db
  instanceId: string
  env: Readonly<Record<string, string | undefined>>
  configDir: string
  /** `key_file` of the config. */
  keyFile?: string
  /** Asks a person, without showing what is typed; undefined when nobody can be asked. */
  askPassphrase?: (question: string) => Promise<string | undefined>
}

/** Where the key of the slot in use came from. */
export type Place =
  | { from: 'file'; path: string }
  /** A variable or a systemd credential: nothing that could be replaced from here. */
  | { from: 'outside' }
  | { from: 'passphrase' }

export type Unlocked = {
  master: Kek
  slotId: string
  /** Of the slot's own key. */
  pair: KeyPair
  /** For words: a path, a variable, a credential. */
  source: string
  place: Place
  /** This unlocking ended a rotation that was stopped after its last commit. */
  hasFinishedRotation: boolean
}

/**
 * Unlocks with the first key that is found (`lookForKey`), or with the one that a rotation has put beside it; where
 * neither belongs to a slot, with a passphrase. Throws `key_missing` with the places looked at, `key_wrong`, or what is
 * wrong with the key, the slot or the state.
 */
export async function unlock(options: UnlockOptions): Promise<Unlocked> {
  const found = await unlockByKey(options)
  if ('master' in found) return found
  const { search, slots } = found
  const passphrases = slots.filter(({ kind }) => kind === 'passphrase')
  if (passphrases.length === 0) throw search.key ? wrongKey(search.key) : keyMissing(search.looked)
  return unlockByPassphrase(options, passphrases, search)
}

/**
 * The same for who has unlocked before and now meets another master: by the slot's key as it is held, where the slot
 * still has it, for nobody must be asked again; else from the beginning.
 */
export async function unlockAgain(options: UnlockOptions, held: Unlocked): Promise<Unlocked> {
  const slots = await listKeySlots(options.db)
  const slot = slots.find(({ recipient }) => recipient === held.pair.recipient)
  if (!slot?.sealedMaster) return unlock(options)
  const { sealedMaster } = slot
  const master = openMaster(held.pair, { ...slot, sealedMaster }, options.instanceId)
  return { ...held, slotId: slot.id, master }
}

/** A key that was found here, and the slot it opens. */
export type KeyHere = { source?: string; slot?: KeySlot }

/** What a look at the places of keys shows, without asking for a passphrase or trying one. */
export async function lookHere(options: UnlockOptions): Promise<KeyHere> {
  const slots = await listKeySlots(options.db)
  try {
    const { key, path } = await lookForKey(searchOf(options))
    const next = path === undefined ? undefined : await lookForNextKey(path)
    return { source: (key ?? next)?.source, slot: slotOf(slots, key) ?? slotOf(slots, next) }
  } catch (error) {
    if (error instanceof CaravanError) return {}
    throw error
  }
}

/** The slot of a key; in a state from before there were slots, the key was the master itself. */
export function slotOf(
  slots: readonly KeySlot[],
  key: (Kek & { source?: string }) | undefined,
): KeySlot | undefined {
  if (!key) return undefined
  const { recipient } = pairOf(key.key)
  return slots.find((slot) =>
    slot.sealedMaster === null ? slot.masterId === key.id : slot.recipient === recipient,
  )
}

async function unlockByKey(
  options: UnlockOptions,
): Promise<Unlocked | { search: KeySearch; slots: KeySlot[] }> {
  const { db } = options
  // A rotation changes the files and the slots while we look. Two looks that saw the same met none.
  for (let before = ''; ;) {
    const search = await lookForKey(searchOf(options))
    const { key, path } = search
    const next = path === undefined ? undefined : await lookForNextKey(path)
    const slots = await listKeySlots(db)
    const place: Place = path === undefined ? { from: 'outside' } : { from: 'file', path }
    for (const candidate of [key, next]) {
      const slot = slotOf(slots, candidate)
      if (!candidate || !slot) continue
      const unlocked = await openSlot(options, slot, candidate, place)
      if (!unlocked) break
      if (candidate === key || path === undefined) return unlocked
      // The key opens where it lies; that it cannot be put in its place is for the next rotation to tell.
      const hasFinishedRotation = await finishRotation(db, path).catch(() => false)
      return { ...unlocked, hasFinishedRotation }
    }
    const seen = JSON.stringify([key?.id, next?.id, slots.map((one) => [one.id, one.masterId])])
    if (seen === before) return { search, slots }
    before = seen
  }
}

async function openSlot(
  { db, instanceId }: UnlockOptions,
  slot: KeySlot,
  key: FoundKey,
  place: Place,
): Promise<Unlocked | undefined> {
  const pair = pairOf(key.key)
  const { sealedMaster } = slot
  const unlocked = { slotId: slot.id, pair, source: key.source, place, hasFinishedRotation: false }
  if (sealedMaster !== null) {
    return { ...unlocked, master: openMaster(pair, { ...slot, sealedMaster }, instanceId) }
  }
  verifyCheckRecord(key, instanceId, slot.checkRecord)
  const master = await upgradeSlot(db, instanceId, slot, key)
  return master && { ...unlocked, master }
}

async function unlockByPassphrase(
  options: UnlockOptions,
  slots: readonly KeySlot[],
  search: KeySearch,
): Promise<Unlocked> {
  const { passphrase, looked } = await lookForPassphrase(options.env)
  if (passphrase) {
    const unlocked = await tryPassphrase(options, slots, passphrase.text, passphrase.source)
    if (unlocked) return unlocked
    throw wrongPassphrase(`the passphrase from ${passphrase.source} opens`)
  }
  for (let isWrong = false; options.askPassphrase; isWrong = true) {
    const question = isWrong ? 'That one opens nothing. Passphrase' : 'Passphrase of the secrets'
    const text = await options.askPassphrase(question)
    if (text === undefined) {
      if (isWrong) throw wrongPassphrase('none of the passphrases opens')
      break
    }
    const unlocked = await tryPassphrase(options, slots, text, 'the passphrase')
    if (unlocked) return unlocked
  }
  if (search.key) throw wrongKey(search.key, looked)
  throw keyMissing([...search.looked, ...looked, '  a terminal to ask at: there is none'])
}

async function tryPassphrase(
  { instanceId }: UnlockOptions,
  slots: readonly KeySlot[],
  text: string,
  source: string,
): Promise<Unlocked | undefined> {
  for (const slot of slots) {
    const pair = pairOf(await deriveKey(text, slot.kdf))
    const { sealedMaster } = slot
    if (pair.recipient !== slot.recipient || sealedMaster === null) continue
    const master = openMaster(pair, { ...slot, sealedMaster }, instanceId)
    const place = { from: 'passphrase' } as const
    return { master, slotId: slot.id, pair, source, place, hasFinishedRotation: false }
  }
  return undefined
}

const searchOf = ({ env, configDir, keyFile }: UnlockOptions) => ({
  env,
  configDir,
  keyFile,
  credentialsDirectory: env.CREDENTIALS_DIRECTORY || undefined,
})

const wrongKey = ({ source, id }: FoundKey, looked: readonly string[] = []): CaravanError =>
  new CaravanError({
    code: 'key_wrong',
    message:
      `the key in ${source} (${id}) is not the one this state was made with` +
      (looked.length > 0 ? `, and there is no passphrase. Looked at:\n${looked.join('\n')}` : ''),
    hint: 'Give caravan the key that belongs to this state file, the new one if it was rotated. Nothing was changed.',
    see: 'caravan key list',
  })

const wrongPassphrase = (what: string): CaravanError =>
  new CaravanError({
    code: 'key_wrong',
    message: `${what} none of the key slots of this state`,
    hint: 'Check it for another keyboard layout or a stray blank. Nothing was changed.',
    see: 'caravan key list',
  })
