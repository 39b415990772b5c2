import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readCounts } from '../../store/catalog/run-details.ts'
import { addDecimals } from '../../core/decimal.ts'
import { catalogBytes, importPaths } from '../../testing/onec-exchange.ts'
import { memoryState } from '../../testing/state.ts'

const folder =
  process.env['CARAVAN_COMMERCEML'] ??
  join(import.meta.dirname, '../../../../shared/data/commerceml')

type Expected = Record<string, { stock_total?: string; prices?: number; customers?: number }>
const { files } = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as {
  files: Expected
}
const sumOf = (field: 'prices' | 'customers'): number =>
  Object.values(files).reduce((sum, file) => sum + (file[field] ?? 0), 0)

const isOurCopy = process.env['CARAVAN_COMMERCEML'] === undefined

it('imports every real file into one catalogue, and finds them unchanged the second time', async () => {
  const db = await memoryState()

  const first = await importPaths(db, [folder])
  const rows = await readCounts(db, first.id)
  const before = await catalogBytes(db)
  const second = await importPaths(db, [folder])
  const after = await catalogBytes(db)
  const again = await readCounts(db, second.id)

  expect(first).toMatchObject({ status: 'success', counters: { failed: 0 } })
  expect(second).toMatchObject({
    status: 'success',
    counters: { created: 0, updated: 0, unchanged: first.counters.created, failed: 0 },
  })
  expect(after).toBe(before)
  for (const [table, counts] of Object.entries(again)) {
    expect([table, counts]).toEqual([
      table,
      { created: 0, updated: 0, unchanged: rows[table]?.created, failed: 0, marked: 0 },
    ])
  }
  expect(rows['offer_prices']?.created).toBe(sumOf('prices'))
  expect(rows['customers']?.created).toBe(sumOf('customers'))
  const stock = await db.selectFrom('stock').select('raw_quantity').execute()
  expect(addDecimals(...stock.map((row) => row.raw_quantity ?? '0'))).toBe(
    addDecimals(...Object.values(files).map((file) => file.stock_total ?? '0')),
  )
})

// Ids that several files share are one row; the numbers were counted from the files by a program of its own.
it.runIf(isOurCopy)(
  'has exactly as many rows as there are different ids in the files',
  async () => {
    const db = await memoryState()

    const { id } = await importPaths(db, [folder])

    const rows = await readCounts(db, id)
    expect(
      Object.fromEntries(Object.entries(rows).map(([table, one]) => [table, one.created])),
    ).toEqual({
      products: 223,
      offers: 996,
      offer_prices: 1020,
      stock: 992,
      product_groups: 273,
      properties: 1969,
      price_types: 15,
      warehouses: 8,
      units: 20,
      customers: 20,
      order_statuses: 7,
    })
  },
)

it.runIf(isOurCopy)(
  'keeps what the files say of a product, an offer, a price, stock and a customer',
  async () => {
    const db = await memoryState()
    const rrp = '3d1482c4-bd77-11e4-afc8-20cf3073dde3'

    await importPaths(db, [join(folder, '3.1-sport')], {
      price_types: { [rrp]: 'market_price', Тренерская: 'supply_price' },
    })

    const product = await db
      .selectFrom('products')
      .selectAll()
      .where('article', '=', 'ES1115')
      .executeTakeFirstOrThrow()
    expect(product).toMatchObject({
      external_id: '018d777d-9094-11ec-a2ff-04421a23d8e8',
      catalog_id: '916c4658-6e57-4468-91e7-60d53e352890',
      search: expect.stringContaining('гантель неопреновая espado es1115, желтый'),
      unit: '796',
    })
    const offer = await db
      .selectFrom('offers')
      .selectAll()
      .where('external_id', '=', '038bca5a-747e-11ea-81c1-00155d3cae02')
      .executeTakeFirstOrThrow()
    expect(offer).toMatchObject({ market_price: 699_000, currency: 'RUB', name: null })
    const stock = await db
      .selectFrom('stock')
      .selectAll()
      .where('external_id', '=', '069efcc9-a098-11ed-a325-04421a23d8e8')
      .executeTakeFirstOrThrow()
    expect(stock).toMatchObject({ quantity: '0', county: '' })
    expect(JSON.parse(stock.warehouses)).toHaveLength(2)
    const customer = await db
      .selectFrom('customers')
      .selectAll()
      .where('tax_id', '=', '261657975432')
      .executeTakeFirstOrThrow()
    expect(customer).toMatchObject({
      kind: 'sole_proprietor',
      last_name: 'Лебедева',
      first_name: 'Елена',
      middle_name: 'Ильинична',
    })
  },
)
