import { describe, expect, it } from 'vitest'
import { allRecords } from '../../testing/commerceml-counts.ts'
import { readCommerceml } from './read.ts'
import type { ReadOptions } from './read.ts'
import type { CommerceRecord } from './records.ts'

const read = (content: string, options: Partial<ReadOptions> = {}): Promise<CommerceRecord[]> =>
  allRecords(readCommerceml([Buffer.from(content)], { file: 'a.xml', ...options }))

const root = (content: string, attributes = 'ВерсияСхемы="2.07"'): string =>
  `<КоммерческаяИнформация ${attributes}>${content}</КоммерческаяИнформация>`

type Of<T extends CommerceRecord['type']> = Extract<CommerceRecord, { type: T }>[]

async function only<T extends CommerceRecord['type']>(
  type: T,
  content: string,
  options: Partial<ReadOptions> = {},
): Promise<Of<T>> {
  const records = await read(root(content), options)
  return records.filter((record): record is Of<T>[number] => record.type === type)
}

const goods = (content: string): string => `<Каталог><Товары>${content}</Товары></Каталог>`
const offers = (content: string): string =>
  `<ПакетПредложений><Предложения>${content}</Предложения></ПакетПредложений>`
const guid = 'BD72D8F9-55BC-11D9-848A-00112F43529A'

describe('a block', () => {
  it.each`
    attribute                              | changesOnly
    ${''}                                  | ${true}
    ${'СодержитТолькоИзменения="false"'}   | ${false}
    ${'СодержитТолькоИзменения="Нет"'}     | ${false}
    ${'СодержитТолькоИзменения="0"'}       | ${false}
    ${'СодержитТолькоИзменения="ИСТИНА"'}  | ${true}
    ${'СодержитТолькоИзменения="perhaps"'} | ${true}
  `('with "$attribute" holds changes only: $changesOnly', async ({ attribute, changesOnly }) => {
    const blocks = await only('block', `<Каталог ${String(attribute)}><Ид>1</Ид></Каталог>`)

    expect(blocks.map((block) => block.changesOnly)).toEqual([changesOnly, changesOnly])
  })

  it('begins before its records and ends behind them, with all it says about itself', async () => {
    const records = await read(
      root(
        `<ПакетПредложений><Ид>c#</Ид><ИдКаталога>${guid}</ИдКаталога><Предложения><Предложение><Ид>1</Ид></Предложение></Предложения><Наименование>Пакет</Наименование></ПакетПредложений>`,
      ),
    )

    expect(records.map((record) => record.type)).toEqual([
      'header',
      'block',
      'offer',
      'block',
      'end',
    ])
    expect(records[1]).toMatchObject({ phase: 'begin', id: 'c#', catalogueId: guid.toLowerCase() })
    expect(records[3]).toMatchObject({ phase: 'end', id: 'c#', title: 'Пакет' })
  })

  it('that is not known leaves a finding, those of discounts do not', async () => {
    const findings = await only('finding', '<Чудо><Товар/></Чудо><Скидки><Скидка/></Скидки>')

    expect(findings).toMatchObject([{ code: 'block_unknown', element: 'Чудо' }])
  })
})

