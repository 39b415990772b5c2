import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import type { Migration } from '../../migrations/index.ts'
import { systemClock as clock } from '../core/clock.ts'
import { startChild } from '../testing/child.ts'
import { temporaryFolder } from '../testing/state.ts'
import { testMigrations } from '../testing/state-child.ts'
import { createFile } from './create.ts'
import { readVersion } from './dialect.ts'
import { stateFile } from './files.ts'
import { migrate } from './migrate.ts'
import { connect, createKysely } from './sqlite.ts'

/** A file of version 1 with a row in it. */
async function oldFile(): Promise<string> {
  const path = join(temporaryFolder(), 'caravan.db')
  await createFile(path, stateFile, testMigrations.slice(0, 1), (handle) =>
    handle.exec('insert into first values (7)'),
  )
  return path
}

const open = (path: string) => createKysely<unknown>(connect(path, 'FULL'), path)

function tablesOf(path: string): unknown[] {
  const handle = new Sqlite(path)
  const rows = handle.prepare('select name from sqlite_schema order by name').pluck().all()
  handle.close()
  return rows
}

it('brings a file to the last version and keeps a copy of how it was', async () => {
  const path = await oldFile()
  const db = open(path)

  const migrated = await migrate(db, testMigrations, { path, clock })

  expect(await readVersion(db)).toBe(3)
  await db.destroy()
  expect(migrated).toEqual({ from: 1, to: 3, copy: `${path}.before-2` })
  expect(tablesOf(path)).toEqual(['first', 'second', 'third'])
  expect(tablesOf(`${path}.before-2`)).toEqual(['first'])
  expect(statSync(`${path}.before-2`).mode & 0o777).toBe(0o600)
})

it('does nothing to a file of the last version', async () => {
  const path = await oldFile()
  const db = open(path)

  const migrated = await migrate(db, testMigrations.slice(0, 1), { path, clock })

  await db.destroy()
  expect(migrated).toBeUndefined()
  expect(readdirSync(join(path, '..'))).toEqual(['caravan.db'])
})

it('lets one of two processes do it and the other find it done', async () => {
  const path = await oldFile()

  const children = [1, 2].map(() => startChild('state-child.ts', 'migrate', path))
  const codes = await Promise.all(children.map(({ ended }) => ended))

  expect(codes).toEqual([0, 0])
  expect(children.flatMap((child) => child.lines())).toContain('migrated')
  const db = open(path)
  const { rows } = await sql`select n from second`.execute(db)
  expect(rows).toEqual([{ n: 1 }])
  expect(await readVersion(db)).toBe(3)
  await db.destroy()
})

it('undoes a step that fails and says where the copy lies', async () => {
  const path = await oldFile()
  const db = open(path)
  const broken: Migration = async (tx) => {
    await sql`create table half (n integer)`.execute(tx)
    await sql`insert into nowhere values (1)`.execute(tx)
  }

  const failure = migrate(db, [...testMigrations.slice(0, 1), broken], { path, clock })

  await expect(failure).rejects.toMatchObject({
    code: 'internal',
    message: expect.stringContaining('from version 1 to 2: no such table: nowhere'),
    hint: expect.stringContaining(`${path}.before-2`),
  })
  expect(await readVersion(db)).toBe(1)
  await db.destroy()
  expect(tablesOf(path)).toEqual(['first'])
})

it('is done wholly or not at all when it is killed', async () => {
  const path = await oldFile()
  const child = startChild('state-child.ts', 'migrate', path)
  while (!readdirSync(join(path, '..')).includes('caravan.db.before-2')) await clock.sleep(5)
  await child.kill()

  expect(tablesOf(path)).toEqual(['first'])

  const db = open(path)
  await migrate(db, testMigrations, { path, clock })
  await db.destroy()
  expect(tablesOf(path)).toEqual(['first', 'second', 'third'])
})
