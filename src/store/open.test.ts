import {
  chmodSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { systemClock as clock } from '../core/clock.ts'
import { temporaryFolder } from '../testing/state.ts'
import { openCallLog } from './call-log.ts'
import { callLogPath, stateFile } from './files.ts'
import { getMeta } from './meta.ts'
import { createState, openState } from './open.ts'

const modeOf = (path: string): number => statSync(path).mode & 0o777

/** A state that was made and closed. */
async function createdState(): Promise<{ path: string; instanceId: string }> {
  const path = join(temporaryFolder(), 'state', 'caravan.db')
  return { path, instanceId: await createState(path, clock) }
}

/** Root may write everything, so there the work is done as nobody. */
async function asOrdinaryUser<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work()
  process.seteuid?.(65_534)
  return work().finally(() => process.seteuid?.(0))
}

function edit(path: string, change: string): void {
  const handle = new Sqlite(path)
  handle.exec(change)
  handle.close()
}

describe('createState', () => {
  it('makes a folder and a file that only this user may read, and knows its instance', async () => {
    const { path, instanceId } = await createdState()

    const state = await openState(path, { clock, instanceId })

    expect(state.instanceId).toBe(instanceId)
    expect(await getMeta(state.db, 'created_at')).toMatch(/^\d{4}-/)
    expect(modeOf(join(path, '..'))).toBe(0o700)
    for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(modeOf(file)).toBe(0o600)
    await state.close()
  })

  it('leaves nothing but the file', async () => {
    const { path } = await createdState()

    expect(readdirSync(join(path, '..'))).toEqual(['caravan.db'])
  })

  it('refuses a file that is there and leaves it alone', async () => {
    const path = join(temporaryFolder(), 'caravan.db')
    writeFileSync(path, 'somebody needs this')

    await expect(createState(path, clock)).rejects.toMatchObject({ code: 'state_exists' })

    expect(readFileSync(path, 'utf8')).toBe('somebody needs this')
  })

  it('refuses to begin beside the write-ahead file of a lost state', async () => {
    const path = join(temporaryFolder(), 'caravan.db')
    writeFileSync(`${path}-wal`, 'committed')

    await expect(createState(path, clock)).rejects.toMatchObject({ code: 'state_exists' })
  })

  it('lets one of several at once make it', async () => {
    const path = join(temporaryFolder(), 'caravan.db')

    const results = await Promise.allSettled([1, 2, 3].map(() => createState(path, clock)))

    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })
})

