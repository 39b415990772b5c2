import { expect, it } from 'vitest'
import { memoryState } from '../testing/state.ts'
import { productSpec } from './catalog/products.ts'
import { writeBatches } from './transaction.ts'
import { upsertRows, type UpsertRow } from './upsert.ts'

const options = { key: ['source', 'external_id'], guard: 'content_hash' } as const

const product = (id: number, content = 'a', at = '2026-01-01'): UpsertRow<'products'> => ({
  ...productSpec.blank,
  source: 's',
  external_id: String(id),
  name: content,
  status: 'active',
  marked_at: null,
  marked_reason: null,
  content_hash: content,
  created_at: at,
  updated_at: at,
  synced_at: at,
})

const products = (count: number, content?: string, at?: string) =>
  Array.from({ length: count }, (_, id) => product(id, content, at))

const counts = ({ created, updated, unchanged }: Awaited<ReturnType<typeof upsertRows>>) => ({
  created,
  updated,
  unchanged,
})

it.each([1, 4, 5, 24, 25, 26, 137])('counts %i rows created, unchanged, updated', async (n) => {
  const db = await memoryState()

  const first = await upsertRows(db, 'products', products(n), options)
  const again = await upsertRows(db, 'products', products(n), options)
  const changed = await upsertRows(db, 'products', products(n, 'b'), options)

  expect(counts(first)).toEqual({ created: n, updated: 0, unchanged: 0 })
  expect(counts(again)).toEqual({ created: 0, updated: 0, unchanged: n })
  expect(counts(changed)).toEqual({ created: 0, updated: n, unchanged: 0 })
  const stored = await db.selectFrom('products').select(['external_id', 'name']).execute()
  expect(new Set(stored.map((row) => row.external_id)).size).toBe(n)
  expect(new Set(stored.map((row) => row.name))).toEqual(new Set(['b']))
})

it('counts the revision and keeps the day a row was created', async () => {
  const db = await memoryState()

  await upsertRows(db, 'products', [product(1, 'a', 'day 1')], options)
  await upsertRows(db, 'products', [product(1, 'a', 'day 2')], options)
  await upsertRows(db, 'products', [product(1, 'b', 'day 3')], options)

  const row = await db.selectFrom('products').selectAll().executeTakeFirstOrThrow()
  expect(row).toMatchObject({ revision: 2, created_at: 'day 1', updated_at: 'day 3', name: 'b' })
})

it('takes the last of several rows with the same key', async () => {
  const db = await memoryState()

  const result = await upsertRows(db, 'products', [product(1, 'a'), product(1, 'b')], options)

  expect(counts(result)).toEqual({ created: 1, updated: 0, unchanged: 0 })
  expect(await db.selectFrom('products').select('name').execute()).toEqual([{ name: 'b' }])
})

it('hands back the columns asked for, of what was written', async () => {
  const db = await memoryState()
  await upsertRows(db, 'products', [product(1), product(2)], options)

  const { written } = await upsertRows(db, 'products', [product(1), product(2, 'b'), product(3)], {
    ...options,
    returning: ['external_id'],
  })

  expect(written).toEqual([
    { external_id: '2', revision: 2 },
    { external_id: '3', revision: 1 },
  ])
})

it('takes no rows, and refuses rows that name different columns', async () => {
  const db = await memoryState()
  const { name: _, ...nameless } = product(2)

  const nothing = await upsertRows(db, 'products', [], options)
  const mixed = upsertRows(db, 'products', [product(1), nameless as never], options)

  expect(counts(nothing)).toEqual({ created: 0, updated: 0, unchanged: 0 })
  await expect(mixed).rejects.toThrow('a row without name')
})

it('writes many in batches and keeps what was committed before a failure', async () => {
  const db = await memoryState()
  const sizes: number[] = []

  const writing = writeBatches(
    db,
    products(1200),
    async (tx, rows) => {
      await upsertRows(tx, 'products', rows, options)
      sizes.push(rows.length)
      if (sizes.length === 3) throw new Error('the third fails')
    },
    { size: 500 },
  )

  await expect(writing).rejects.toThrow('the third fails')
  const stored = await db.selectFrom('products').select('id').execute()
  expect({ sizes, stored: stored.length }).toEqual({ sizes: [500, 500, 200], stored: 1000 })
})

it('stops between batches when it is told to', async () => {
  const db = await memoryState()
  const stop = new AbortController()

  const writing = writeBatches(
    db,
    products(30),
    async (tx, rows) => {
      await upsertRows(tx, 'products', rows, options)
      stop.abort(new Error('enough'))
    },
    { size: 10, signal: stop.signal },
  )

  await expect(writing).rejects.toThrow('enough')
  expect(await db.selectFrom('products').select('id').execute()).toHaveLength(10)
})
