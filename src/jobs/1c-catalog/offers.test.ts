import { expect, it } from 'vitest'
import { findingTotals } from '../../store/catalog/run-details.ts'
import type { Db } from '../../store/schema.ts'
import {
  catalogState,
  catalogue,
  document,
  importFiles,
  offer,
  offers,
  price,
  priceType,
  product,
} from '../../testing/onec-exchange.ts'
import { memoryState } from '../../testing/state.ts'

const types = `<ТипыЦен>${priceType('t1', 'Розничная')}${priceType('t2', ' Опт 1 ')}</ТипыЦен>`
const goods = catalogue([product('p')])
const named = offers([
  offer(
    'p#red',
    '<Наименование>Товар (красный)</Наименование><Штрихкод>4600000000001</Штрихкод><ХарактеристикиТовара><ХарактеристикаТовара><Наименование>Цвет</Наименование><Значение>красный</Значение></ХарактеристикаТовара></ХарактеристикиТовара>',
  ),
])
const priced = offers(
  [offer('p#red', `<Цены>${price('t1', '12.50')}${price('t2', '10')}</Цены>`)],
  {
    head: types,
  },
)
const stocked = offers([
  offer(
    'p#red',
    '<Остатки><Остаток><Склад><Ид>w1</Ид><Количество>-2.5</Количество></Склад></Остаток></Остатки>',
  ),
])
const price_types = { t1: 'market_price', 'Опт 1': 'supply_price' }

const theOffer = (db: Db) =>
  db.selectFrom('offers').selectAll().where('external_id', '=', 'p#red').executeTakeFirstOrThrow()

it('joins names, prices and stock from three files, whatever the order they come in', async () => {
  const orders = [
    [goods, named, priced, stocked],
    [stocked, priced, named, goods],
    [priced, goods, stocked, named],
  ]
  const states = []
  for (const order of orders) {
    const db = await memoryState()
    for (const file of order) {
      const isPriced = file === priced
      await importFiles(db, { 'a.xml': file }, isPriced ? { price_types } : {})
    }
    states.push(await catalogState(db))
  }
  const together = await memoryState()
  await importFiles(
    together,
    { 'z.xml': goods, 'y.xml': named, 'x.xml': priced, 'w.xml': stocked },
    { price_types },
  )

  const [first] = states
  expect(first?.['offers']).toMatchObject([
    {
      external_id: 'p#red',
      product_external_id: 'p',
      name: 'Товар (красный)',
      barcode: '4600000000001',
      market_price: 1250,
      supply_price: 1000,
      invoice_price: null,
      currency: 'RUB',
    },
  ])
  expect(first?.['stock']).toMatchObject([{ quantity: '0', raw_quantity: '-2.5', county: '' }])
  for (const state of [...states, await catalogState(together)]) expect(state).toEqual(first)
})

it('finds the second import of the three files unchanged', async () => {
  const db = await memoryState()
  const files = { 'a.xml': goods, 'b.xml': named, 'c.xml': priced, 'd.xml': stocked }
  await importFiles(db, files, { price_types })
  const before = await theOffer(db)

  const outcome = await importFiles(db, files, { price_types })

  expect(outcome.counters).toMatchObject({ created: 0, updated: 0, failed: 0 })
  expect(await theOffer(db)).toEqual(before)
})

it('drops a price type from an offer only when a full package lacks it', async () => {
  const db = await memoryState()
  await importFiles(db, { 'a.xml': goods, 'c.xml': priced }, { price_types })
  const one = [offer('p#red', `<Цены>${price('t1', '13')}</Цены>`)]

  await importFiles(db, { 'c.xml': offers(one) }, { price_types })
  const changes = await theOffer(db)
  await importFiles(db, { 'c.xml': offers(one, { full: true }) }, { price_types })
  const full = await theOffer(db)

  expect(changes).toMatchObject({ market_price: 1300, supply_price: 1000 })
  expect(full).toMatchObject({ market_price: 1300, supply_price: null })
  const prices = await db
    .selectFrom('offer_prices')
    .select(['price_type_external_id', 'status'])
    .orderBy('price_type_external_id')
    .execute()
  expect(prices).toEqual([
    { price_type_external_id: 't1', status: 'active' },
    { price_type_external_id: 't2', status: 'marked' },
  ])
})

it('takes the price of one unit from the price of a pack, and the first of several price breaks', async () => {
  const db = await memoryState()
  const breaks = [
    price('t1', '80', '<Валюта>RUB</Валюта><МинКоличество>10</МинКоличество>'),
    price('t1', '100', '<Валюта>RUB</Валюта><Коэффициент>3</Коэффициент>'),
  ].join('')

  await importFiles(
    db,
    { 'c.xml': offers([offer('p#red', `<Цены>${breaks}</Цены>`)], { head: types }) },
    { price_types },
  )

  expect(await theOffer(db)).toMatchObject({ market_price: 3333 })
  const { count } = await db
    .selectFrom('offer_prices')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  expect(count).toBe(2)
})