describe('openState refuses', () => {
  it('a missing file, and does not make one', async () => {
    const path = join(temporaryFolder(), 'caravan.db')

    await expect(openState(path, { clock })).rejects.toMatchObject({
      code: 'state_missing',
      message: `There is no state at ${path}`,
      hint: expect.stringMatching(/caravan init[^]*caravan restore <backup>/),
    })

    expect(existsSync(path)).toBe(false)
  })

  it('an empty file, and leaves it empty', async () => {
    const path = join(temporaryFolder(), 'caravan.db')
    writeFileSync(path, '')

    await expect(openState(path, { clock })).rejects.toMatchObject({
      code: 'state_empty',
      hint: expect.stringContaining('caravan restore <backup>'),
    })

    expect(statSync(path).size).toBe(0)
  })

  it.each`
    what                   | content
    ${'a text file'}       | ${'hello world '.repeat(500)}
    ${'a few bytes'}       | ${'SQLite'}
    ${'a header of zeros'} | ${'\0'.repeat(4096)}
  `('$what', async ({ what, content }) => {
    const path = join(temporaryFolder(), 'caravan.db')
    writeFileSync(path, content)

    await expect(openState(path, { clock })).rejects.toMatchObject({
      code: what === 'a header of zeros' ? 'state_damaged' : 'state_foreign',
    })
  })

  it('a database of another program, and does not touch it', async () => {
    const path = join(temporaryFolder(), 'caravan.db')
    edit(path, 'create table theirs (x); insert into theirs values (1)')
    const before = readFileSync(path)

    await expect(openState(path, { clock })).rejects.toMatchObject({
      code: 'state_foreign',
      message: `${path} is not a caravan state`,
    })

    expect(readFileSync(path).equals(before)).toBe(true)
    expect(readdirSync(join(path, '..'))).toEqual(['caravan.db'])
  })

  it('a call log in the place of the state', async () => {
    const path = join(temporaryFolder(), 'caravan.calls.db')
    await (await openCallLog(path, { clock })).close()

    await expect(openState(path, { clock })).rejects.toMatchObject({ code: 'state_foreign' })
  })

  it('a folder', async () => {
    await expect(openState(temporaryFolder(), { clock })).rejects.toMatchObject({
      code: 'state_foreign',
    })
  })

  it('a file that was cut off', async () => {
    const { path } = await createdState()
    truncateSync(path, Math.floor(statSync(path).size / 2))

    await expect(openState(path, { clock })).rejects.toMatchObject({
      code: 'state_damaged',
      message: expect.stringContaining('is cut off'),
      hint: expect.stringContaining('caravan restore <backup>'),
    })
  })

  it('a page of garbage, at the first touch', async () => {
    const { path } = await createdState()
    const bytes = readFileSync(path)
    bytes.fill(0xaa, 4096)
    writeFileSync(path, bytes)

    await expect(openState(path, { clock })).rejects.toMatchObject({ code: 'state_damaged' })
  })

  it('a file of a newer caravan, and leaves every byte as it was', async () => {
    const { path } = await createdState()
    edit(path, `pragma user_version = ${stateFile.version + 1}`)
    const before = readFileSync(path)
    const dates = statSync(path).mtimeMs

    await expect(openState(path, { clock })).rejects.toMatchObject({
      code: 'state_newer',
      hint: expect.stringContaining('Upgrade caravan'),
    })

    expect(readFileSync(path).equals(before)).toBe(true)
    expect(statSync(path).mtimeMs).toBe(dates)
    expect(readdirSync(join(path, '..'))).toEqual(['caravan.db'])
  })

  it('a newer version that still stands in the write-ahead file', async () => {
    const { path } = await createdState()
    const newer = new Sqlite(path)
    newer.exec(`pragma user_version = ${stateFile.version + 1}`)

    await expect(openState(path, { clock })).rejects.toMatchObject({ code: 'state_newer' })

    newer.close()
  })

  it('a file and a folder that this user may not write', async () => {
    const { path } = await createdState()
    chmodSync(path, 0o444)
    const folders = [join(path, '..'), join(path, '..', '..')]
    for (const folder of folders) chmodSync(folder, 0o555)

    const opening = asOrdinaryUser(() => openState(path, { clock }))

    await expect(opening).rejects.toMatchObject({
      code: 'state_read_only',
      hint: expect.stringContaining('writable'),
    })
    for (const folder of folders) chmodSync(folder, 0o700)
  })

  it('the state of another installation', async () => {
    const { path, instanceId } = await createdState()
    const other = await createdState()
    copyFileSync(other.path, path)

    await expect(openState(path, { clock, instanceId })).rejects.toMatchObject({
      code: 'state_swapped',
      message: expect.stringContaining(instanceId),
    })
  })
})

describe('openState', () => {
  it('shortens a write-ahead file that has grown long, and waits for nobody', async () => {
    const { path } = await createdState()
    const writer = new Sqlite(path)
    writer.pragma('wal_autocheckpoint = 0')
    writer.exec(`create table big (x); insert into big values (randomblob(20000000))`)
    const before = statSync(`${path}-wal`).size

    const state = await openState(path, { clock })

    expect(before).toBeGreaterThan(20_000_000)
    expect(statSync(`${path}-wal`).size).toBeLessThan(100_000)
    await state.close()
    writer.close()
  })
})

describe('openCallLog', () => {
  it('begins a new log where there is none and says so', async () => {
    const { path } = await createdState()

    const first = await openCallLog(callLogPath(path), { clock })
    await first.close()
    const second = await openCallLog(callLogPath(path), { clock })
    await second.close()

    expect([first.isNew, second.isNew]).toEqual([true, false])
    expect(callLogPath(path)).toBe(join(path, '..', 'caravan.calls.db'))
    expect(modeOf(callLogPath(path))).toBe(0o600)
  })

  it('says how to get over a damaged one', async () => {
    const path = join(temporaryFolder(), 'caravan.calls.db')
    writeFileSync(path, 'garbage')

    await expect(openCallLog(path, { clock })).rejects.toMatchObject({
      code: 'state_foreign',
      hint: expect.stringContaining('a new one is begun'),
    })
  })
})
