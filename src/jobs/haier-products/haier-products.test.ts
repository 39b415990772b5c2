import { expect, it } from 'vitest'
import type { Db } from '../../store/schema.ts'
import { paths, startHaierProject } from '../../testing/haier-project.ts'

const all = { prices: true, stock: true }

const productsOf = (db: Db) =>
  db.selectFrom('products').selectAll().orderBy('external_id').execute()

const stockOf = (db: Db) => db.selectFrom('stock').selectAll().orderBy('external_id').execute()

type Listed = { productCode: string; [field: string]: unknown }[]

it('copies catalogue, prices and stock: 20 codes a price call, one token', async () => {
  const { sync, twin, db } = await startHaierProject()

  const report = await sync(all)

  expect(report).toMatchObject({ status: 'success', exit: 'done', failures: [], notes: [] })
  expect(report.counters).toMatchObject({ read: 60, created: 60, failed: 0, marked: 0 })
  expect(twin.twin.stats()).toMatchObject({
    token_calls: 1,
    listing_calls: 1,
    price_calls: 3,
    stock_calls: 60,
  })
  const products = await productsOf(await db())
  expect(products).toHaveLength(60)
  for (const product of products) {
    expect(product).toMatchObject({ source: 'haier', status: 'active', currency: 'CNY' })
    expect(product.supply_price).toBeGreaterThan(10_000)
  }
  const stock = await stockOf(await db())
  expect(stock).toHaveLength(60)
  expect(stock[0]).toMatchObject({ county: '110101', quantity: expect.stringMatching(/^\d+$/) })
})

it('asks for one new token when the old one expires in the middle', async () => {
  const { sync, twin } = await startHaierProject({ twin: { products: 200 } })
  twin.faults.add({ fault: 'expired-token', path: paths.stock, times: 1 })

  const report = await sync(all)

  expect(report.status).toBe('success')
  expect(twin.twin.stats()).toMatchObject({ token_calls: 2, distinct_stocked: 200 })
})

it('writes nothing when nothing changed', async () => {
  const { sync, db } = await startHaierProject()
  await sync(all)
  const before = [await productsOf(await db()), await stockOf(await db())]

  const report = await sync(all)

  expect(report.counters).toMatchObject({ created: 0, updated: 0, unchanged: 60 })
  expect([await productsOf(await db()), await stockOf(await db())]).toEqual(before)
})

it('counts a changed price and a change of the stock alone as updates', async () => {
  const { sync, answer, db } = await startHaierProject()
  await sync(all)
  const [first, second] = await productsOf(await db())
  answer(paths.price, (list: Listed) =>
    list.map((one) => ({
      ...one,
      ...(one.productCode === first?.external_id && { supplyPrice: 12.34 }),
    })),
  )
  answer(paths.stock, (payload: object, asked: { productCode: string }) =>
    asked.productCode === second?.external_id ? { secCode: 'W1', stock: '777' } : payload,
  )

  const report = await sync(all)

  expect(report.counters).toMatchObject({ created: 0, updated: 2, unchanged: 58 })
  const products = await productsOf(await db())
  expect(products[0]).toMatchObject({ supply_price: 1234, revision: 2 })
  expect(products[1]).toMatchObject({ revision: 1, updated_at: second?.updated_at })
  const stock = await stockOf(await db())
  expect(stock[1]).toMatchObject({ quantity: '777', revision: 2 })
})

it('leaves prices and stock as they were when it is not asked for them', async () => {
  const { sync, db, twin } = await startHaierProject()
  await sync(all)
  const before = [await productsOf(await db()), await stockOf(await db())]

  const report = await sync({})

  expect(report.counters).toMatchObject({ updated: 0, unchanged: 60 })
  expect([await productsOf(await db()), await stockOf(await db())]).toEqual(before)
  expect(twin.twin.stats()).toMatchObject({ price_calls: 3, stock_calls: 60 })
})

