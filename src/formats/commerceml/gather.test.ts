import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { allRecords } from '../../testing/commerceml-counts.ts'
import { zipFile } from '../../testing/zip-file.ts'
import { gatherCommerceml } from './gather.ts'
import { readCommerceml, readCommercemlFile } from './read.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'caravan-1c-'))
})
afterEach(() => rm(folder, { recursive: true }))

const root = (content: string, formedAt = '2026-11-20T10:00:00'): string =>
  `<?xml version="1.0" encoding="UTF-8"?><КоммерческаяИнформация ВерсияСхемы="3.1" ДатаФормирования="${formedAt}">${content}</КоммерческаяИнформация>`
const classifier = (list: string, item: string): string =>
  `<Каталог><Ид>1</Ид></Каталог><Классификатор><Ид>1</Ид><${list}><${item}><Ид>1</Ид></${item}></${list}></Классификатор>`
const offers = (content: string): string =>
  `<ПакетПредложений><Предложения><Предложение><Ид>1</Ид>${content}</Предложение></Предложения></ПакетПредложений>`

const contents = {
  groups: classifier('Группы', 'Группа'),
  properties: classifier('Свойства', 'Свойство'),
  priceTypes: classifier('ТипыЦен', 'ТипЦены'),
  warehouses: classifier('Склады', 'Склад'),
  units: classifier('ЕдиницыИзмерения', 'ЕдиницаИзмерения'),
  goods: '<Каталог><Товары><Товар><Ид>1</Ид></Товар></Товары></Каталог>',
  offers: offers('<Наименование>А</Наименование><Цены><Цена/></Цены>'),
  prices: offers('<Цены><Цена/></Цены>'),
  rests: offers('<Остатки><Остаток><Количество>1</Количество></Остаток></Остатки>'),
  customers: '<Контрагенты><Контрагент><Ид>1</Ид></Контрагент></Контрагенты>',
  documents: '<Контейнер><Документ><Ид>1</Ид></Документ></Контейнер>',
  empty: '<Каталог><Ид>1</Ид></Каталог>',
}

async function put(name: string, content: string | Uint8Array): Promise<string> {
  const file = path.join(folder, name)
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, content)
  return file
}

async function gather(...paths: string[]) {
  const set = await gatherCommerceml(paths.length > 0 ? paths : [folder])
  set.close()
  const names = set.files.map(({ file }) => path.relative(folder, file))
  return { ...set, names, kinds: set.files.map(({ kind }) => kind) }
}

it('tells by the content what each file is, and sorts them, whatever their names', async () => {
  const kinds = Object.keys(contents)
  for (const [index, content] of Object.values(contents).entries()) {
    await put(`${String(99 - index)}-GOODS.XML`, root(content))
  }

  const set = await gather()

  expect(set.kinds).toEqual(kinds)
})

it('takes a catalogue with a classifier for goods, and a package of changes for what it carries', async () => {
  await put(
    'a.xml',
    root(contents.rests.replaceAll('ПакетПредложений', 'ИзмененияПакетаПредложений')),
  )
  await put(
    'b.xml',
    root(`<Классификатор><Свойства><Свойство/></Свойства></Классификатор>${contents.offers}`),
  )
  await put('c.xml', root(contents.groups + contents.goods))

  const set = await gather()

  expect(set.names).toEqual(['c.xml', 'b.xml', 'a.xml'])
  expect(set.kinds).toEqual(['goods', 'offers', 'rests'])
})

it('sorts portions by their numbers and files of several runs by their time', async () => {
  const goods = (minute: string) => root(contents.goods, `2026-11-20T10:${minute}:00`)
  await put('import0_10.xml', goods('01'))
  await put('import0_2.xml', goods('01'))
  await put('IMPORT0_1.xml', goods('01'))
  await put('zgoods.xml', goods('00'))

  const set = await gather()

  expect(set.names).toEqual(['zgoods.xml', 'IMPORT0_1.xml', 'import0_2.xml', 'import0_10.xml'])
})

it('walks folders but not pictures, hidden files, half-written or empty ones', async () => {
  await put('goods/goods.xml', root(contents.goods))
  await put('goods/import_files/ab/x.xml', root(contents.goods))
  await put('webdata/.hidden.xml', root(contents.goods))
  await put('webdata/a.xml.part', root(contents.goods))
  await put('webdata/a.tmp', 'x')
  await put('webdata/empty.xml', '')
  await put('webdata/picture.jpg', 'x')

  const set = await gather()

  expect(set.names).toEqual(['goods/goods.xml'])
  expect(set.findings).toEqual([])
})

it('reads archives as they are', async () => {
  const zip = zipFile([
    { name: 'webdata\\offers0_1.xml', data: Buffer.from(root(contents.offers)) },
    { name: 'webdata/import0_1.xml', data: Buffer.from(root(contents.goods)) },
    { name: 'webdata/import_files/ab/x.xml', data: Buffer.from('picture') },
    { name: 'webdata/import_files/ab/x.jpg', data: Buffer.from('picture') },
  ])
  const file = await put('v8_1A76_155ae.zip', zip)

  const set = await gatherCommerceml([file])

  expect(set.files.map((one) => one.file)).toEqual([
    `${file}/webdata/import0_1.xml`,
    `${file}/webdata/offers0_1.xml`,
  ])
  const [first] = set.files
  const records = first ? await allRecords(readCommerceml(first.read(), { file: first.file })) : []
  expect(records.map((record) => record.type)).toEqual([
    'header',
    'block',
    'product',
    'block',
    'end',
  ])
  set.close()
})

it('leaves out what an earlier run has left behind, and says so', async () => {
  await put('webdata/import0_1.xml', root(contents.goods, '2026-11-20T10:00:00'))
  await put('webdata/import0_2.xml', root(contents.goods, '2026-11-20T10:00:05'))
  await put('webdata/import0_3.xml', root(contents.goods, '2026-11-13T10:00:09'))
  await put('webdata/offers0_1.xml', root(contents.offers, '2026-11-20T10:00:09'))
  await put('webdata/import1_2.xml', root(contents.goods, '2026-11-13T10:00:09')) // another catalogue

  const set = await gather()

  expect(set.names.map((name) => path.basename(name))).toEqual([
    'import1_2.xml',
    'import0_1.xml',
    'import0_2.xml',
    'offers0_1.xml',
  ])
  expect(set.findings).toMatchObject([
    { code: 'run_leftover', message: expect.stringContaining('import0_3.xml') as string },
  ])
})

describe('what is not CommerceML', () => {
  it('is left out of a folder, and said', async () => {
    await put('Message_A_B.xml', '<Message/>')
    await put('goods.xml', root(contents.goods))

    const set = await gather()

    expect(set.names).toEqual(['goods.xml'])
    expect(set.findings).toMatchObject([{ code: 'file_skipped' }])
  })

  it('is refused when it was named', async () => {
    const file = await put('Message_A_B.xml', '<Message/>')

    await expect(gather(file)).rejects.toMatchObject({ code: 'input_invalid' })
  })

  it('is an error when it is not even XML', async () => {
    await put('goods.xml', 'failure\nнет прав')

    await expect(gather()).rejects.toMatchObject({ code: 'xml_malformed' })
  })
})

it.each(['none.xml', 'none'])('%s that is not there is missing', async (name) => {
  await expect(gather(path.join(folder, name))).rejects.toMatchObject({ code: 'file_missing' })
})

it('a file that vanishes is unreadable', async () => {
  const reading = allRecords(readCommercemlFile(path.join(folder, 'none.xml')))

  await expect(reading).rejects.toMatchObject({ code: 'file_unreadable' })
})
