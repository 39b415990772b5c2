import { closeSync, existsSync, fsyncSync, linkSync, openSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { newId } from '../core/ids.ts'
import Sqlite from 'better-sqlite3'
import { CaravanError } from '../core/errors.ts'
import { syncFolder } from './create.ts'
import { copyInto } from './dialect.ts'
import { translated } from './errors.ts'
import type { State } from './open.ts'
import { connect, createKysely, type Handle } from './sqlite.ts'

export type Backup = { path: string; sizeBytes: number; instanceId: string }

/**
 * Writes a consistent copy of the state while others use it, and checks it from end to end before it gets its name.
 * Throws `state_exists` when something lies at `target`.
 */
export async function backupState(state: State, target: string): Promise<Backup> {
  if (existsSync(target)) throw occupied(target)
  if (!existsSync(dirname(target))) throw homeless(target)
  const draft = `${target}.part-${newId()}`
  try {
    translated(target, () => closeSync(openSync(draft, 'wx', 0o600)))
    const reader = createKysely<unknown>(connect(state.path, 'FULL'), state.path)
    try {
      await copyInto(reader, draft)
    } finally {
      await reader.destroy()
    }
    checkCopy(draft, state.instanceId)
    translated(target, () => {
      syncFile(draft)
      linkSync(draft, target) // fails where a rename would replace
      syncFolder(dirname(target))
    })
    return { path: target, sizeBytes: statSync(target).size, instanceId: state.instanceId }
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Reads every page and index of a copy. Returns its instance id. Throws `state_damaged`. */
export function checkCopy(path: string, instanceId?: string): string {
  return translated(path, () => {
    const copy = new Sqlite(path, { fileMustExist: true })
    try {
      const finding = String(copy.pragma('integrity_check(1)', { simple: true }))
      const found = instanceOf(copy)
      const isRight = found !== undefined && (instanceId === undefined || found === instanceId)
      if (finding === 'ok' && isRight) return found
      throw damaged(path, finding === 'ok' ? 'it does not name its installation' : finding)
    } finally {
      copy.close()
    }
  })
}

function instanceOf(copy: Handle): string | undefined {
  const row = copy.prepare<[], { value: string }>(
    "select value from meta where key = 'instance_id'",
  )
  return row.get()?.value
}

export function syncFile(path: string): void {
  const file = openSync(path, 'r+')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

const occupied = (target: string): CaravanError =>
  new CaravanError({
    code: 'state_exists',
    message: `There is a file at ${target} already`,
    hint: 'Give the backup another name; one with the day in it never collides.',
  })

const homeless = (target: string): CaravanError =>
  new CaravanError({
    code: 'file_unreadable',
    message: `There is no folder ${dirname(target)}`,
    hint: 'Make it first, readable by this user alone: the backup holds the sealed secrets too.',
  })

const damaged = (path: string, finding: string): CaravanError =>
  new CaravanError({
    code: 'state_damaged',
    message: `The copy ${path} did not pass its check: ${finding}`,
    hint: 'Nothing was replaced. Take an older backup, or look at the disk.',
  })
