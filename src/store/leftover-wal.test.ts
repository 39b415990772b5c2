import { copyFileSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { expect, it } from 'vitest'
import { systemClock as clock } from '../core/clock.ts'
import { startChild } from '../testing/child.ts'
import { temporaryFolder } from '../testing/state.ts'
import { backupState } from './backup.ts'
import { createState, openState } from './open.ts'
import { restoreState } from './restore.ts'

/** A state with a copy from before, whose writer was killed after so many batches. */
async function killedState(batches: number): Promise<{ path: string; backup: string }> {
  const path = join(temporaryFolder(), 'caravan.db')
  const backup = join(temporaryFolder(), 'backup.db')
  await createState(path, clock)
  copyFileSync(path, backup)
  await writeAndKill(path, batches)
  return { path, backup }
}

async function writeAndKill(path: string, batches: number): Promise<void> {
  const writer = startChild('state-child.ts', 'write', path)
  await writer.printed(batches)
  await writer.kill()
}

const countItems = async (path: string): Promise<number> => {
  const state = await openState(path, { clock })
  const row = await state.db
    .selectFrom('listing_items')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  await state.close()
  return row.count
}

async function countOnce(path: string): Promise<void> {
  const counter = startChild('state-child.ts', 'count', path, '1')
  await counter.printed(1)
  await counter.ended
}

const few = 5
/** Enough that SQLite has copied a part of the write-ahead file and begun it again. */
const many = 150

it.each([few, many])('recovers what %i batches left after a kill', async (batches) => {
  const { path } = await killedState(batches)

  expect(await countItems(path)).toBeGreaterThanOrEqual(batches * 50)
})

it.each`
  how                        | put
  ${'copied over the state'} | ${copyFileSync}
  ${'renamed over it'}       | ${renameSync}
`('refuses a backup that was $how after a kill', async ({ put }) => {
  for (const batches of [few, many]) {
    const { path, backup } = await killedState(batches)
    put(backup, path)

    await expect(openState(path, { clock })).rejects.toMatchObject({
      code: 'state_stale_wal',
      message: expect.stringContaining('does not belong'),
      hint: expect.stringContaining('caravan restore <backup>'),
    })
  }
})

it('refuses an older copy that was put back with its date', async () => {
  const { path, backup } = await killedState(few)
  for (let lives = 0; lives < 3; lives++) await countOnce(path)
  await writeAndKill(path, few)
  copyFileSync(backup, path)
  utimesSync(path, new Date(0), new Date(0))

  await expect(openState(path, { clock })).rejects.toMatchObject({
    code: 'state_stale_wal',
    message: expect.stringContaining('change counter'),
  })
})

it('refuses a copy made by our own backup', async () => {
  const { path } = await killedState(few)
  const backup = join(temporaryFolder(), 'backup.db')
  const state = await openState(path, { clock })
  await backupState(state, backup, { now: clock.now() })
  await state.close()
  await writeAndKill(path, few)
  copyFileSync(backup, path)

  await expect(openState(path, { clock })).rejects.toMatchObject({ code: 'state_stale_wal' })
})

it('refuses again after a kill that followed a recovery', async () => {
  const { path, backup } = await killedState(few)
  await writeAndKill(path, few)
  renameSync(backup, path)

  await expect(openState(path, { clock })).rejects.toMatchObject({ code: 'state_stale_wal' })
})

it('changes nothing by refusing', async () => {
  const { path, backup } = await killedState(few)
  renameSync(backup, path)
  const before = readdirSync(join(path, '..'))

  await expect(openState(path, { clock })).rejects.toThrow('does not belong')

  expect(readdirSync(join(path, '..'))).toEqual(before)
})

it('opens a folder that was copied as a whole after a kill, whatever the dates', async () => {
  const { path } = await killedState(many)
  const moved = join(temporaryFolder(), 'caravan.db')
  for (const part of ['-wal', '-shm', '-note', '']) {
    copyFileSync(path + part, moved + part)
  }

  expect(await countItems(moved)).toBeGreaterThanOrEqual(many * 50)
})

it('opens when the note of the last opening was torn', async () => {
  const { path } = await killedState(few)
  writeFileSync(`${path}-note`, '{"data')

  expect(await countItems(path)).toBeGreaterThanOrEqual(few * 50)
})

it('opens beside a process that is writing', async () => {
  const { path } = await killedState(few)
  const writer = startChild('state-child.ts', 'write', path)
  await writer.printed(1)

  const counts: number[] = []
  for (let opened = 0; opened < 30; opened++) counts.push(await countItems(path))

  await writer.printed(writer.lines().length + 1)
  expect(counts.every((count) => count >= few * 50 && count % 50 === 0)).toBe(true)
})

it('refuses when the write-ahead file was removed after a kill', async () => {
  const { path } = await killedState(few)
  rmSync(`${path}-wal`)

  await expect(openState(path, { clock })).rejects.toMatchObject({
    code: 'state_damaged',
    message: expect.stringMatching(/caravan\.db-wal is missing, and with it \d+ pages/),
  })
})

it('opens when only the index of the write-ahead file was removed', async () => {
  const { path } = await killedState(few)
  rmSync(`${path}-shm`)

  expect(await countItems(path)).toBeGreaterThanOrEqual(few * 50)
})

it('opens what restore has put in place, and keeps the former state whole', async () => {
  const { path, backup } = await killedState(few)

  await restoreState(backup, path)

  expect(await countItems(path)).toBe(0)
  const former = new Sqlite(`${path}.replaced`)
  const { count } = former
    .prepare<[], { count: number }>('select count(*) as count from listing_items')
    .get() ?? { count: 0 }
  former.close()
  expect(count).toBeGreaterThanOrEqual(few * 50)
})