describe('a product', () => {
  it.each`
    given                | id                                 | productId             | characteristicId
    ${` ${guid}\n`}      | ${guid.toLowerCase()}              | ${guid.toLowerCase()} | ${undefined}
    ${`${guid}#${guid}`} | ${`${guid}#${guid}`.toLowerCase()} | ${guid.toLowerCase()} | ${guid.toLowerCase()}
    ${`${guid}#`}        | ${`${guid.toLowerCase()}#`}        | ${guid.toLowerCase()} | ${undefined}
    ${'Бренд'}           | ${'Бренд'}                         | ${'Бренд'}            | ${undefined}
    ${'796 '}            | ${'796'}                           | ${'796'}              | ${undefined}
    ${`x${guid}`}        | ${`x${guid}`}                      | ${`x${guid}`}         | ${undefined}
  `('with the Ид "$given" is $id', async ({ given, id, productId, characteristicId }) => {
    const [product] = await only('product', goods(`<Товар><Ид>${String(given)}</Ид></Товар>`))

    expect(product).toMatchObject({ id, productId })
    expect(product?.characteristicId).toBe(characteristicId)
  })

  it('has no values where elements are empty or blank', async () => {
    const [product] = await only(
      'product',
      goods(
        '<Товар><Ид>1</Ид><Штрихкод/><Артикул> \n</Артикул><Группы/><Картинка/><Вес></Вес><Ширина>0</Ширина><ЗначенияСвойств><ЗначенияСвойства><Ид>p</Ид><Значение/></ЗначенияСвойства><ЗначенияСвойства><Ид>q</Ид><Значение>00000000-0000-0000-0000-000000000000</Значение></ЗначенияСвойства></ЗначенияСвойств></Товар>',
      ),
    )

    expect(product).toMatchObject({
      groupIds: [],
      pictures: [],
      propertyValues: [
        { id: 'p', values: [] },
        { id: 'q', values: [] },
      ],
    })
    for (const field of ['barcode', 'article', 'weight', 'width'] as const) {
      expect(product?.[field]).toBeUndefined()
    }
    expect(product?.has).toContain('Штрихкод')
  })

  it.each`
    mark                                                                | isDeleted | status
    ${'<Товар Статус="Удален"><Ид>1</Ид></Товар>'}                      | ${true}   | ${'deleted'}
    ${'<Товар Статус="Удалён"><Ид>1</Ид></Товар>'}                      | ${true}   | ${'deleted'}
    ${'<Товар Статус="Новый"><Ид>1</Ид></Товар>'}                       | ${false}  | ${'new'}
    ${'<Товар Статус="Изменен"><Ид>1</Ид></Товар>'}                     | ${false}  | ${'changed'}
    ${'<Товар><Ид>1</Ид><ПометкаУдаления>Да</ПометкаУдаления></Товар>'} | ${true}   | ${undefined}
    ${'<Товар><Ид>1</Ид><ПометкаУдаления>0</ПометкаУдаления></Товар>'}  | ${false}  | ${undefined}
  `('$mark is deleted: $isDeleted', async ({ mark, isDeleted, status }) => {
    const [product] = await only('product', goods(String(mark)))

    expect(product?.isDeleted).toBe(isDeleted)
    expect(product?.status).toBe(status)
  })

  it('keeps repeated requisites as a list', async () => {
    const requisite = (value: string) =>
      `<ЗначениеРеквизита><Наименование>ОписаниеФайла</Наименование><Значение>${value}</Значение></ЗначениеРеквизита>`
    const [product] = await only(
      'product',
      goods(
        `<Товар><Ид>1</Ид><ЗначенияРеквизитов>${requisite('a#x')}${requisite('b#y')}</ЗначенияРеквизитов></Товар>`,
      ),
    )

    expect(product?.requisites.map((one) => one.values)).toEqual([['a#x'], ['b#y']])
  })

  it('keeps twice escaped texts unless told otherwise', async () => {
    const content = goods(
      '<Товар><Ид>1</Ид><Наименование>&amp;quot;А&amp;quot; &amp;amp;</Наименование></Товар>',
    )

    const [kept] = await only('product', content)
    const [resolved] = await only('product', content, { unescapeTwice: true })

    expect(kept?.name).toBe('&quot;А&quot; &amp;')
    expect(resolved?.name).toBe('"А" &')
  })

  it('says where it begins and what could not be read', async () => {
    const text = root(goods('<Товар><Ид>1</Ид></Товар><Товар><Ид>2</Ид><Вес>тяжёлый</Вес></Товар>'))

    const records = await read(text)

    const offset = Buffer.byteLength(text.slice(0, text.lastIndexOf('<Товар>')))
    expect(records.findLast((record) => record.type === 'product')).toMatchObject({ offset })
    expect(records.find((record) => record.type === 'finding')).toMatchObject({
      code: 'number_unreadable',
      element: 'Каталог/Товары/Товар[2]/Вес',
      id: '2',
      offset,
    })
  })
})

describe('the unit of a product', () => {
  it.each`
    given                                                                                                                                                   | unit
    ${'<БазоваяЕдиница Код="796 " НаименованиеПолное="Штука">шт<Пересчет><Единица>778</Единица><Коэффициент>0,5</Коэффициент></Пересчет></БазоваяЕдиница>'} | ${{ code: '796', shortName: 'шт', fullName: 'Штука', conversions: [{ unit: '778', ratio: '0.5' }] }}
    ${'<БазоваяЕдиница>796 </БазоваяЕдиница>'}                                                                                                              | ${{ id: '796', shortName: '796' }}
    ${'<БазоваяЕдиница Код="796"/>'}                                                                                                                        | ${{ code: '796' }}
  `('$given is read', async ({ given, unit }) => {
    const [product] = await only('product', goods(`<Товар><Ид>1</Ид>${String(given)}</Товар>`))

    expect(product?.unit).toMatchObject(unit)
  })
})

describe('stock', () => {
  const quantity = '<Количество>5</Количество>'
  const attributes =
    '<Склад ИдСклада="a" КоличествоНаСкладе="2"/><Склад ИдСклада="b" КоличествоНаСкладе="3"/>'
  const balances =
    '<Остатки><Остаток><Склад><Ид>a</Ид><Количество>7</Количество></Склад></Остаток><Остаток><Склад><Ид>b</Ид><Количество>-0,5</Количество></Склад></Остаток></Остатки>'

  it.each`
    given                                                                 | source          | total        | rows
    ${quantity}                                                           | ${'quantity'}   | ${'5'}       | ${0}
    ${quantity + attributes}                                              | ${'quantity'}   | ${'5'}       | ${2}
    ${attributes}                                                         | ${'warehouses'} | ${'5'}       | ${2}
    ${quantity + attributes + balances}                                   | ${'balances'}   | ${'6.5'}     | ${2}
    ${'<Остатки><Остаток><Количество>4</Количество></Остаток></Остатки>'} | ${'balances'}   | ${'4'}       | ${1}
    ${`<Остатки/>${quantity}`}                                            | ${'quantity'}   | ${'5'}       | ${0}
    ${'<Количество>-3.250</Количество>'}                                  | ${'quantity'}   | ${'-3.25'}   | ${0}
    ${'<Количество>0</Количество>'}                                       | ${'quantity'}   | ${'0'}       | ${0}
    ${'<Количество>много</Количество>'}                                   | ${'quantity'}   | ${undefined} | ${0}
    ${'<Склады ИдСклада="a" КоличествоНаСкладе="9"/>'}                    | ${'warehouses'} | ${'9'}       | ${1}
  `('$given is $total by $source', async ({ given, source, total, rows }) => {
    const [offer] = await only(
      'offer',
      offers(`<Предложение><Ид>1</Ид>${String(given)}</Предложение>`),
    )

    expect(offer?.stock).toMatchObject({ source })
    expect(offer?.stock?.quantity).toBe(total)
    expect(offer?.stock?.rows).toHaveLength(rows)
  })

  it.each([
    '',
    '<Количество/>',
    '<Остатки/>',
    '<Остатки><Остаток><Количество/></Остаток></Остатки>',
  ])('"%s" says nothing', async (given) => {
    const [offer] = await only('offer', offers(`<Предложение><Ид>1</Ид>${given}</Предложение>`))

    expect(offer?.stock).toBeUndefined()
  })
})

describe('a price', () => {
  it.each`
    currency    | code
    ${'руб'}    | ${'RUB'}
    ${'руб.'}   | ${'RUB'}
    ${'RUR'}    | ${'RUB'}
    ${'643'}    | ${'RUB'}
    ${'810'}    | ${'RUB'}
    ${'грн'}    | ${'UAH'}
    ${'тнг'}    | ${'KZT'}
    ${'398'}    | ${'KZT'}
    ${'840'}    | ${'USD'}
    ${'978'}    | ${'EUR'}
    ${'usd'}    | ${'USD'}
    ${'фантик'} | ${undefined}
  `('in $currency is in $code', async ({ currency, code }) => {
    const price = `<Цена><ИдТипаЦены>t</ИдТипаЦены><ЦенаЗаЕдиницу>1</ЦенаЗаЕдиницу><Валюта>${String(currency)}</Валюта></Цена>`
    const records = await read(
      root(offers(`<Предложение><Ид>1</Ид><Цены>${price}${price}</Цены></Предложение>`)),
    )

    const offer = records.find((record) => record.type === 'offer')
    expect(offer?.prices[0]).toMatchObject({ currencyRaw: currency })
    expect(offer?.prices[0]?.currency).toBe(code)
    expect(records.filter((record) => record.type === 'finding')).toHaveLength(code ? 0 : 1)
  })

  it.each`
    text            | amount       | findings
    ${'1719.00'}    | ${'1719'}    | ${[]}
    ${'1 719,50'}   | ${'1719.5'}  | ${[]}
    ${'0'}          | ${'0'}       | ${[]}
    ${'1,234'}      | ${'1.234'}   | ${['price_precision']}
    ${'договорная'} | ${undefined} | ${['number_unreadable']}
    ${''}           | ${undefined} | ${[]}
  `('"$text" is $amount', async ({ text, amount, findings }) => {
    const records = await read(
      root(
        offers(
          `<Предложение><Ид>1</Ид><Цены><Цена><ЦенаЗаЕдиницу>${String(text)}</ЦенаЗаЕдиницу></Цена></Цены></Предложение>`,
        ),
      ),
    )

    const offer = records.find((record) => record.type === 'offer')
    expect(offer?.prices[0]?.amount).toBe(amount)
    expect(
      records.filter((record) => record.type === 'finding').map((finding) => finding.code),
    ).toEqual(findings)
  })
})

it('joins product and characteristic in a package of changes', async () => {
  const records = await read(
    root(
      `<ИзмененияПакетаПредложений><Предложения><Предложение><Ид>${guid}</Ид><ИдХарактеристики>${guid}</ИдХарактеристики><Количество>1</Количество></Предложение><Предложение><Ид>p</Ид></Предложение></Предложения></ИзмененияПакетаПредложений>`,
    ),
  )

  const low = guid.toLowerCase()
  expect(records.filter((record) => record.type === 'offer')).toMatchObject([
    { id: `${low}#${low}`, productId: low, characteristicId: low, isChange: true },
    { id: 'p', productId: 'p', isChange: true },
  ])
})

