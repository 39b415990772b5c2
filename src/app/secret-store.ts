import { type Identity, openSecret, sealSecret } from '../config/secrets/envelope.ts'
import type { Kek } from '../config/secrets/keys.ts'
import type { Clock } from '../core/clock.ts'
import { CaravanError } from '../core/errors.ts'
import { overwriteDeleted } from '../store/dialect.ts'
import { listKeySlots } from '../store/keys.ts'
import type { Db } from '../store/schema.ts'
import {
  getSecret,
  listSecrets,
  putSecret,
  removeSecret,
  type SecretRecord,
  touchSecrets,
} from '../store/secrets.ts'
import { atomically } from '../store/transaction.ts'
import { operatorName } from './operator.ts'
import {
  type KeyHere,
  lookHere,
  unlock,
  unlockAgain,
  type Unlocked,
  type UnlockOptions,
} from './keys/unlock.ts'

export type SecretValue = {
  name: string
  value: string
  /** When the credential ends, where that is known: ISO 8601, UTC. */
  expiresAt?: string | null
}

/**
 * The encrypted store. It is unlocked when a value is first read or written. Other processes may change the master key
 * at any time: whoever meets a record of another one looks for the key anew and goes on.
 */
export type SecretStore = {
  /** Undefined when there is no such secret. */
  read(name: string): Promise<string | undefined>
  /** True when the name is new. */
  write(name: string, value: string, expiresAt?: string | null): Promise<boolean>
  /** All of them or none. */
  writeAll(values: readonly SecretValue[]): Promise<void>
  /** False when there was none. */
  remove(name: string): Promise<boolean>
  list(): Promise<SecretRecord[]>
  /** The master key, and the words for where the key that unlocks it came from. */
  key(): Promise<Kek & { source: string }>
  /** Throws `key_missing`, `key_wrong`, or what else is wrong with the key. */
  unlocked(): Promise<Unlocked>
  /** Looks again, when `held` is what was found before: its master is no longer the one in use. */
  unlockedAgain(held: Unlocked): Promise<Unlocked>
  /** The key that is found here, with the slot it opens. Asks nobody, and tries no passphrase. */
  lookHere(): Promise<KeyHere>
}

export type SecretStoreOptions = UnlockOptions & { clock: Clock }

export const identityOf = (name: string): Identity => ({ table: 'secrets', name, version: 1 })

/** How often a person may mistype a passphrase, in all. */
const maxAsked = 3
/** A use is noted as often as this for one secret, in milliseconds: reading must not become writing. */
const noteEveryMs = 3_600_000

export function openSecretStore(all: SecretStoreOptions): SecretStore {
  const { db, clock, askPassphrase } = all
  let asked = 0
  const options: UnlockOptions = {
    ...all,
    askPassphrase:
      askPassphrase &&
      (async (question) => (asked++ < maxAsked ? askPassphrase(question) : undefined)),
  }
  let held: { unlocked: Promise<Unlocked>; value?: Unlocked } | undefined

  /** Whoever comes meanwhile waits for the same; a failure is not kept, for the key may come later. */
  function keep(unlocking: Promise<Unlocked>): Promise<Unlocked> {
    const entry: NonNullable<typeof held> = { unlocked: unlocking }
    held = entry
    unlocking.then(
      (value) => (entry.value = value),
      () => held === entry && (held = undefined),
    )
    return unlocking
  }

  const unlocked = (): Promise<Unlocked> => held?.unlocked ?? keep(unlock(options))
  const unlockedAgain = (former: Unlocked): Promise<Unlocked> =>
    held?.value === former ? keep(unlockAgain(options, former)) : unlocked()
  const noteUse = useNotes(db, clock)

  async function writeAll(values: readonly SecretValue[]): Promise<boolean[]> {
    for (;;) {
      const now = await unlocked()
      const stamp = { now: clock.now(), by: operatorName(all.env) }
      const areNew = await writeSealed(db, now.master, values, stamp)
      if (areNew) return areNew
      await unlockedAgain(now)
    }
  }

  return {
    unlocked,
    unlockedAgain,
    lookHere: () => lookHere(options),
    list: () => listSecrets(db),
    remove: (name) => removeSecret(db, name),

    async key() {
      const { master, source } = await unlocked()
      return { ...master, source }
    },

    async read(name) {
      for (let before = ''; ;) {
        const stored = await getSecret(db, name)
        if (!stored) return undefined
        const now = await unlocked()
        const seen = `${stored.kekId} ${now.master.id}`
        // The same mismatch twice is no rotation that went by: then the record itself is what is wrong.
        if (stored.kekId === now.master.id || seen === before) {
          const value = openSecret(now.master, identityOf(name), stored.record)
          await noteUse(stored)
          return value
        }
        before = seen
        await unlockedAgain(now)
      }
    },

    async write(name, value, expiresAt) {
      const [isNew = false] = await writeAll([{ name, value, expiresAt }])
      return isNew
    },

    async writeAll(values) {
      await writeAll(values)
    },
  }
}

/**
 * Stores values and tells of each whether its name is new. Undefined, and nothing written, when the master is no longer
 * the one in use: under the write lock that is known for sure.
 */
function writeSealed(
  db: Db,
  master: Kek,
  values: readonly SecretValue[],
  stamp: { now: Date; by: string },
): Promise<boolean[] | undefined> {
  return atomically(db, async (tx) => {
    const slots = await listKeySlots(tx)
    if (!slots.some(({ masterId }) => masterId === master.id)) return undefined
    await overwriteDeleted(tx)
    const areNew: boolean[] = []
    for (const { name, value, expiresAt } of values) {
      areNew.push((await getSecret(tx, name)) === undefined)
      const record = sealSecret(master, identityOf(name), value)
      await putSecret(tx, { name, record, kekId: master.id, expiresAt, ...stamp })
    }
    return areNew
  })
}

/** Notes the use of secrets, at most once an hour for each, whichever process used it. */
function useNotes(db: Db, clock: Clock): (stored: SecretRecord) => Promise<void> {
  const noted = new Map<string, number>()
  return async ({ name, lastUsedAt }) => {
    const now = clock.now()
    // A clock that was set back must not stop the notes for good.
    const isRecent = (ms: number) => Math.abs(now.getTime() - ms) < noteEveryMs
    if (lastUsedAt !== null && isRecent(Date.parse(lastUsedAt))) return
    if (isRecent(noted.get(name) ?? -Infinity)) return
    noted.set(name, now.getTime())
    try {
      await touchSecrets(db, [name], now)
    } catch (error) {
      // The value is open; that its use could not be written down is no reason to fail.
      if (!(error instanceof CaravanError)) throw error
    }
  }
}
