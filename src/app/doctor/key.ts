import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { openSecret } from '../../config/secrets/envelope.ts'
import {
  keyMissing,
  type KeySearch,
  lookForKey,
  lookForNextKey,
} from '../../config/secrets/find-key.ts'
import { nextKeyFile } from '../../config/secrets/key-file.ts'
import type { Kek } from '../../config/secrets/keys.ts'
import { deriveKey, lookForPassphrase } from '../../config/secrets/passphrase.ts'
import { type KeyPair, pairOf } from '../../config/secrets/recipient.ts'
import { openMaster, verifySlot } from '../../config/secrets/slots.ts'
import { CaravanError } from '../../core/errors.ts'
import { type KeySlot, listKeySlots } from '../../store/keys.ts'
import { getMeta } from '../../store/meta.ts'
import { listSecrets, type SecretRecord } from '../../store/secrets.ts'
import { counted } from '../../core/words.ts'
import { identityOf } from '../secret-store.ts'
import { slotOf } from '../keys/unlock.ts'
import { type Check, type Finding, findingOf, NotLookedAt } from './check.ts'
import type { Patient } from './patient.ts'
import { quoted } from './texts.ts'

const id = 'key'

export const key: Check = {
  id,
  title: 'Key and key slots',
  async run(patient) {
    const { slots, secrets } = await storedIn(patient)
    const findings = [...ofSlots(slots), ...ofOrphans(slots, secrets)]
    let found: Unlocked
    try {
      found = await unlockToLook(patient)
    } catch (error) {
      if (error instanceof NotAsked) return [unasked, ...findings]
      // Its mode and owner are looked at with those of the other files.
      const isTold = error instanceof CaravanError && error.code === 'key_unsafe'
      return isTold ? findings : [findingOf(id, error), ...findings]
    }
    return [...(await ofRotation(found, slots)), ...ofAltered(found, slots), ...findings]
  },
}

type Unlocked = { master: Kek; instanceId: string; search: KeySearch; isNext: boolean }

const unlocked = new WeakMap<Patient, Promise<Unlocked>>()

/** Once for all checks: a passphrase is slow to try. */
function unlockToLook(patient: Patient): Promise<Unlocked> {
  const known = unlocked.get(patient) ?? lookForMaster(patient)
  unlocked.set(patient, known)
  return known
}

/** The master key as the program finds it, without finishing or upgrading anything on the way. */
async function lookForMaster(patient: Patient): Promise<Unlocked> {
  const { db } = await patient.state()
  const { slots } = await storedIn(patient)
  const instanceId = (await getMeta(db, 'instance_id')) ?? ''
  const search = await lookForKey(await placesOf(patient))
  const next = search.path === undefined ? undefined : await lookForNextKey(search.path)
  for (const candidate of [search.key, next]) {
    const slot = slotOf(slots, candidate)
    if (!candidate || !slot) continue
    const master = openSlot(slot, candidate, instanceId)
    return { master, instanceId, search, isNext: candidate === next }
  }
  const opened = await tryPassphrase(patient, slots, instanceId)
  if (opened.master) return { master: opened.master, instanceId, search, isNext: false }
  const mayAsk = slots.some(({ kind }) => kind === 'passphrase')
  if (mayAsk && !opened.wasTried && !search.key) throw new NotAsked()
  if (search.key) throw opensNothing(`the key in ${search.key.source}`)
  throw opened.wasTried ? opensNothing('the passphrase given here') : keyMissing(search.looked)
}

class NotAsked extends Error {
  override name = 'NotAsked'
}

const unasked: Finding = {
  check: id,
  severity: 'note',
  what: 'the stored secrets open with a passphrase, and nobody is asked for it here',
  why: 'so none of them was opened',
  mend: 'Name a file that holds it: CARAVAN_PASSPHRASE_FILE=<file> caravan doctor',
}

const opensNothing = (what: string): CaravanError =>
  new CaravanError({
    code: 'key_wrong',
    message: `${what} opens none of the key slots of this state`,
    hint: 'Give caravan the key that belongs to this state: "caravan key list" shows the slots.',
  })

async function placesOf(patient: Patient) {
  const { env } = patient.app
  const loaded = await patient.config().catch(() => undefined)
  return {
    env,
    configDir: dirname(patient.configFile() ?? ''),
    keyFile: loaded?.config.key_file,
    credentialsDirectory: env.CREDENTIALS_DIRECTORY || undefined,
  }
}