it('gives groups parents first, also when names come last', async () => {
  const groups = await only(
    'group',
    '<Классификатор><Группы><Группа><Группы><Группа><Ид>b</Ид></Группа></Группы><Ид>a</Ид><Наименование>А</Наименование></Группа></Группы></Классификатор>',
  )

  expect(groups).toMatchObject([
    { id: 'a', name: 'А', depth: 1 },
    { id: 'b', parentId: 'a', depth: 2 },
  ])
})

it('reads properties of every spelling', async () => {
  const properties = await only(
    'property',
    '<Классификатор><Свойства><Свойство><Ид>Бренд</Ид><ТипЗначений>Число</ТипЗначений><ВариантыЗначений><Справочник><ИдЗначения>true</ИдЗначения><Значение>Да</Значение></Справочник><Значение>x</Значение></ВариантыЗначений><ДляПредложений>true</ДляПредложений></Свойство><СвойствоНоменклатуры><Ид>2</Ид></СвойствоНоменклатуры></Свойства></Классификатор>',
  )

  expect(properties).toMatchObject([
    {
      id: 'Бренд',
      valueType: 'number',
      appliesTo: 'offers',
      variants: [{ id: 'true', value: 'Да' }, { value: 'x' }],
    },
    { id: '2', valueType: 'text', appliesTo: 'goods', variants: [] },
  ])
})

