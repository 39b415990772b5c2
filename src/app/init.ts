import { mkdir } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { configName } from '../config/find.ts'
import { checkRecord } from '../config/secrets/envelope.ts'
import { findKey, keyFileName, writeKeyFile } from '../config/secrets/find-key.ts'
import { newKey } from '../config/secrets/keys.ts'
import { writeConfigFile } from '../config/write.ts'
import { type Clock, toInstant } from '../core/clock.ts'
import { CaravanError, messageOf, systemCode } from '../core/errors.ts'
import { putKeySlot } from '../store/keys.ts'
import { createState, openState } from '../store/open.ts'

export type InitOptions = { env: Readonly<Record<string, string | undefined>>; clock: Clock }

export type Project = { config: string; key: string; state: string }

/**
 * Makes a config file, a key and an empty state in a folder. Whatever is there already is left as it is: a second
 * `init` in the same folder is refused before anything is written.
 */
export async function initProject(folder: string, { env, clock }: InitOptions): Promise<Project> {
  const home = resolve(folder)
  const config = join(home, configName)
  const state = join(home, 'caravan.db')
  for (const present of [config, state]) if (existsSync(present)) throw alreadyThere(present)

  await mkdir(home, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    const why = systemCode(error) === 'EACCES' ? 'permission denied' : messageOf(error)
    throw new CaravanError({
      code: 'file_unwritable',
      message: `the folder ${home} cannot be made: ${why}`,
      hint: 'Name a folder that this user may write into.',
      cause: error,
    })
  })
  const key = await provideKey(home, env)
  const instanceId = await createState(state, clock)
  const opened = await openState(state, { clock })
  try {
    const slot = { kekId: key.id, checkRecord: checkRecord(key, instanceId) }
    await putKeySlot(opened.db, { ...slot, createdAt: toInstant(clock.now()) })
  } finally {
    await opened.close()
  }
  await writeConfigFile(config, firstConfig, null)
  return { config, key: key.source, state }
}

/** A key that is given already is used; else one is made, for a project without a key can keep no secrets. */
async function provideKey(home: string, env: InitOptions['env']) {
  const options = {
    env,
    configDir: home,
    credentialsDirectory: env.CREDENTIALS_DIRECTORY || undefined,
  }
  try {
    return await findKey(options)
  } catch (error) {
    if (!(error instanceof CaravanError) || error.code !== 'key_missing') throw error
    if (env.CARAVAN_KEY_FILE) throw error
    await writeKeyFile(join(home, keyFileName), newKey())
    return findKey(options)
  }
}

const alreadyThere = (path: string): CaravanError =>
  new CaravanError({
    code: 'state_exists',
    message: `${path} is there already; nothing was touched`,
    hint: 'Run init in another folder, or move it away if you mean to start over.',
  })

const firstConfig = `# What caravan is to do. Every key is explained in integrations.example.yaml.
version: 1
state: ./caravan.db
timezone: UTC

# Services are added with "caravan add <adapter>".
services:

# Jobs run by hand with "caravan sync <job>", and on a schedule under the daemon.
jobs:
`
