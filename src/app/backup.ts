import { dirname } from 'node:path'
import { CaravanError } from '../core/errors.ts'
import { backupState } from '../store/backup.ts'
import type { CopyFacts } from '../store/inspect-copy.ts'
import {
  type Draft,
  draftRestore,
  instanceAt,
  placeRestored,
  refuseHeld,
} from '../store/restore.ts'
import type { Database } from '../store/schema.ts'
import type { BackupReport, RestoreReport } from './answers/backup.ts'
import type { App } from './app.ts'

export type { BackupReport, RestoreReport }

/** In bytes. */
export type CopyProgress = { doneBytes: number; totalBytes: number }

/** Copies the state while others use it, and checks the copy. The call log is not in it. Throws `state_exists`. */
export async function makeBackup(
  app: App,
  file: string,
  onProgress?: (progress: CopyProgress) => void,
): Promise<BackupReport> {
  const { clock, signal } = app
  const made = await backupState(await app.state(), file, { now: clock.now(), signal, onProgress })
  return {
    file: made.path,
    bytes: made.sizeBytes,
    sha256: made.sha256,
    instance: made.instanceId,
    made_at: made.madeAt,
    rows: made.facts.rows,
    keys: keysOf(made.facts),
  }
}

export const keysOf = ({ keys }: CopyFacts): BackupReport['keys'] =>
  keys.map(({ id, label, createdAt }) => ({ id, label, created_at: createdAt }))

/** A backup that was copied beside the state and checked, before anybody is asked. */
export type RestorePlan = {
  /** Of the state that will be replaced. */
  path: string
  made_at: string | null
  rows: RestoreReport['rows']
  keys: RestoreReport['keys']
  /** Whether the key of this place opens the backup. */
  key: RestoreReport['key']
  instance: string
  /** The installation of the state that is there now; null when there is none that can be read. */
  instanceNow: string | null
  draft: Draft
}

/**
 * Looks at a backup, and at what it would replace. Throws what is wrong with the backup, or `state_busy` when a process
 * has the state open; nothing is touched but for a copy of the backup, which `draft.discard` removes.
 */
export async function planRestore(app: App, file: string): Promise<RestorePlan> {
  const { isBundle } = await import('./bundle/format.ts')
  if (isBundle(file)) throw noBackup(file)
  const path = await app.statePath()
  refuseHeld(path)
  const draft = await draftRestore(file, path, { isCompacted: true }).catch((error: unknown) => {
    throw asBackupFault(error, file)
  })
  const { facts, instanceId } = draft
  return {
    path,
    made_at: facts.madeAt ?? null,
    rows: facts.rows,
    keys: keysOf(facts),
    key: await keyHere(app, draft),
    instance: instanceId,
    instanceNow: instanceAt(path) ?? null,
    draft,
  }
}

const noBackup = (file: string): CaravanError =>
  new CaravanError({
    code: 'usage',
    message: `${file} is a bundle of config and secrets, not a backup of the state`,
    hint: `Unpack it with: caravan config restore ${file}`,
  })

/** Puts the backup in the place of the state. The former one is kept as `<state>.replaced`. Throws `state_busy`. */
export async function restoreBackup(plan: RestorePlan): Promise<RestoreReport> {
  const { path, sizeBytes, formerState } = placeRestored(plan.draft, plan.path)
  return {
    file: path,
    bytes: sizeBytes,
    instance: plan.instance,
    made_at: plan.made_at,
    rows: plan.rows,
    keys: plan.keys,
    key: plan.key,
    former_state: formerState,
  }
}

/** What is wrong with a file that was given as a backup; the state itself is as it was. */
function asBackupFault(error: unknown, file: string): unknown {
  if (!(error instanceof CaravanError) || error.code === 'state_newer') return error
  return new CaravanError({
    code: 'backup_unusable',
    message: `${file} cannot be restored: ${error.message}`,
    hint: 'Nothing was changed. Name a file that "caravan backup" made; --rehearse tries one out.',
    cause: error,
  })
}

/** Whether the key of this place opens the copy of a backup. What is wrong with the rest the next command tells. */
async function keyHere(
  app: App,
  { path, facts, instanceId }: Draft,
): Promise<RestoreReport['key']> {
  if (facts.keys.length === 0) return 'none'
  const { lookHere } = await import('./keys/unlock.ts')
  const { lookInto } = await import('../store/look.ts')
  const { stateFile } = await import('../store/files.ts')
  const look = lookInto<Database>(path, stateFile)
  try {
    const { config } = await app.usableConfig()
    const place = { env: app.env, configDir: dirname(app.file()), keyFile: config.key_file }
    const here = await lookHere({ db: look.db, instanceId, ...place })
    if (here.slot) return 'opens'
    return here.source === undefined ? 'missing' : 'wrong'
  } catch (error) {
    if (error instanceof CaravanError) return 'missing'
    throw error
  } finally {
    await look.close()
  }
}
