import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { memoryState } from '../testing/state.ts'
import { addDelivery, countPending } from './alert-deliveries.ts'
import { agedTables, countAgedBefore, deleteAgedBefore } from './daemon-upkeep.ts'
import type { Db } from './schema.ts'

const before = new Date('2026-06-01T00:00:00.000Z')

/** One row from `at`, with whatever the columns of the table must have. */
async function insert(db: Db, table: (typeof agedTables)[number], at: string, n: number) {
  const { rows } = await sqlRows(db, table)
  const row = Object.fromEntries(
    rows
      .filter(({ notnull, pk, name }) => (notnull || pk) && name !== 'position')
      .map(({ name, type }) => [name, type === 'INTEGER' ? n : `${name} ${n}`]),
  )
  const dates = { due_at: at, at, resolved_at: at, until: at, received_at: at, updated_at: at }
  const known = new Set(rows.map(({ name }) => name))
  const dated = Object.fromEntries(Object.entries(dates).filter(([name]) => known.has(name)))
  const status = known.has('status') ? { status: table === 'alerts' ? 'resolved' : 'handled' } : {}
  const ok = known.has('ok') ? { ok: 1 } : {}
  const service = table === 'breaker_events' ? { service: 'haier' } : {} // the latest of each stays
  await db
    .insertInto(table)
    .values({ ...row, ...dated, ...status, ...ok, ...service } as never)
    .execute()
}

const sqlRows = (db: Db, table: string) =>
  sql<{ name: string; type: string; notnull: number; pk: number }>`
    select name, upper(type) as type, "notnull", pk from pragma_table_info(${table})`.execute(db)

it.each(agedTables)('%s: the old rows go, in batches, and the others stay', async (table) => {
  const db = await memoryState()
  for (let n = 0; n < 5; n++) await insert(db, table, '2026-01-01T00:00:00.000Z', n)
  await insert(db, table, '2026-07-01T00:00:00.000Z', 9)

  expect(await countAgedBefore(db, table, before)).toBe(5)
  expect(await deleteAgedBefore(db, table, before, 3)).toBe(3)
  expect(await deleteAgedBefore(db, table, before, 3)).toBe(2)
  expect(await deleteAgedBefore(db, table, before, 3)).toBe(0)

  expect(await db.selectFrom(table).selectAll().execute()).toHaveLength(1)
})

it('the latest change of a breaker stays, however old', async () => {
  const db = await memoryState()
  const at = '2026-01-01T00:00:00.000Z'
  for (const service of ['haier', 'sms', 'haier']) {
    const change = { service, at, status: 'open', former: 'closed', reason: null, trips: 1 }
    await db.insertInto('breaker_events').values(change).execute()
  }

  expect(await deleteAgedBefore(db, 'breaker_events', before, 10)).toBe(1)

  const left = await db.selectFrom('breaker_events').select('position').execute()
  expect(left).toEqual([{ position: 2 }, { position: 3 }])
})

it('what channels had to tell of an alert goes with it', async () => {
  const db = await memoryState()
  for (const n of [1, 2]) {
    await insert(db, 'alerts', n === 1 ? '2026-01-01T00:00:00.000Z' : '2026-07-01T00:00:00.000Z', n)
    await addDelivery(db, { service: 'ops', alert: `id ${n}`, notice: 'fired' }, before)
  }

  await deleteAgedBefore(db, 'alerts', before, 10)

  expect(await countPending(db)).toEqual(new Map([['ops', 1]]))
})

it('what is not over stays, however old', async () => {
  const db = await memoryState()
  for (const table of ['occurrences', 'alerts', 'hook_events'] as const) {
    await insert(db, table, '2026-01-01T00:00:00.000Z', 1)
    const status = { occurrences: 'running', alerts: 'firing', hook_events: 'received' }[table]
    await db
      .updateTable(table)
      .set({ status } as never)
      .execute()

    expect(await deleteAgedBefore(db, table, before, 10)).toBe(0)
  }
})
