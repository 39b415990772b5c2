import {
  chmodSync,
  copyFileSync,
  constants,
  existsSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import Sqlite from 'better-sqlite3'
import { CaravanError } from '../core/errors.ts'
import { newId } from '../core/ids.ts'
import { syncFile } from './backup.ts'
import { syncFolder } from './create.ts'
import { stateError, translated } from './errors.ts'
import { stateFile } from './files.ts'
import { whoHolds } from './held-open.ts'
import { inspectContent } from './inspect.ts'
import { type CopyFacts, readCopy, requireWhole } from './inspect-copy.ts'
import { notePath } from './leftover-wal.ts'

export type Restored = {
  path: string
  sizeBytes: number
  instanceId: string
  facts: CopyFacts
  /** Where the state before lies; null when there was none. */
  formerState: string | null
}

/** A backup that was copied beside the state and checked; it takes its place, or is thrown away. */
export type Draft = {
  path: string
  facts: CopyFacts
  instanceId: string
  discard(): void
}

/**
 * Copies a backup to where it can be opened without touching the original, and checks it from end to end. Throws a
 * CaravanError of one of the `state_` codes when it is no good.
 */
export async function draftRestore(
  backup: string,
  beside: string,
  options: { isCompacted?: boolean } = {},
): Promise<Draft> {
  inspectContent(backup, stateFile)
  const path = `${beside}.restored-${newId()}`
  const discard = () => {
    for (const part of ['', '-wal', '-shm', '-journal']) rmSync(path + part, { force: true })
  }
  try {
    await copyFile(backup, path, constants.COPYFILE_EXCL)
    // A copy that was taken by hand may have a write-ahead file, which belongs to it.
    if (existsSync(`${backup}-wal`)) copyFileSync(`${backup}-wal`, `${path}-wal`)
    chmodSync(path, 0o600)
    const facts = await readCopy(path, options)
    return { path, facts, instanceId: requireWhole(path, facts), discard }
  } catch (error) {
    discard()
    throw stateError(error, beside)
  }
}

/**
 * Puts a checked backup in the place of the state. The former state is kept as `<path>.replaced` with everything that
 * belongs to it, so that nothing of it meets the backup; `.replaced-2` and so on where one is kept already. Throws
 * `state_busy` when another process has the state open.
 */
export function placeRestored(draft: Draft, path: string): Restored {
  try {
    refuseHeld(path)
    const aside = asideOf(path)
    const formerState = existsSync(path) ? aside : null
    translated(path, () => {
      syncFile(draft.path)
      for (const part of parts) if (existsSync(path + part)) renameSync(path + part, aside + part)
      rmSync(notePath(path), { force: true })
      renameSync(draft.path, path)
      syncFolder(dirname(path))
    })
    const { facts, instanceId } = draft
    return { path, sizeBytes: statSync(path).size, instanceId, facts, formerState }
  } finally {
    draft.discard()
  }
}

/** Both in one, for callers that have asked already. */
export const restoreState = async (backup: string, path: string): Promise<Restored> =>
  placeRestored(await draftRestore(backup, path, { isCompacted: true }), path)

/** Throws `state_busy` when another process has the state open. */
export function refuseHeld(path: string): void {
  const { isHeld, holders } = whoHolds(path)
  if (!isHeld) return
  const named = holders.map(({ pid, command }) => `${command} (process ${pid})`).join(', ')
  throw new CaravanError({
    code: 'state_busy',
    message: `${path} is in use${named ? ` by ${named}` : ' by another process'}`,
    hint: 'Stop every caravan process on it, then restore again. Nothing was changed.',
  })
}

/** The installation a state belongs to; undefined when there is none that can be read. */
export function instanceAt(path: string): string | undefined {
  try {
    inspectContent(path, stateFile)
    const state = new Sqlite(path, { fileMustExist: true })
    try {
      const query = "select value from meta where key = 'instance_id'"
      return state.prepare<[], { value: string }>(query).get()?.value
    } finally {
      state.close()
    }
  } catch {
    return undefined
  }
}

const parts = ['', '-wal', '-shm'] as const

/**
 * Where the state goes: whoever restores the wrong backup first must still find it, so nothing that was kept before is
 * overwritten. Without a state, a write-ahead file is what a kill left here of the one that was put aside last.
 */
function asideOf(path: string): string {
  const isTaken = (name: string) => parts.some((part) => existsSync(name + part))
  let [aside, last] = [`${path}.replaced`, '']
  for (let number = 2; isTaken(aside); number++) {
    last = aside
    aside = `${path}.replaced-${number}`
  }
  const isRest = !existsSync(path) && last !== '' && !existsSync(`${last}-wal`)
  return isRest ? last : aside
}
