import { join } from 'node:path'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { systemClock as clock } from '../core/clock.ts'
import { CaravanError } from '../core/errors.ts'
import { startChild } from '../testing/child.ts'
import { temporaryFolder } from '../testing/state.ts'
import { addToListing, beginListing, completeListing } from './listings.ts'
import { getMeta, setMeta } from './meta.ts'
import { createState, openState } from './open.ts'
import { connect, wrap } from './sqlite.ts'
import { writeBatches } from './transaction.ts'

async function freshState() {
  const path = join(temporaryFolder(), 'caravan.db')
  await createState(path, clock)
  return openState(path, { clock })
}

const listing = { job: 'j', source: 's', isFull: true, now: new Date(0) }

it('holds the settings our promises rest on', async () => {
  const state = await freshState()

  const read = async (name: string) =>
    Object.values((await sql<object>`pragma ${sql.raw(name)}`.execute(state.db)).rows[0] ?? {})[0]

  expect(await read('journal_mode')).toBe('wal')
  expect(await read('synchronous')).toBe(2)
  expect(await read('busy_timeout')).toBe(5000)
  expect(await read('foreign_keys')).toBe(1)
  await state.close()
})

it('takes the write lock when a transaction begins, not when it first writes', async () => {
  const state = await freshState()
  const other = connect(state.path, 'FULL')
  other.pragma('busy_timeout = 0')

  await state.db.transaction().execute(async (tx) => {
    await getMeta(tx, 'instance_id')
    expect(() => other.exec('begin immediate')).toThrow('database is locked')
  })

  other.exec('begin immediate')
  other.close()
  await state.close()
})

it('says that another process holds the lock', async () => {
  const state = await freshState()
  const other = connect(state.path, 'FULL')
  await sql`pragma busy_timeout = 20`.execute(state.db)
  other.exec('begin immediate')

  await expect(setMeta(state.db, 'a', 'b')).rejects.toMatchObject({
    code: 'state_busy',
    message: expect.stringContaining('caravan.db locked'),
  })

  other.exec('rollback')
  await setMeta(state.db, 'a', 'b')
  other.close()
  await state.close()
})

it('lets two processes write with no update lost and no busy error', async () => {
  const state = await freshState()
  const rounds = 300

  const children = [1, 2].map(() => startChild('state-child.ts', 'count', state.path, `${rounds}`))
  const codes = await Promise.all(children.map(({ ended }) => ended))

  expect(codes).toEqual([0, 0])
  expect(await getMeta(state.db, 'count')).toBe(String(2 * rounds))
  await state.close()
})

describe('on a full disk', () => {
  it('undoes the batch as a whole, says what happened, and goes on when there is room', async () => {
    const { db, close } = await freshState()
    const id = await beginListing(db, listing)
    const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(db)
    await sql`pragma max_page_count = ${sql.lit((rows[0]?.page_count ?? 0) + 150)}`.execute(db)
    const items = Array.from({ length: 5000 }, (_, n) => ({
      externalId: `${n}`,
      body: 'x'.repeat(200),
    }))

    const failure = await writeBatches(db, items, (tx, some) => addToListing(tx, id, some)).catch(
      (error: unknown) => error,
    )

    expect(failure).toBeInstanceOf(CaravanError)
    expect(failure).toMatchObject({
      code: 'state_full',
      message: 'The disk is full: caravan.db could not be written (SQLITE_FULL)',
      hint: expect.stringContaining('Free some space in'),
    })
    const held = await completeListing(db, id, new Date(0))
    expect(held).toBeGreaterThan(0)
    expect(held % 500).toBe(0)

    await sql`pragma max_page_count = 100000`.execute(db)
    await writeBatches(db, items, (tx, some) => addToListing(tx, id, some))
    expect(await completeListing(db, id, new Date(0))).toBe(5000)
    await close()
  })
})

it('loses nothing that was acknowledged when its process is killed', async () => {
  const path = join(temporaryFolder(), 'caravan.db')
  await createState(path, clock)

  for (let round = 0; round < 5; round++) {
    const writer = startChild('state-child.ts', 'write', path)
    await writer.printed(3 + round * 7)
    await writer.kill()

    const [id = '', acknowledged = 0] = writer.lines().at(-1)?.split(' ') ?? []
    const { db, close } = await openState(path, { clock })
    const held = await completeListing(db, id, new Date(0))
    const { rows } = await sql<{ integrity_check: string }>`pragma integrity_check`.execute(db)
    await close()

    expect(held).toBeGreaterThanOrEqual(Number(acknowledged) * 50)
    expect(held % 50).toBe(0)
    expect(rows).toEqual([{ integrity_check: 'ok' }])
  }
})

it('keeps a bounded number of statements, the latest ones', async () => {
  const { path, close } = await freshState()
  const handle = connect(path, 'FULL')
  const database = wrap(handle, path)
  const first = database.prepare('select 0')

  for (let n = 1; n < 200; n++) database.prepare(`select ${n}`)
  expect(database.prepare('select 0')).toBe(first)
  for (let n = 200; n < 400; n++) database.prepare(`select ${n}`)

  expect(database.prepare('select 0')).not.toBe(first)
  database.close()
  await close()
})
