/** A state with a key file in a folder, opened as the program does; also for processes of their own. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KeyApp } from '../app/keys/slots.ts'
import { openSecretStore, type SecretStore } from '../app/secret-store.ts'
import { kekIdOf, openSecret } from '../config/secrets/envelope.ts'
import { type Kek, parseKey } from '../config/secrets/keys.ts'
import { openSealed, pairOf } from '../config/secrets/recipient.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import { listKeySlots } from '../store/keys.ts'
import { openState, type State } from '../store/open.ts'
import { listSecrets } from '../store/secrets.ts'

export type OpenKeys = { app: KeyApp; state: State; store: SecretStore; close(): Promise<void> }

export type OpenKeysOptions = {
  env?: Record<string, string>
  clock?: Clock
  askPassphrase?: (question: string) => Promise<string | undefined>
}

export const keyFileOf = (folder: string): string => join(folder, 'caravan.key')
export const keyTextOf = (folder: string): string => readFileSync(keyFileOf(folder), 'utf8').trim()

export async function openKeys(
  folder: string,
  { env = {}, clock = systemClock, askPassphrase }: OpenKeysOptions = {},
): Promise<OpenKeys> {
  const state = await openState(join(folder, 'caravan.db'), { clock })
  const { db, instanceId } = state
  const store = openSecretStore({ db, instanceId, clock, env, configDir: folder, askPassphrase })
  const app: KeyApp = {
    clock,
    env,
    state: () => Promise.resolve(state),
    secrets: () => Promise.resolve(store),
    kdfCost: 2 ** 10,
  }
  return { app, state, store, close: state.close }
}

/** The names of secrets, values and slots that a former key or a former master still opens, whatever the ids say. */
export async function openedBy(
  { state: { db } }: OpenKeys,
  formerKeys: readonly string[],
  formerMasters: readonly Kek[] = [],
): Promise<string[]> {
  const keys = formerKeys.map((text) => parseKey(text, 'a former key'))
  const opened: string[] = []
  for (const { id, masterId, sealedMaster, checkRecord } of await listKeySlots(db)) {
    for (const { key } of keys) {
      const context = JSON.stringify(['caravan-master-v1', id, masterId])
      if (openSealed(pairOf(key), context, sealedMaster ?? '')) opened.push(`slot ${id}`)
    }
    for (const { key } of [...keys, ...formerMasters]) {
      if (mayOpen(key, { table: 'key_check', name: 'key check', version: 1 }, checkRecord))
        opened.push(`check ${id}`)
    }
  }
  for (const { name, record } of await listSecrets(db)) {
    for (const { key } of [...keys, ...formerMasters]) {
      if (mayOpen(key, { table: 'secrets', name, version: 1 }, record)) opened.push(name)
    }
  }
  return opened
}

function mayOpen(key: Kek['key'], identity: Parameters<typeof openSecret>[1], record: string) {
  try {
    return openSecret({ id: kekIdOf(record), key }, identity, record) !== undefined
  } catch {
    return false
  }
}
