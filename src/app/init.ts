import { mkdir } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { configName } from '../config/find.ts'
import { findKey, keyFileName, lookForKey } from '../config/secrets/find-key.ts'
import { writeKeyFile } from '../config/secrets/key-file.ts'
import { newKey } from '../config/secrets/keys.ts'
import { pairOf } from '../config/secrets/recipient.ts'
import { newMaster, newSlotId } from '../config/secrets/slots.ts'
import { writeConfigFile } from '../config/write.ts'
import { type Clock, toInstant } from '../core/clock.ts'
import { CaravanError } from '../core/errors.ts'
import { reasonOf } from '../core/system-faults.ts'
import { createState, openState } from '../store/open.ts'
import type { Project } from './answers/project.ts'
import { readProjectConfig } from './config.ts'
import { sealSlot } from './keys/rekey.ts'
import { operatorName } from './operator.ts'

export type InitOptions = { env: Readonly<Record<string, string | undefined>>; clock: Clock }

/**
 * Makes a config file, a key and an empty state in a folder. A config without a state, as it comes out of version
 * control, gets the state it names. Whatever is there already is left as it is: a second `init` in the same folder is
 * refused before anything is written.
 */
export async function initProject(folder: string, { env, clock }: InitOptions): Promise<Project> {
  const home = resolve(folder)
  const config = join(home, configName)
  const known = existsSync(config) ? (await readProjectConfig(config, env)).config : undefined
  const state = resolve(home, known?.state ?? 'caravan.db')
  if (existsSync(state)) throw known ? alreadyThere(config) : withoutConfig(state)

  await mkdir(home, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw new CaravanError({
      code: 'file_unwritable',
      message: `the folder ${home} cannot be made: ${reasonOf(error)}`,
      hint: 'Name a folder that this user may write into.',
      cause: error,
    })
  })
  const key = await provideKey(home, env, known?.key_file)
  const instanceId = await createState(state, clock)
  const opened = await openState(state, { clock })
  try {
    await sealSlot(opened.db, newMaster(), instanceId, {
      id: newSlotId(),
      kind: 'key',
      label: key.label,
      kdf: null,
      recipient: pairOf(key.key).recipient,
      createdAt: toInstant(clock.now()),
      createdBy: operatorName(env),
    })
  } finally {
    await opened.close()
  }
  if (!known) await writeConfigFile(config, firstConfig, null)
  return { config, key: key.source, state }
}

/** A key that is given already is used; else one is made, for a project without a key can keep no secrets. */
async function provideKey(home: string, env: InitOptions['env'], keyFile: string | undefined) {
  const options = {
    env,
    configDir: home,
    keyFile,
    credentialsDirectory: env.CREDENTIALS_DIRECTORY || undefined,
  }
  const { key, path } = await lookForKey(options)
  // One that is named and not there is an error, which findKey tells.
  if (!key && !env.CARAVAN_KEY_FILE)
    await writeKeyFile(resolve(home, keyFile ?? keyFileName), newKey())
  const found = key ?? (await findKey(options))
  return { ...found, label: path === undefined ? found.source : basename(path) }
}

const alreadyThere = (path: string): CaravanError =>
  new CaravanError({
    code: 'state_exists',
    message: `${path} is there already; nothing was touched`,
    hint: 'Run init in another folder, or move it away if you mean to start over.',
  })

const withoutConfig = (state: string): CaravanError =>
  new CaravanError({
    code: 'state_exists',
    message: `${state} is there already, and ${configName} is missing beside it; nothing was touched`,
    hint: 'Bring the file back from where you keep it. For a new project run init in another folder.',
  })

const firstConfig = `# What caravan is to do. Every key is explained by "caravan config explain".
version: 1
state: ./caravan.db
timezone: UTC

# Services are added with "caravan add <adapter>".
services:

# Jobs run by hand with "caravan sync <job>"; when one with a schedule is due, "caravan jobs" shows.
jobs:
`
