import { join, resolve } from 'node:path'
import { CaravanError } from '../../core/errors.ts'
import { keyFileItself, nextKeyFile, readPrivateFile } from './key-file.ts'
import { parseKey } from './keys.ts'
import type { Kek } from './keys.ts'

export const keyFileName = 'caravan.key'
export const credentialName = 'caravan-key'

export type FindKeyOptions = {
  env: Readonly<Record<string, string | undefined>>
  /** The folder of integrations.yaml. */
  configDir: string
  /** `$CREDENTIALS_DIRECTORY`. */
  credentialsDirectory?: string
  /** `key_file` of the config; relative to it. */
  keyFile?: string
}

export type FoundKey = Kek & { source: string }

export type KeySearch = {
  key: FoundKey | undefined
  /** The key file, there or not, when the key is to come from one that may be replaced. */
  path: string | undefined
  /** The places without a key, a line for each. */
  looked: string[]
}

/**
 * The key, from the first place that has one: CARAVAN_KEY, CARAVAN_KEY_FILE, the systemd credential caravan-key, the key
 * file beside the config. A place that is named but unusable is an error: going on would find another key. Throws
 * `key_malformed`, `key_missing` for a file that cannot be read, or `key_unsafe` for one that others can read.
 */
export async function lookForKey(options: FindKeyOptions): Promise<KeySearch> {
  const { env, configDir, credentialsDirectory, keyFile } = options
  if (env.CARAVAN_KEY !== undefined && env.CARAVAN_KEY !== '') {
    const key = { ...parseKey(env.CARAVAN_KEY, 'CARAVAN_KEY'), source: 'CARAVAN_KEY' }
    return { key, path: undefined, looked: [] }
  }
  if (env.CARAVAN_KEY_FILE) {
    const path = resolve(env.CARAVAN_KEY_FILE)
    const key = await readKeyFile(path, `CARAVAN_KEY_FILE (${path})`)
    return { key, path, looked: [`  ${path}  (CARAVAN_KEY_FILE): there is no such file`] }
  }
  const looked = ['  CARAVAN_KEY: not set', '  CARAVAN_KEY_FILE: not set']
  if (credentialsDirectory) {
    const path = join(credentialsDirectory, credentialName)
    // systemd guards this folder itself, and its files may be readable for the group.
    const key = await readKeyFile(path, `the systemd credential ${credentialName}`, false)
    if (key) return { key, path: undefined, looked }
    looked.push(`  ${path}  (systemd credential): there is no such file`)
  } else looked.push(`  systemd credential ${credentialName}: CREDENTIALS_DIRECTORY is not set`)

  const path = keyFile ? resolve(configDir, keyFile) : join(configDir, keyFileName)
  const named = keyFile ? 'key_file' : 'beside the config'
  looked.push(`  ${path}  (${named}): there is no such file`)
  return { key: await readKeyFile(path, path), path, looked }
}

/** The same, for who cannot go on without; throws `key_missing` with the places looked at. */
export async function findKey(options: FindKeyOptions): Promise<FoundKey> {
  const { key, looked } = await lookForKey(options)
  if (key) return key
  throw keyMissing(looked)
}

/** The key that a rotation has put beside the key file; undefined when there is none, or half of one. */
export async function lookForNextKey(path: string): Promise<FoundKey | undefined> {
  const next = await nextKeyFile(path)
  try {
    const key = await readKeyFile(next, next)
    // The file that is in use from now on is the one whose place it takes.
    return key && { ...key, source: await keyFileItself(path) }
  } catch (error) {
    if (error instanceof CaravanError) return undefined
    throw error
  }
}

/** Undefined when there is no such file. */
export async function readKeyFile(
  path: string,
  source: string,
  mustBePrivate = true,
): Promise<FoundKey | undefined> {
  const text = await readPrivateFile(path, 'key file', source, mustBePrivate)
  return text === undefined ? undefined : { ...parseKey(text, source), source }
}

export const keyMissing = (looked: readonly string[]): CaravanError =>
  new CaravanError({
    code: 'key_missing',
    message: `there is no key to open the secrets with. Looked at:\n${looked.join('\n')}`,
    hint: 'Bring back the key this state file was made with. For a new installation "caravan init" makes one.',
  })
