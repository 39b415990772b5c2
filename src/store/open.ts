import { existsSync } from 'node:fs'
import type { Kysely } from 'kysely'
import { stateMigrations } from '../../migrations/index.ts'
import { type Clock, toInstant } from '../core/clock.ts'
import { CaravanError } from '../core/errors.ts'
import { newId } from '../core/ids.ts'
import { createFile } from './create.ts'
import { shortenWriteAhead } from './empty-wal.ts'
import { healHint } from './errors.ts'
import { stateFile } from './files.ts'
import { inspectFile } from './inspect.ts'
import { noteWriteAhead } from './leftover-wal.ts'
import { getMeta } from './meta.ts'
import { migrate, type Migrated } from './migrate.ts'
import type { Database, Db } from './schema.ts'
import { connect, createKysely, type Handle } from './sqlite.ts'

export type State = {
  db: Db
  path: string
  /** Drawn at `init`; the key store names it too. */
  instanceId: string
  /** Set when this opening brought the file to a newer version. */
  migrated: Migrated | undefined
  close(): Promise<void>
}

export type OpenOptions = {
  clock: Clock
  /** What the file must be, where that is known. */
  instanceId?: string
}

/** Makes an empty state; only `init` may. Refuses when anything lies there. Returns the new instance id. */
export async function createState(path: string, clock: Clock): Promise<string> {
  for (const present of [path, `${path}-wal`]) {
    if (existsSync(present)) throw exists(present)
  }
  const instanceId = newId()
  const isNew = await createFile(path, stateFile, stateMigrations, (handle) => {
    const insert = handle.prepare('insert into meta (key, value) values (?, ?)')
    insert.run('instance_id', instanceId)
    insert.run('created_at', toInstant(clock.now()))
  })
  if (!isNew) throw exists(path)
  return instanceId
}

/**
 * Opens the state and brings it to this program's version. Throws a CaravanError of one of the `state_` codes. A process
 * opens a file once: SQLite waits inside the call for another's lock, so two handles of one process wait for ever.
 */
export async function openState(path: string, { clock, instanceId }: OpenOptions): Promise<State> {
  inspectFile(path, stateFile)
  const handle = connect(path, 'FULL')
  try {
    return await prepareState(handle, path, clock, instanceId)
  } catch (error) {
    handle.close()
    throw error
  }
}

async function prepareState(
  handle: Handle,
  path: string,
  clock: Clock,
  expected: string | undefined,
): Promise<State> {
  const db = createKysely<Database>(handle, path)
  const instanceId = await getMeta(db, 'instance_id')
  if (instanceId === undefined || (expected !== undefined && instanceId !== expected)) {
    throw swapped(path, expected)
  }
  noteWriteAhead(path)
  shortenWriteAhead(handle, path)
  const migrated = await migrate(db as Kysely<unknown>, stateMigrations, { path, clock })
  return {
    db,
    path,
    instanceId,
    migrated,
    async close() {
      await db.destroy()
      handle.close()
    },
  }
}

const exists = (path: string): CaravanError =>
  new CaravanError({
    code: 'state_exists',
    message: `There is a file at ${path} already`,
    hint: 'It is left as it is. To start over, move it away together with its -wal and -shm files.',
  })

const swapped = (path: string, expected: string | undefined): CaravanError =>
  new CaravanError({
    code: 'state_swapped',
    message: expected
      ? `${path} is the state of another installation than ${expected}`
      : `${path} does not say which installation it belongs to`,
    hint: `Correct "state" in integrations.yaml. ${healHint(path)}`,
  })