it('reads documents below the root and in containers, and what their requisites say', async () => {
  const requisite = (name: string, value: string) =>
    `<ЗначениеРеквизита><Наименование>${name}</Наименование><Значение>${value}</Значение></ЗначениеРеквизита>`
  const documents = await only(
    'document',
    `<Документ><Номер>7</Номер><Дата>2026-11-20</Дата><Время>10:00:00</Время><ЗначенияРеквизитов>${requisite('Статуса заказа ИД', 'N')}${requisite('СтатусЗаказа', 'Отгружен')}${requisite('Отменен', 'true')}${requisite('Дата по 1С', '20.11.2026 9:05:00')}${requisite('ПометкаУдаления', 'false')}</ЗначенияРеквизитов></Документ><Контейнер><Документ><Ид>d</Ид></Документ></Контейнер>`,
  )

  expect(documents).toMatchObject([
    {
      number: '7',
      atIso: '2026-11-20T10:00:00',
      statusId: 'N',
      statusName: 'Отгружен',
      isCancelled: true,
      isDeleted: false,
      onecDateIso: '2026-11-20T09:05:00',
      lines: [],
    },
    { id: 'd', container: 1 },
  ])
  expect(documents[0]?.container).toBeUndefined()
})

it.each`
  fields                                                                         | kind
  ${'<ОфициальноеНаименование>ООО А</ОфициальноеНаименование>'}                  | ${'legal'}
  ${'<ИНН>7707083893</ИНН>'}                                                     | ${'legal'}
  ${'<ПолноеНаименование>ИП Иванов</ПолноеНаименование><ИНН>500100732259</ИНН>'} | ${'proprietor'}
  ${'<ПолноеНаименование>Иванов</ПолноеНаименование><ИНН>500100732259</ИНН>'}    | ${'person'}
  ${'<ИНН/><КПП/>'}                                                              | ${'person'}
`('the customer with $fields is a $kind', async ({ fields, kind }) => {
  const [customer] = await only(
    'customer',
    `<Контрагенты><Контрагент><Ид>1</Ид>${String(fields)}</Контрагент></Контрагенты>`,
  )

  expect(customer?.kind).toBe(kind)
})

