import { chmodSync, closeSync, openSync, renameSync, rmSync } from 'node:fs'
import { basename } from 'node:path'
import type { Kysely } from 'kysely'
import type { Migration } from '../../migrations/index.ts'
import type { Clock } from '../core/clock.ts'
import { crashPoint } from '../core/crash-point.ts'
import { CaravanError, messageOf } from '../core/errors.ts'
import { copyInto, readVersion, writeVersion } from './dialect.ts'
import { connect, createKysely } from './sqlite.ts'

/** What was done: from which version to which, and where the file as it was before lies. */
export type Migrated = { from: number; to: number; copy: string }

export type MigrateOptions = {
  path: string
  clock: Clock
  /** How long another process may take for the same, in milliseconds. */
  patienceMs?: number
}

/**
 * Brings an open file to the last migration, one transaction for each, after a copy was made. However many processes
 * start at once, the write lock lets one do it and the others find it done. Undefined when there was nothing to do.
 */
export async function migrate(
  db: Kysely<unknown>,
  migrations: readonly Migration[],
  { path, clock, patienceMs = 600_000 }: MigrateOptions,
): Promise<Migrated | undefined> {
  const giveUpAtMs = clock.monotonicMs() + patienceMs
  const from = await readVersion(db)
  let copy: string | undefined
  for (let version = from; version < migrations.length;) {
    try {
      copy = await step(db, migrations, path, copy)
      version = await readVersion(db)
    } catch (error) {
      const isBusy = error instanceof CaravanError && error.code === 'state_busy'
      if (!isBusy || clock.monotonicMs() > giveUpAtMs) throw error
      await clock.sleep(100)
    }
  }
  return copy === undefined ? undefined : { from, to: migrations.length, copy }
}

/** Applies the next migration that is still missing once the lock is ours, after a copy unless there is one. */
async function step(
  db: Kysely<unknown>,
  migrations: readonly Migration[],
  path: string,
  earlierCopy: string | undefined,
): Promise<string | undefined> {
  return db.transaction().execute(async (tx) => {
    const version = await readVersion(tx)
    const next = migrations[version]
    if (!next) return earlierCopy
    const copy = earlierCopy ?? (await copyBefore(path, version + 1))
    try {
      await next(tx)
    } catch (error) {
      if (error instanceof CaravanError) throw error
      throw failed(path, version, copy, error)
    }
    crashPoint('in-migration')
    await writeVersion(tx, version + 1)
    return copy
  })
}

/** The file as it is now, read beside the connection that holds the lock. A copy of an earlier attempt is replaced. */
async function copyBefore(path: string, version: number): Promise<string> {
  const copy = `${path}.before-${version}`
  const draft = `${copy}.part`
  rmSync(draft, { force: true })
  closeSync(openSync(draft, 'wx', 0o600))
  chmodSync(draft, 0o600)
  const reader = createKysely<unknown>(connect(path, 'FULL'), path)
  try {
    await copyInto(reader, draft)
  } finally {
    await reader.destroy()
  }
  renameSync(draft, copy)
  return copy
}

const failed = (path: string, version: number, copy: string, cause: unknown): CaravanError =>
  new CaravanError({
    code: 'internal',
    message: `${basename(path)} could not be brought from version ${version} to ${version + 1}: ${messageOf(cause)}`,
    hint: `Nothing was changed. A copy of the file lies at ${copy}. Go back to the former caravan and report this.`,
    cause,
  })
