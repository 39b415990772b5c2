import { type FoundKey, findKey } from '../config/secrets/find-key.ts'
import {
  type Identity,
  openSecret,
  sealSecret,
  verifyCheckRecord,
} from '../config/secrets/envelope.ts'
import type { Clock } from '../core/clock.ts'
import { CaravanError } from '../core/errors.ts'
import { getKeySlot } from '../store/keys.ts'
import type { Db } from '../store/schema.ts'
import {
  getSecret,
  listSecrets,
  putSecret,
  removeSecret,
  type SecretRecord,
} from '../store/secrets.ts'
import { once } from './once.ts'

/** The encrypted store. The key is looked for when a value is first read or written, and checked before it is used. */
export type SecretStore = {
  /** Undefined when there is no such secret. */
  read(name: string): Promise<string | undefined>
  /** True when the name is new. */
  write(name: string, value: string): Promise<boolean>
  /** False when there was none. */
  remove(name: string): Promise<boolean>
  list(): Promise<SecretRecord[]>
  key(): Promise<FoundKey>
}

export type SecretStoreOptions = {
  db: Db
  instanceId: string
  clock: Clock
  env: Readonly<Record<string, string | undefined>>
  configDir: string
  keyFile?: string
}

const identityOf = (name: string): Identity => ({ table: 'secrets', name, version: 1 })

export function openSecretStore(options: SecretStoreOptions): SecretStore {
  const { db, clock } = options
  const key = once(() => findCheckedKey(options))
  return {
    key,
    list: () => listSecrets(db),
    remove: (name) => removeSecret(db, name),
    async read(name) {
      const stored = await getSecret(db, name)
      return stored && openSecret(await key(), identityOf(name), stored.record)
    },
    async write(name, value) {
      const kek = await key()
      const isNew = (await getSecret(db, name)) === undefined
      const record = sealSecret(kek, identityOf(name), value)
      await putSecret(db, { name, record, kekId: kek.id, now: clock.now() })
      return isNew
    },
  }
}

/** A wrong key is told here, in one line, before anything is sealed or opened with it. */
async function findCheckedKey(options: SecretStoreOptions): Promise<FoundKey> {
  const { db, env, configDir, keyFile, instanceId } = options
  const kek = await findKey({
    env,
    configDir,
    keyFile,
    credentialsDirectory: env.CREDENTIALS_DIRECTORY || undefined,
  })
  const slot = await getKeySlot(db, kek.id)
  if (!slot) {
    throw new CaravanError({
      code: 'key_wrong',
      message: `the key in ${kek.source} (${kek.id}) is not the one this state was made with`,
      hint: 'Give caravan the key that belongs to this state file. Nothing was changed.',
    })
  }
  verifyCheckRecord(kek, instanceId, slot.checkRecord)
  return kek
}
