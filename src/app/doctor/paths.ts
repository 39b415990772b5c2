/** The files of a project, and what lies beside them. */
import { readdirSync, readlinkSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { callLogPath } from '../../store/files.ts'
import { notePath } from '../../store/leftover-wal.ts'
import type { Patient } from './patient.ts'

/** Databases with what belongs to them, whether it is there or not. */
export const databaseFiles = (statePath: string): string[] =>
  [statePath, callLogPath(statePath)].flatMap((path) => [
    path,
    `${path}-wal`,
    `${path}-shm`,
    notePath(path),
  ])

/** Every file in the folders of config and state, as far as those are known and may be read. */
export async function neighbours(patient: Patient): Promise<string[]> {
  const file = patient.configFile()
  const state = await patient.statePath().catch(() => undefined)
  const folders = new Set([file, state].flatMap((path) => (path ? [dirname(path)] : [])))
  return [...folders].flatMap((folder) => namesIn(folder).map((name) => join(folder, name)))
}

export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** Copies that caravan made of a database and keeps: before an upgrade, and what a restore has replaced. */
export const isKeptCopy = (path: string): boolean =>
  /\.(?:before-\d+|replaced(?:-\d+)?)(?:-wal|-shm)?$/.test(basename(path))

/** Where this user's caches are; undefined when nothing says. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const folder = env.XDG_CACHE_HOME || (env.HOME && join(env.HOME, '.cache'))
  return folder ? join(folder, 'caravan') : undefined
}

/** Each file a process has open, as far as the system lets us see: none elsewhere than on Linux. */
export const openFiles = (): { pid: number; path: string }[] =>
  namesIn('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) =>
      namesIn(`/proc/${pid}/fd`).map((handle) => ({
        pid: Number(pid),
        path: linkOf(`/proc/${pid}/fd/${handle}`),
      })),
    )

/** Where a symbolic link leads; empty when there is none. */
export function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
