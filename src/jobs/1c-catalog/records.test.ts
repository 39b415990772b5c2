import { expect, it } from 'vitest'
import { findingTotals } from '../../store/catalog/run-details.ts'
import { document, importFiles } from '../../testing/onec-exchange.ts'
import { memoryState } from '../../testing/state.ts'

const property = (variants: readonly string[]) =>
  document(
    `<Классификатор><Ид>c</Ид><Наименование>К</Наименование><Свойства><Свойство><Ид>size</Ид><Наименование>Размер</Наименование><ТипЗначений>Справочник</ТипЗначений><ВариантыЗначений>${variants
      .map(
        (one) =>
          `<Справочник><ИдЗначения>${one}</ИдЗначения><Значение>${one} см</Значение></Справочник>`,
      )
      .join('')}</ВариантыЗначений></Свойство></Свойства></Классификатор>`,
  )

it('unites the variants of a property over files and over exchanges', async () => {
  const db = await memoryState()

  await importFiles(db, { 'a.xml': property(['1', '2']), 'b.xml': property(['2', '3']) })
  await importFiles(db, { 'c.xml': property(['4']) })
  const again = await importFiles(db, { 'a.xml': property(['1', '2']) })

  const { variants } = await db
    .selectFrom('properties')
    .select('variants')
    .executeTakeFirstOrThrow()
  expect(JSON.parse(variants).map((variant: { id: string }) => variant.id)).toEqual([
    '1',
    '2',
    '3',
    '4',
  ])
  expect(again.counters).toMatchObject({ updated: 0, unchanged: 1 })
})

const group = (parent: string) => {
  const moved = '<Группа><Ид>x</Ид><Наименование>Лампы</Наименование></Группа>'
  const roots = ['a', 'b'].map(
    (id) =>
      `<Группа><Ид>${id}</Ид><Наименование>${id}</Наименование>${id === parent ? `<Группы>${moved}</Группы>` : ''}</Группа>`,
  )
  return document(
    `<Классификатор><Ид>c</Ид><Наименование>К</Наименование><Группы>${roots.join('')}</Группы></Классификатор>`,
  )
}

it('moves a group that comes again below another parent', async () => {
  const db = await memoryState()

  await importFiles(db, { 'a.xml': group('a') })
  const outcome = await importFiles(db, { 'a.xml': group('b') })

  const row = await db
    .selectFrom('product_groups')
    .select(['parent_external_id', 'revision'])
    .where('external_id', '=', 'x')
    .executeTakeFirst()
  expect(row).toEqual({ parent_external_id: 'b', revision: 2 })
  expect(outcome.counters).toMatchObject({ updated: 1, unchanged: 2 })
})

const customers = (list: readonly string[]) =>
  document(`<Контрагенты>${list.join('')}</Контрагенты>`)

const customer = (inner: string) =>
  `<Контрагент><Ид>k1</Ид><Наименование>ООО Ромашка</Наименование><Роль>Покупатель</Роль>${inner}</Контрагент>`

it('keeps a customer whose numbers are odd, and writes beside it what is odd', async () => {
  const db = await memoryState()
  const odd = customer(
    '<ОфициальноеНаименование>ООО Ромашка</ОфициальноеНаименование><ИНН>7707083894</ИНН><КПП>77070</КПП><Контакты><Контакт><Тип>Телефон рабочий</Тип><Значение> 8 960 786 50 46</Значение></Контакт><Контакт><Тип>Почта</Тип><Значение>Info@ROMASHKA.ru</Значение></Контакт></Контакты>',
  )

  const outcome = await importFiles(db, { 'a.xml': customers([odd]) })

  const row = await db.selectFrom('customers').selectAll().executeTakeFirstOrThrow()
  expect(row).toMatchObject({
    onec_id: 'k1',
    kind: 'legal',
    tax_id: '7707083894',
    phone: '+79607865046',
    phone_raw: '8 960 786 50 46',
    email: 'Info@romashka.ru',
  })
  expect(JSON.parse(row.findings)).toEqual([
    'ИНН 7707083894 is not 10 or 12 digits with right check digits',
    'КПП 77070 does not have the form NNNNPPXXX',
  ])
  expect(outcome).toMatchObject({ status: 'success', counters: { created: 1, failed: 0 } })
  expect(await findingTotals(db, outcome.id)).toEqual({ customer_odd: 2 })
})

it('leaves out suppliers, and fails a record that nothing identifies', async () => {
  const db = await memoryState()
  const supplier = customer('').replace('Покупатель', 'Поставщик').replace('k1', 'k2')
  const nameless = customer('').replace('<Ид>k1</Ид>', '')

  const outcome = await importFiles(db, { 'a.xml': customers([customer(''), supplier, nameless]) })

  expect(outcome).toMatchObject({ status: 'partial', counters: { created: 1, failed: 1 } })
  expect(outcome.failures[0]?.key).toMatch(/a\.xml@\d+$/)
  expect(await db.selectFrom('customers').select('external_id').execute()).toEqual([
    { external_id: 'k1' },
  ])
})

const requisite = (name: string, value: string) =>
  `<ЗначениеРеквизита><Наименование>${name}</Наименование><Значение>${value}</Значение></ЗначениеРеквизита>`

const order = (inner: string, requisites: string) =>
  document(
    `<Документ><Ид>guid-1</Ид><Номер>77</Номер><ХозОперация>Заказ товара</ХозОперация>${inner}<ЗначенияРеквизитов>${requisites}</ЗначенияРеквизитов></Документ>`,
  )

it('adds what a status document says to the order it knows, and keeps sum and lines', async () => {
  const db = await memoryState()
  const line =
    '<Товары><Товар><Ид>p</Ид><Наименование>П</Наименование><ЦенаЗаЕдиницу>10</ЦенаЗаЕдиницу><Количество>2</Количество><Сумма>20</Сумма></Товар></Товары>'
  await importFiles(db, {
    'a.xml': order(
      `<Валюта>RUB</Валюта><Сумма>20.00</Сумма>${line}`,
      requisite('Проведен', 'false'),
    ),
  })

  const outcome = await importFiles(
    db,
    {
      'a.xml': order(
        '',
        requisite('СтатусЗаказа', 'Отгружен') +
          requisite('Проведен', 'true') +
          requisite('Дата оплаты по 1С', '2026-01-15T10:00:00'),
      ),
    },
    { timezone: 'Europe/Moscow' },
  )

  const row = await db.selectFrom('order_statuses').selectAll().executeTakeFirstOrThrow()
  expect(outcome.counters).toMatchObject({ updated: 1 })
  expect(row).toMatchObject({
    external_id: '77',
    onec_id: 'guid-1',
    status_raw: 'Отгружен',
    is_posted: 1,
    sum: 2000,
    currency: 'RUB',
    paid_at: '2026-01-15T07:00:00.000Z',
  })
  expect(JSON.parse(row.details).lines).toHaveLength(1)
})
