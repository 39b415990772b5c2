import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { memoryState } from '../../testing/state.ts'
import type { Db } from '../schema.ts'
import { hashCells } from './content.ts'
import { countActive, findMissing, markMissing } from './missing.ts'
import { pricePerUnit } from './offer-prices.ts'
import { previewProducts, saveProducts } from './products.ts'
import { findProducts, streamProducts } from './read-products.ts'
import { addCounts, addFindings, FindingBox, listFindings, readCounts } from './run-details.ts'
import { saveStock } from './stock.ts'

const at = new Date('2026-03-01T00:00:00.000Z')
const later = new Date('2026-03-02T00:00:00.000Z')
const guard = { maxShrinkPercent: 20, acceptShrink: false }
const seen = (...ids: string[]) => sql`(select value from json_each(${JSON.stringify(ids)}))`

const fridge = { externalId: 'f', name: 'Ёлка 2000', brand: 'Haier', isSales: true }

async function rowOf(db: Db, externalId: string) {
  return db
    .selectFrom('products')
    .selectAll()
    .where('external_id', '=', externalId)
    .executeTakeFirstOrThrow()
}

it('counts what was created, changed and left alone, and writes nothing for the last', async () => {
  const db = await memoryState()

  const created = await saveProducts(db, 'haier', [fridge, { externalId: 'g', name: 'G' }], at)
  const before = await rowOf(db, 'f')
  const unchanged = await saveProducts(db, 'haier', [fridge], later)
  const after = await rowOf(db, 'f')
  const updated = await saveProducts(db, 'haier', [{ ...fridge, name: 'Другое' }], later)

  expect(created).toMatchObject({ created: 2, updated: 0, unchanged: 0 })
  expect(unchanged).toMatchObject({ created: 0, updated: 0, unchanged: 1 })
  expect(after).toEqual(before)
  expect(updated).toMatchObject({ created: 0, updated: 1, unchanged: 0, written: ['f'] })
  expect(await rowOf(db, 'f')).toMatchObject({
    id: before.id,
    revision: 2,
    created_at: at.toISOString(),
    updated_at: later.toISOString(),
  })
})

it('keeps the fields a source does not speak of, and empties those it calls null', async () => {
  const db = await memoryState()
  await saveProducts(db, 'haier', [{ ...fridge, supplyPrice: 100, currency: 'CNY' }], at)

  await saveProducts(db, 'haier', [{ externalId: 'f', brand: null, details: { a: 1 } }], at)

  expect(await rowOf(db, 'f')).toMatchObject({
    name: 'Ёлка 2000',
    supply_price: 100,
    brand: null,
    is_sales: 1,
    details: '{"a":1}',
  })
})

it('takes the last of several words about one product in a batch', async () => {
  const db = await memoryState()

  const saved = await saveProducts(db, 's', [fridge, { externalId: 'f', name: 'Last' }], at)

  expect(saved).toMatchObject({ created: 1, updated: 0 })
  expect(await rowOf(db, 'f')).toMatchObject({ name: 'Last', brand: 'Haier' })
})

it('keeps the same id of two sources apart', async () => {
  const db = await memoryState()

  await saveProducts(db, 'a', [fridge], at)
  const other = await saveProducts(db, 'b', [{ ...fridge, name: 'B' }], at)

  expect(other.created).toBe(1)
  expect(await countActive(db, 'a')).toBe(1)
})

it('previews field by field and writes nothing', async () => {
  const db = await memoryState()
  await saveProducts(db, 'haier', [fridge], at)

  const changes = await previewProducts(
    db,
    'haier',
    [
      { ...fridge, supplyPrice: 5 },
      { externalId: 'n', name: 'N' },
    ],
    at,
  )

  expect(changes[0]).toEqual({
    key: 'f',
    action: 'change',
    fields: [{ field: 'supply_price', before: null, after: 5 }],
  })
  expect(changes[1]).toMatchObject({ key: 'n', action: 'create' })
  expect(await countActive(db, 'haier')).toBe(1)
})

it('marks what is missing within the guard, makes it unsaleable, and takes it back unchanged', async () => {
  const db = await memoryState()
  const ids = ['a', 'b', 'c', 'd', 'e']
  await saveProducts(
    db,
    'haier',
    ids.map((id) => ({ ...fridge, externalId: id })),
    at,
  )
  const listing = { source: 'haier', seen: seen('a', 'b', 'c', 'd') }

  const found = await findMissing(db, listing)
  const marked = await markMissing(db, listing, guard, later)
  const gone = await rowOf(db, 'e')
  const again = await markMissing(db, listing, guard, later)
  const back = await saveProducts(db, 'haier', [{ ...fridge, externalId: 'e' }], later)

  expect([found, marked, again]).toEqual([['e'], ['e'], []])
  expect(gone).toMatchObject({ status: 'marked', is_sales: 0, marked_at: later.toISOString() })
  expect(back.updated).toBe(1)
  expect(await rowOf(db, 'e')).toMatchObject({
    id: gone.id,
    status: 'active',
    is_sales: 1,
    marked_at: null,
    marked_reason: null,
  })
})

