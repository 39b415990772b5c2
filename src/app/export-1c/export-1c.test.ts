import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { saveProducts } from '../../store/catalog/products.ts'
import { saveStock } from '../../store/catalog/stock.ts'
import type { Db } from '../../store/schema.ts'
import { importPaths } from '../../testing/onec-exchange.ts'
import { memoryState, temporaryFolder } from '../../testing/state.ts'
import { commercemlFolder, violations, whyNoXmllint } from '../../testing/xmllint.ts'
import { exportCatalog, exportCustomers, type ExportRequest } from './index.ts'

const example = join(import.meta.dirname, '../../../examples/1c-catalog')
const now = new Date('2026-03-01T08:00:00.000Z')
const noXmllint = whyNoXmllint()
if (noXmllint) process.stderr.write(`Skipped: exports against the published schema; ${noXmllint}\n`)

const contextOf = (db: Db) => ({
  db,
  timezone: 'Asia/Shanghai',
  signal: new AbortController().signal,
})

async function exported(db: Db, request: Partial<ExportRequest> = {}): Promise<string> {
  const to = temporaryFolder()
  await exportCatalog(contextOf(db), { to, schemaVersion: '2.07', owner: 'Caravan', ...request })
  return to
}

/** What a buyer sees of the goods, whichever file it came from. */
async function shelf(db: Db) {
  const of = (table: 'products' | 'offer_prices' | 'stock', columns: string[]) =>
    db
      .selectFrom(table as 'products')
      .select(columns as never)
      .orderBy('external_id')
      .execute()
  return {
    products: await of('products', [
      'external_id',
      'name',
      'article',
      'barcode',
      'vat_rate',
      'status',
    ]),
    prices: await of('offer_prices', ['price_type_external_id', 'minor', 'currency']),
    stock: (await of('stock', ['external_id', 'quantity', 'warehouses'])).map(namedWarehouses),
  }
}

/** 3.1 writes a total without a warehouse as a row without one. */
function namedWarehouses(row: Record<string, unknown>) {
  const rows = JSON.parse(String(row.warehouses)) as { warehouseId: string | null }[]
  return { ...row, warehouses: rows.filter(({ warehouseId }) => warehouseId !== null) }
}

async function withHaier(): Promise<Db> {
  const db = await memoryState()
  const products = ['GA0SZC00U', 'CEABL9000', 'AA9GM2E33'].map((externalId, index) => ({
    externalId,
    code: externalId,
    name: `EC600${index}-HT3`,
    model: `EC600${index}-HT3`,
    brand: '海尔',
    groupName: index === 2 ? '冰箱' : '热水器',
    currency: 'CNY',
    // The last one has no price, which is not a price of zero.
    supplyPrice: index === 2 ? null : 129_900 + index,
    invoicePrice: null,
    isSales: true,
  }))
  await saveProducts(db, 'haier', products, now)
  const stock = [
    {
      externalId: 'GA0SZC00U',
      quantity: '7',
      warehouses: [
        { warehouse: 'W1', quantity: 5 },
        { warehouse: 'W2', quantity: 2 },
      ],
    },
    { externalId: 'CEABL9000', quantity: null, warehouses: [] },
  ].map((row) => ({ ...row, productExternalId: row.externalId, county: '110101' }))
  await saveStock(db, 'haier', stock, now)
  return db
}

describe.each(['2.07', '3.1'] as const)('%s', (schemaVersion) => {
  it('what came from 1C comes back to the same goods, prices and stock', async () => {
    const db = await memoryState()
    await importPaths(db, [example])
    const again = await memoryState()

    const outcome = await importPaths(again, [await exported(db, { schemaVersion })])

    expect(outcome.status).toBe('success')
    expect(await shelf(again)).toEqual(await shelf(db))
    expect((await shelf(db)).prices).toHaveLength(10)
  })

  it('what came from a supplier goes out with its own ids; unknown is left out', async () => {
    const db = await withHaier()
    const again = await memoryState()

    const folder = await exported(db, { schemaVersion, source: 'haier' })
    await importPaths(again, [folder])

    const { products, prices, stock } = await shelf(again)
    expect(products).toMatchObject([
      { external_id: 'AA9GM2E33', name: 'EC6002-HT3' },
      { external_id: 'CEABL9000' },
      { external_id: 'GA0SZC00U' },
    ])
    expect(prices).toMatchObject([
      { minor: 129_901, currency: 'CNY' },
      { minor: 129_900, currency: 'CNY' },
    ])
    expect(stock).toMatchObject([{ external_id: 'GA0SZC00U', quantity: '7' }])
  })

  it('the same state gives the same bytes', async () => {
    const db = await withHaier()
    await importPaths(db, [example])

    const [one, two] = [
      await exported(db, { schemaVersion }),
      await exported(db, { schemaVersion }),
    ]

    for (const file of ['import.xml', 'offers.xml']) {
      expect(hashOf(join(one, file))).toBe(hashOf(join(two, file)))
    }
  })
})

it.skipIf(noXmllint)('2.07 keeps to the published schema', async () => {
  const db = await withHaier()
  await importPaths(db, [example])

  const folder = await exported(db)

  const texts = ['import.xml', 'offers.xml'].map((file) => readFileSync(join(folder, file), 'utf8'))
  expect(violations(texts)).toBe('')
})

const customers = join(commercemlFolder, '3.1-sport/contragents.xml')
it.skipIf(!existsSync(customers))(
  'customers come back with their numbers and contacts',
  async () => {
    const db = await memoryState()
    await importPaths(db, [customers])
    const to = temporaryFolder()
    const again = await memoryState()

    const { files } = await exportCustomers(contextOf(db), {
      to,
      schemaVersion: '3.1',
      owner: 'Caravan',
    })
    await importPaths(again, [to])

    expect(files[0]).toMatchObject({ records: 20 })
    expect(await people(again)).toEqual(await people(db))
  },
)

const people = (db: Db) =>
  db
    .selectFrom('customers')
    .select([
      'external_id',
      'name',
      'kind',
      'tax_id',
      'email',
      'phone',
      'legal_address',
      'accounts',
    ])
    .orderBy('external_id')
    .execute()

it('an empty state is an error, not an empty catalogue', async () => {
  const db = await memoryState()
  const to = temporaryFolder()

  const failure = exportCatalog(contextOf(db), { to, schemaVersion: '2.07', owner: 'Caravan' })

  await expect(failure).rejects.toMatchObject({ code: 'input_invalid' })
  expect(existsSync(join(to, 'import.xml'))).toBe(false)
})

const hashOf = (file: string): string =>
  createHash('sha256').update(readFileSync(file)).digest('hex')
