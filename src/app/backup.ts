import { backupState } from '../store/backup.ts'
import { restoreState } from '../store/restore.ts'
import type { App } from './app.ts'

export type BackupReport = { file: string; bytes: number; instance: string }

/** Copies the state while others use it, and checks the copy. The call log is not in it. Throws `state_exists`. */
export async function makeBackup(app: App, file: string): Promise<BackupReport> {
  const { path, sizeBytes, instanceId } = await backupState(await app.state(), file)
  return { file: path, bytes: sizeBytes, instance: instanceId }
}

/**
 * Puts a backup in the place of the state, which may be damaged or gone. The former one is kept as `<state>.replaced`.
 * The operator has made sure that nothing runs. Throws what is wrong with the backup, and then nothing was touched.
 */
export async function restoreBackup(app: App, file: string): Promise<BackupReport> {
  const { path, sizeBytes, instanceId } = restoreState(file, await app.statePath())
  return { file: path, bytes: sizeBytes, instance: instanceId }
}