it('refuses to mark more than the guard allows, and marks none', async () => {
  const db = await memoryState()
  await saveProducts(db, 's', [fridge, { externalId: 'g', name: 'G' }], at)

  const marking = markMissing(db, { source: 's', seen: seen('f') }, guard, at)

  await expect(marking).rejects.toMatchObject({ code: 'guard_shrunk' })
  expect(await countActive(db, 's')).toBe(2)
})

it('keeps unknown stock apart from none, and sells a negative figure as zero', async () => {
  const db = await memoryState()
  const shelf = { productExternalId: 'f', warehouses: [] }

  await saveStock(
    db,
    'haier',
    [
      { ...shelf, externalId: 'f', county: '1', quantity: null },
      { ...shelf, externalId: 'f', county: '2', quantity: '-3' },
    ],
    at,
  )

  const rows = await db
    .selectFrom('stock')
    .select(['county', 'quantity', 'raw_quantity'])
    .orderBy('county')
    .execute()
  expect(rows).toEqual([
    { county: '1', quantity: null, raw_quantity: null },
    { county: '2', quantity: '0', raw_quantity: '-3' },
  ])
})

it('streams every product once, in order, with its stock, whatever the size of the batches', async () => {
  const db = await memoryState()
  const products = Array.from({ length: 7 }, (_, n) => ({ externalId: `p${n}`, name: `N${n}` }))
  await saveProducts(db, 'a', products, at)
  await saveProducts(db, 'b', products.slice(0, 2), at)
  await saveStock(
    db,
    'a',
    [
      { externalId: 'p0#x', productExternalId: 'p0', quantity: '0.1', warehouses: [] },
      { externalId: 'p0#y', productExternalId: 'p0', quantity: '0.2', warehouses: [] },
    ],
    at,
  )

  const batches = await Array.fromAsync(streamProducts(db, {}, 3))

  expect(batches.map((batch) => batch.length)).toEqual([3, 3, 3])
  expect(batches.flat().map(({ source, externalId }) => source + externalId)).toEqual([
    ...products.map(({ externalId }) => `a${externalId}`),
    'bp0',
    'bp1',
  ])
  expect(batches.flat()[0]?.stock).toBe('0.3')
  expect(batches.flat()[1]?.stock).toBeNull()
})

it('finds products by any part of their names, whatever the case, and takes % as it is', async () => {
  const db = await memoryState()
  await saveProducts(
    db,
    'a',
    [fridge, { externalId: 'g', name: 'Скидка 20%', article: 'Б- 130005' }],
    at,
  )

  const namesOf = async (search: string) =>
    (await findProducts(db, { search })).map(({ name }) => name)

  expect(await namesOf('елка')).toEqual(['Ёлка 2000'])
  expect(await namesOf('б- 13')).toEqual(['Скидка 20%'])
  expect(await namesOf('0%')).toEqual(['Скидка 20%'])
  expect(await namesOf('_')).toEqual([])
})

it('adds up counters and findings of a run over its batches', async () => {
  const db = await memoryState()
  const box = new FindingBox()
  for (let n = 0; n < 130; n++) box.add({ kind: 'odd', key: String(n), text: 't' })

  await addFindings(db, 'run', box)
  await addFindings(db, 'run', box)
  await addCounts(db, 'run', 'products', { created: 2, failed: 1 })
  await addCounts(db, 'run', 'products', { created: 3, marked: 1 })

  expect(await listFindings(db, 'run')).toHaveLength(100)
  expect(await readCounts(db, 'run')).toEqual({
    products: { created: 5, updated: 0, unchanged: 0, failed: 1, marked: 1 },
  })
})

it('tells empty from missing and one cell from two in its hash', () => {
  const hashes = [['', null], [null, ''], ['a', 'b'], ['ab', ''], [1], ['1', null]].map(hashCells)

  expect(new Set(hashes).size).toBe(6)
})

it.each`
  price       | ratio    | minor
  ${'100'}    | ${'3'}   | ${3333}
  ${'200'}    | ${'3'}   | ${6667}
  ${'10'}     | ${null}  | ${1000}
  ${'10.005'} | ${'1'}   | ${1001}
  ${'1'}      | ${'0.5'} | ${200}
  ${'-100'}   | ${'3'}   | ${-3333}
  ${'10'}     | ${'0'}   | ${1000}
`('a pack of $ratio for $price is $minor kopecks a unit', ({ price, ratio, minor }) => {
  expect(pricePerUnit(price, ratio, 'RUB')).toBe(minor)
})