it('tells e-mail from a postal address by the @', async () => {
  const contact = (value: string) =>
    `<Контакт><Тип>Почта</Тип><Значение>${value}</Значение></Контакт>`
  const [customer] = await only(
    'customer',
    `<Контрагенты><Контрагент><Контакты>${contact('a@b.example')}${contact('Москва')}</Контакты></Контрагент></Контрагенты>`,
  )

  expect(customer?.contacts.map((one) => one.kind)).toEqual(['email', 'postal'])
})

describe('the reading fails', () => {
  it.each`
    text                                                                      | code               | what
    ${'<html><body/></html>'}                                                 | ${'input_invalid'} | ${'a.xml: byte 0: the root element is <html>'}
    ${root(goods('<Товар><Ид>1</Ид></Товар><Товар><Ид>&nbsp;</Ид></Товар>'))} | ${'xml_malformed'} | ${'in Каталог/Товары/Товар[2]/Ид: XML does not define "&nbsp;"'}
    ${root('').slice(0, -3)}                                                  | ${'xml_malformed'} | ${'cut off'}
    ${''}                                                                     | ${'xml_malformed'} | ${'empty'}
    ${'<?xml version="1.0" encoding="koi8-r"?><a/>'}                          | ${'xml_malformed'} | ${'"koi8-r"'}
  `('for $text', async ({ text, code, what }) => {
    const reading = read(String(text))

    await expect(reading).rejects.toMatchObject({ code })
    await expect(read(String(text))).rejects.toThrow(String(what))
  })

  it.each`
    limits                   | what
    ${{ totalBytes: 100 }}   | ${'more than 100 bytes'}
    ${{ records: 2 }}        | ${'more than 2 records'}
    ${{ recordElements: 3 }} | ${'more than 3 elements'}
    ${{ recordChars: 5 }}    | ${'more than 5 characters'}
  `('beyond $limits', async ({ limits, what }) => {
    const text = root(goods('<Товар><Ид>1</Ид><Код>12345</Код><Артикул>7</Артикул></Товар>'))

    await expect(read(text, { limits })).rejects.toMatchObject({ code: 'xml_limit' })
    await expect(read(text, { limits })).rejects.toThrow(String(what))
  })
})

it('tells how far it is, and stops when told to', async () => {
  const seen: number[] = []
  const stop = new AbortController()
  const pieces = Array.from({ length: 3 }, () => Buffer.alloc(70_000, ' '))

  const reading = allRecords(
    readCommerceml(pieces, {
      file: 'a.xml',
      signal: stop.signal,
      onProgress: (bytes) => {
        seen.push(bytes)
        if (bytes > 100_000) stop.abort()
      },
    }),
  )

  await expect(reading).rejects.toMatchObject({ name: 'AbortError' })
  expect(seen).toEqual([65_536, 70_000, 135_536])
})