/** In a slot from before there were masters, the key is the master itself. */
function openSlot(slot: KeySlot, candidate: Kek, instanceId: string): Kek {
  const { sealedMaster } = slot
  if (sealedMaster === null) return candidate
  return openMaster(pairOf(candidate.key), { ...slot, sealedMaster }, instanceId)
}

async function tryPassphrase(
  patient: Patient,
  slots: readonly KeySlot[],
  instanceId: string,
): Promise<{ master?: Kek; wasTried: boolean }> {
  const { passphrase } = await lookForPassphrase(patient.app.env)
  if (!passphrase) return { wasTried: false }
  for (const slot of slots.filter(({ kind }) => kind === 'passphrase')) {
    const pair: KeyPair = pairOf(await deriveKey(passphrase.text, slot.kdf))
    const { sealedMaster } = slot
    if (pair.recipient !== slot.recipient || sealedMaster === null) continue
    return { master: openMaster(pair, { ...slot, sealedMaster }, instanceId), wasTried: true }
  }
  return { wasTried: true }
}

async function storedIn(patient: Patient): Promise<{ slots: KeySlot[]; secrets: SecretRecord[] }> {
  const { db } = await patient.state()
  return { slots: await listKeySlots(db), secrets: await listSecrets(db) }
}

function ofSlots(slots: readonly KeySlot[]): Finding[] {
  if (slots.length !== 1) return []
  return [
    {
      check: id,
      severity: 'note',
      what: 'there is only one key slot',
      why: 'a key that is lost takes every stored secret with it',
      mend: 'caravan key add --passphrase',
    },
  ]
}

function ofOrphans(slots: readonly KeySlot[], secrets: readonly SecretRecord[]): Finding[] {
  const masters = new Set(slots.map(({ masterId }) => masterId))
  const orphans = secrets.filter(({ kekId }) => !masters.has(kekId))
  if (orphans.length === 0) return []
  const names = orphans.map(({ name }) => name)
  return [
    {
      check: id,
      severity: 'problem',
      what: `${counted(orphans.length, 'secret')} cannot be opened by any key slot: ${names.join(', ')}`,
      why: 'the slot of the key they were sealed with is gone',
      mend:
        names.length === 1
          ? `caravan secret set ${quoted(names[0] ?? '')}`
          : `Bring a backup back with "caravan restore <backup>", or store each of them again: caravan secret set <name>`,
    },
  ]
}

/** Never says that a key file may be removed: a rotation of another process may be putting it to use just now. */
async function ofRotation(
  { search, isNext }: Unlocked,
  slots: readonly KeySlot[],
): Promise<Finding[]> {
  if (search.path === undefined) return []
  const next = await nextKeyFile(search.path)
  if (!existsSync(next)) return []
  if (isNext) {
    return [
      {
        check: id,
        severity: 'warning',
        what: `a key rotation was stopped before its last step: the key in use is ${next}`,
        mend: 'caravan key rotate',
      },
    ]
  }
  const other = slotOf(slots, await lookForNextKey(search.path).catch(() => undefined))
  if (other) {
    return [
      {
        check: id,
        severity: 'warning',
        what: `${next} is the key of the slot ${other.label}, and a rotation of ${search.path} needs that name`,
        mend: `mv ${quoted(next)} ${quoted(`${search.path}.${other.id}`)}`,
      },
    ]
  }
  return [
    {
      check: id,
      severity: 'note',
      what: `${next} is the draft of a key rotation that did not get far, and opens nothing`,
      why: 'the next rotation uses it up',
      mend: 'caravan key rotate',
    },
  ]
}

/** Whoever can write into the state, but has no key, could put a slot of his own there. */
function ofAltered({ master, instanceId }: Unlocked, slots: readonly KeySlot[]): Finding[] {
  return slots.flatMap((slot): Finding[] => {
    const { recipient } = slot
    if (recipient === null || slot.masterId !== master.id) return []
    try {
      verifySlot(master, { ...slot, recipient }, instanceId)
      return []
    } catch (error) {
      return [findingOf(id, error, `caravan key remove ${slot.id}`)]
    }
  })
}

/** Opens stored secrets for other checks. Throws `NotLookedAt` without a key. */
export async function secretsOf(
  patient: Patient,
): Promise<{ records: SecretRecord[]; read(name: string): string | undefined }> {
  const { secrets } = await storedIn(patient)
  const { master } = await unlockToLook(patient).catch((error: unknown) => {
    throw new NotLookedAt('there is no key to open the secrets with', { cause: error })
  })
  return {
    records: secrets,
    read(name) {
      const found = secrets.find((secret) => secret.name === name)
      return found && openSecret(master, identityOf(name), found.record)
    },
  }
}