it('keeps a price and a stock that the supplier does not know as null, never as zero', async () => {
  const { sync, answer, db } = await startHaierProject({ twin: { products: 3 } })
  await sync(all)
  answer(paths.price, (list: Listed) => list.slice(1))
  answer(paths.stock, () => null)

  await sync(all)

  const products = await productsOf(await db())
  expect(products.filter((one) => one.supply_price === null)).toHaveLength(1)
  expect(products.every((one) => one.supply_price !== 0)).toBe(true)
  const stock = await stockOf(await db())
  expect(stock.map(({ quantity }) => quantity)).toEqual([null, null, null])
})

it('takes every oddity of the vendor: both spellings, numbers as text, missing prices', async () => {
  const { sync, db } = await startHaierProject({ twin: { quirks: true, wrapped: true } })

  const report = await sync(all)

  expect(report).toMatchObject({ status: 'success', counters: { created: 60 } })
  const products = await productsOf(await db())
  expect(products.every(({ group_name }) => group_name)).toBe(true)
  expect(products.some(({ supply_price }) => supply_price === null)).toBe(true)
  expect(products.every(({ supply_price }) => supply_price !== 0)).toBe(true)
})

it('takes just the named codes, 20 a call, and marks nothing', async () => {
  const { sync, db, twin } = await startHaierProject()
  await sync({})
  const codes = (await productsOf(await db())).slice(0, 45).map(({ external_id }) => external_id)

  const report = await sync({ ...all, codes })

  expect(report.counters).toMatchObject({ read: 45, updated: 45, marked: 0 })
  expect(twin.twin.stats()).toMatchObject({ listing_calls: 4, price_calls: 3, stock_calls: 45 })
})

it('says which of the named codes the supplier does not list', async () => {
  const { sync, db } = await startHaierProject()
  await sync({})
  const [known] = await productsOf(await db())
  const codes = [known?.external_id ?? '', 'NOSUCHCODE']

  const report = await sync({ codes })

  expect(report).toMatchObject({ status: 'partial', exit: 'partial' })
  expect(report.counters).toMatchObject({ read: 2, failed: 1 })
  expect(report.failures).toEqual([
    { key: 'NOSUCHCODE', reason: 'the supplier does not list this code', raw: null },
  ])
})

it.each`
  filter                | column
  ${{ brand: '海尔' }}  | ${'brand'}
  ${{ group: ' 冰箱' }} | ${'group_name'}
`('takes just what $filter lets through, and marks nothing', async ({ filter, column }) => {
  const { sync, db } = await startHaierProject()
  await sync({})
  const wanted = String(Object.values(filter as object)[0]).trim()
  const products = (await productsOf(await db())) as unknown as Record<string, unknown>[]
  const count = products.filter((product) => product[column as string] === wanted).length

  const report = await sync(filter as Record<string, unknown>)

  expect(count).toBeGreaterThan(0)
  expect(report.counters).toMatchObject({ read: count, unchanged: count, marked: 0 })
})

it('marks what a full listing no longer has, and takes the mark off when it returns', async () => {
  const { sync, db, answer } = await startHaierProject()
  await sync(all)
  let isShort = true
  answer(paths.listing, (list: Listed) => (isShort ? list.slice(5) : list))

  const lost = await sync(all)

  expect(lost).toMatchObject({ status: 'success', counters: { read: 55, marked: 5 } })
  const marked = (await productsOf(await db())).filter(({ status }) => status === 'marked')
  expect(marked).toHaveLength(5)
  for (const product of marked) {
    expect(product).toMatchObject({ is_sales: 0, marked_reason: 'not in the last full listing' })
    expect(product.supply_price).not.toBeNull()
  }

  const again = await sync(all)
  expect(again.counters).toMatchObject({ unchanged: 55, marked: 0 })

  isShort = false
  const back = await sync(all)
  expect(back.counters).toMatchObject({ created: 0, updated: 5, marked: 0 })
  const products = await productsOf(await db())
  expect(products.every(({ status }) => status === 'active')).toBe(true)
  expect(products).toHaveLength(60)
})