it('keeps a price of zero, and none where there is none', async () => {
  const db = await memoryState()

  await importFiles(
    db,
    { 'c.xml': offers([offer('p#red', `<Цены>${price('t1', '0')}</Цены>`)], { head: types }) },
    { price_types },
  )

  expect(await theOffer(db)).toMatchObject({ market_price: 0, supply_price: null })
})

it('marks an offer that is deleted, leaves the product, and a file of stock does not bring it back', async () => {
  const db = await memoryState()
  await importFiles(db, { 'a.xml': goods, 'b.xml': named })

  await importFiles(db, { 'b.xml': offers([offer('p#red', '', 'Удален')]) })
  await importFiles(db, { 'd.xml': stocked })
  const deleted = await theOffer(db)
  await importFiles(db, { 'b.xml': named })

  expect(deleted).toMatchObject({ status: 'marked', name: 'Товар (красный)' })
  expect(await theOffer(db)).toMatchObject({ status: 'active' })
  const { status } = await db.selectFrom('products').select('status').executeTakeFirstOrThrow()
  expect(status).toBe('active')
})

it('creates nothing for an unknown offer in a package of changes, and says so', async () => {
  const db = await memoryState()
  const changes = document(
    '<ИзмененияПакетаПредложений><Ид>x</Ид><Предложения><Предложение><Ид>p</Ид><ИдХарактеристики>red</ИдХарактеристики><Количество>4</Количество></Предложение></Предложения></ИзмененияПакетаПредложений>',
  )

  const unknown = await importFiles(db, { 'a.xml': goods, 'e.xml': changes })
  const offersThen = await db.selectFrom('offers').selectAll().execute()
  const stockThen = await db.selectFrom('stock').selectAll().execute()
  await importFiles(db, { 'b.xml': named })
  await importFiles(db, { 'e.xml': changes })

  expect([offersThen, stockThen]).toEqual([[], []])
  expect(await findingTotals(db, unknown.id)).toMatchObject({ offer_unknown: 1 })
  const stock = await db.selectFrom('stock').select(['external_id', 'quantity']).execute()
  expect(stock).toEqual([{ external_id: 'p#red', quantity: '4' }])
})

it('says loudly which price types fill no column, with the lines to paste', async () => {
  const db = await memoryState()

  const outcome = await importFiles(
    db,
    { 'a.xml': goods, 'c.xml': priced },
    { price_types: { t1: 'market_price' } },
  )

  expect(outcome.status).toBe('success')
  expect(outcome.notes.join('\n')).toContain('  "t2": CHOOSE  # Опт 1')
  const raw = await db.selectFrom('offer_prices').select('minor').orderBy('minor').execute()
  expect(raw).toEqual([{ minor: 1000 }, { minor: 1250 }])
})

it('refuses a table that names a price type there is not, before anything is written', async () => {
  const db = await memoryState()

  const outcome = await importFiles(
    db,
    { 'a.xml': goods, 'c.xml': priced },
    { price_types: { розничная: 'market_price' } },
  )

  expect(outcome).toMatchObject({
    status: 'failed',
    error: {
      code: 'input_invalid',
      message: expect.stringContaining('розничная'),
      hint: expect.stringContaining('Розничная'),
    },
  })
  expect(await catalogState(db)).toMatchObject({ products: [], offers: [] })
})

it('takes neither of two price types that claim one column of an offer', async () => {
  const db = await memoryState()

  const outcome = await importFiles(
    db,
    { 'a.xml': goods, 'c.xml': priced },
    { price_types: { t1: 'market_price', t2: 'market_price' } },
  )

  expect(await theOffer(db)).toMatchObject({ market_price: null })
  expect(await findingTotals(db, outcome.id)).toMatchObject({ price_unusable: 1 })
})

it('tells of offers without a product, a hundred of them and their number', async () => {
  const db = await memoryState()
  const list = Array.from({ length: 150 }, (_, number) =>
    offer(`lost${number}`, '<Наименование>x</Наименование>'),
  )

  const outcome = await importFiles(db, { 'b.xml': offers(list) })

  expect(await findingTotals(db, outcome.id)).toEqual({ offer_without_product: 150 })
  const kept = await db.selectFrom('import_findings').select('key').execute()
  expect(kept).toHaveLength(100)
  expect(outcome.notes.join()).toContain('offer_without_product 150')
})

it('previews an offer with its prices and its stock as one change', async () => {
  const db = await memoryState()
  await importFiles(db, { 'a.xml': goods, 'b.xml': named, 'c.xml': priced }, { price_types })
  const dearer = offers([
    offer('p#red', `<Цены>${price('t1', '20')}</Цены><Количество>7</Количество>`),
  ])

  const outcome = await importFiles(db, { 'c.xml': dearer }, { price_types, isDryRun: true })

  expect(outcome.changes).toHaveLength(1)
  expect(outcome.changes[0]).toMatchObject({ key: 'p#red', action: 'change' })
  expect(outcome.changes[0]?.fields).toContainEqual({
    field: 'market_price',
    before: 1250,
    after: 2000,
  })
  expect(outcome.changes[0]?.fields).toContainEqual({
    field: 'stock quantity',
    before: null,
    after: '7',
  })
  expect(await theOffer(db)).toMatchObject({ market_price: 1250 })
})
