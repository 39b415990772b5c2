import { constants } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { CaravanError, messageOf, systemCode } from '../../core/errors.ts'
import { parseKey } from './keys.ts'
import type { Kek } from './keys.ts'

export const keyFileName = 'caravan.key'
export const credentialName = 'caravan-key'

export type FindKeyOptions = {
  env: Record<string, string | undefined>
  /** The folder of integrations.yaml. */
  configDir: string
  /** `$CREDENTIALS_DIRECTORY`. */
  credentialsDirectory?: string
  /** `key_file` of the config; relative to it. */
  keyFile?: string
}

export type FoundKey = Kek & { source: string }

/**
 * The key, from the first place that has one: CARAVAN_KEY, CARAVAN_KEY_FILE, the systemd credential caravan-key, the key
 * file beside the config. A place that is named but empty or unusable is an error: going on would find another key.
 * Throws `key_missing` with the places looked at, `key_malformed`, or `key_unsafe` for a file that others can read.
 */
export async function findKey(options: FindKeyOptions): Promise<FoundKey> {
  const { env, configDir, credentialsDirectory, keyFile } = options
  if (env.CARAVAN_KEY !== undefined && env.CARAVAN_KEY !== '') {
    return { ...parseKey(env.CARAVAN_KEY, 'CARAVAN_KEY'), source: 'CARAVAN_KEY' }
  }
  if (env.CARAVAN_KEY_FILE) {
    const path = resolve(env.CARAVAN_KEY_FILE)
    const found = await readKeyFile(path, `CARAVAN_KEY_FILE (${path})`, true)
    if (!found) throw missing([`  ${path}  (CARAVAN_KEY_FILE): there is no such file`])
    return found
  }
  const looked = ['  CARAVAN_KEY: not set', '  CARAVAN_KEY_FILE: not set']
  if (credentialsDirectory) {
    const path = join(credentialsDirectory, credentialName)
    // systemd guards this folder itself, and its files may be readable for the group.
    const found = await readKeyFile(path, `the systemd credential ${credentialName}`, false)
    if (found) return found
    looked.push(`  ${path}  (systemd credential): there is no such file`)
  } else looked.push(`  systemd credential ${credentialName}: CREDENTIALS_DIRECTORY is not set`)

  const path = keyFile ? resolve(configDir, keyFile) : join(configDir, keyFileName)
  const found = await readKeyFile(path, path, true)
  if (found) return found
  const named = keyFile ? 'key_file' : 'beside the config'
  throw missing([...looked, `  ${path}  (${named}): there is no such file`])
}

/** Writes a key to a new file, mode 0600, on disk before it returns. Throws `key_exists` rather than replace one. */
export async function writeKeyFile(path: string, keyText: string): Promise<void> {
  let handle
  try {
    handle = await open(path, 'wx', 0o600)
  } catch (error) {
    if (systemCode(error) === 'EEXIST') {
      throw new CaravanError({
        code: 'key_exists',
        message: `there is a key file ${path} already; it was not touched`,
        hint: 'Secrets sealed with it can be opened with nothing else. Use it, or move it away if you are sure.',
      })
    }
    throw unwritable(path, error)
  }
  try {
    await handle.chmod(0o600)
    await handle.writeFile(`${keyText}\n`)
    await handle.sync()
  } catch (error) {
    // Half a key would stand in the way of a whole one.
    await rm(path, { force: true })
    throw unwritable(path, error)
  } finally {
    await handle.close()
  }
  const folder = await open(dirname(path), 'r')
  await folder.sync().finally(() => folder.close())
}

/** No key is longer than 60 characters; a file that is was named by mistake. */
const maxKeyFileBytes = 1024

async function readKeyFile(
  path: string,
  source: string,
  mustBePrivate: boolean,
): Promise<FoundKey | undefined> {
  let handle
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    const why = code === 'EACCES' ? 'permission denied' : messageOf(error)
    throw unusable(source, `cannot be read: ${why}`, 'Run caravan as the user who owns it.', error)
  }
  try {
    const stat = await handle.stat()
    if (!stat.isFile()) throw unusable(source, 'is not a regular file', 'Name the key file itself.')
    if (mustBePrivate) requirePrivate(path, stat.mode, stat.uid)
    if (stat.size > maxKeyFileBytes) {
      throw unusable(
        source,
        `is too large for a key (${stat.size} bytes)`,
        'Name the key file itself.',
      )
    }
    return { ...parseKey(await handle.readFile('utf8'), source), source }
  } finally {
    await handle.close()
  }
}

function requirePrivate(path: string, mode: number, owner: number): void {
  if (mode & 0o077) {
    const octal = (mode & 0o777).toString(8).padStart(4, '0')
    throw new CaravanError({
      code: 'key_unsafe',
      message: `the key file ${path} can be used by other users (mode ${octal})`,
      hint: `Run: chmod 600 ${path}`,
    })
  }
  const user = process.geteuid?.()
  if (user === undefined || owner === user) return
  throw new CaravanError({
    code: 'key_unsafe',
    message: `the key file ${path} belongs to another user (uid ${owner}, and caravan runs as uid ${user})`,
    hint: `Run caravan as its owner, or give it over: chown ${user} ${path}`,
  })
}

const missing = (looked: string[]): CaravanError =>
  new CaravanError({
    code: 'key_missing',
    message: `there is no key to open the secrets with. Looked at:\n${looked.join('\n')}`,
    hint: 'Bring back the key this state file was made with. For a new installation "caravan init" makes one.',
  })

const unusable = (source: string, what: string, hint: string, cause?: unknown): CaravanError =>
  new CaravanError({ code: 'key_missing', message: `the key file ${source} ${what}`, hint, cause })

const unwritable = (path: string, cause: unknown): CaravanError =>
  new CaravanError({
    code: 'config_unwritable',
    message: `the key file ${path} cannot be written: ${messageOf(cause)}`,
    hint: 'The folder must exist and be writable for this user.',
    cause,
  })
