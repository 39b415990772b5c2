import { closeSync, openSync, writeSync } from 'node:fs'

const id = (number: number): string =>
  `${((number * 2654435761) >>> 0).toString(16).padStart(8, '0')}-4c1e-11ef-9a2b-${number.toString(16).padStart(12, '0')}`

const line = (depth: number, text: string): string => `${'\t'.repeat(depth)}${text}\r\n`

const pair = (depth: number, name: string, [first, one]: [string, string], value: string): string =>
  line(depth, `<${name}>`) +
  line(depth + 1, `<${first}>${one}</${first}>`) +
  line(depth + 1, `<Значение>${value}</Значение>`) +
  line(depth, `</${name}>`)

const groups = 300
const properties = 6

function head(): string {
  const parts = [
    '<?xml version="1.0" encoding="UTF-8"?>\r\n',
    '<КоммерческаяИнформация ВерсияСхемы="2.10" ДатаФормирования="2026-11-20T10:00:00">\r\n',
    line(1, '<Классификатор>'),
    line(2, `<Ид>${id(0)}</Ид>`),
    line(2, '<Наименование>Классификатор (Основной каталог товаров)</Наименование>'),
    line(2, '<Группы>'),
  ]
  for (let group = 0; group < groups; group++) {
    parts.push(
      line(3, '<Группа>'),
      line(4, `<Ид>${id(1e6 + group)}</Ид>`),
      line(4, `<Наименование>Группа ${group} &amp; прочее</Наименование>`),
      line(3, '</Группа>'),
    )
  }
  parts.push(
    line(2, '</Группы>'),
    line(1, '</Классификатор>'),
    line(1, '<Каталог СодержитТолькоИзменения="false">'),
    line(2, `<Ид>${id(0)}</Ид>`),
    line(2, `<ИдКлассификатора>${id(0)}</ИдКлассификатора>`),
    line(2, '<Наименование>Основной каталог товаров</Наименование>'),
    line(2, '<Товары>'),
  )
  return parts.join('')
}

const tail = `\t\t</Товары>\r\n\t</Каталог>\r\n</КоммерческаяИнформация>\r\n`

/** One product of 3.9 KB: texts with references, six properties, four requisites, a tax and a manufacturer. */
function product(number: number): string {
  const parts = [
    line(3, '<Товар>'),
    line(4, `<Ид>${id(number)}</Ид>`),
    line(4, `<Штрихкод>${6900000000000 + number}</Штрихкод>`),
    line(4, `<Артикул>HR-${number.toString(36).toUpperCase()}</Артикул>`),
    line(
      4,
      `<Наименование>Холодильник Haier C2F${number % 997} двухкамерный, серебристый &quot;Премиум&quot; №${number}</Наименование>`,
    ),
    line(
      4,
      '<БазоваяЕдиница Код="796" НаименованиеПолное="Штука" МеждународноеСокращение="PCE">шт</БазоваяЕдиница>',
    ),
    line(4, '<Группы>'),
    line(5, `<Ид>${id(1e6 + (number % groups))}</Ид>`),
    line(4, '</Группы>'),
    line(
      4,
      `<Описание>Холодильник с зоной свежести и системой No Frost. Объём ${300 + (number % 100)} л &lt;нетто&gt;, уровень шума до ${35 + (number % 9)} дБ, класс энергопотребления A++. Гарантия производителя 36 месяцев. Цвет корпуса — серебристый металлик.</Описание>`,
    ),
    line(4, `<Картинка>import_files/${id(number).slice(0, 2)}/${id(number)}.jpg</Картинка>`),
    line(4, '<Изготовитель>'),
    line(5, `<Ид>${id(7)}</Ид>`),
    line(5, '<Наименование>Haier</Наименование>'),
    line(4, '</Изготовитель>'),
    line(4, '<ЗначенияСвойств>'),
  ]
  for (let property = 0; property < properties; property++) {
    const value =
      property % 2 === 1
        ? `серебристый ${number % 17}`
        : String(500 + ((number * (property + 3)) % 900))
    parts.push(pair(5, 'ЗначенияСвойства', ['Ид', id(2e6 + property)], value))
  }
  parts.push(
    line(4, '</ЗначенияСвойств>'),
    line(4, '<СтавкиНалогов>'),
    line(5, '<СтавкаНалога>'),
    line(6, '<Наименование>НДС</Наименование>'),
    line(6, '<Ставка>22</Ставка>'),
    line(5, '</СтавкаНалога>'),
    line(4, '</СтавкиНалогов>'),
    line(4, '<ЗначенияРеквизитов>'),
  )
  const requisites: [string, string][] = [
    ['ВидНоменклатуры', 'Товар'],
    ['ТипНоменклатуры', 'Товар'],
    ['Полное наименование', `Холодильник Haier C2F${number % 997} двухкамерный`],
    ['Вес', '71.5'],
  ]
  for (const [name, value] of requisites) {
    parts.push(pair(5, 'ЗначениеРеквизита', ['Наименование', name], value))
  }
  parts.push(line(4, '</ЗначенияРеквизитов>'), line(3, '</Товар>'))
  return parts.join('')
}

/** A made-up catalogue of schema 2.10 with a number of products, piece by piece. */
export function* catalogueText(products: number): Generator<string, void, undefined> {
  yield head()
  for (let number = 1; number <= products; number++) yield product(number)
  yield tail
}

const productsAtOnce = 200
const productBytes = 3890

/** Writes such a catalogue of about a size, UTF-8 without a byte order mark. Returns what it came to. */
export function writeCatalogue(
  path: string,
  sizeBytes: number,
): { bytes: number; products: number } {
  const file = openSync(path, 'w')
  const write = (text: string): number => writeSync(file, text)
  let products = 0
  let bytes = 0
  try {
    bytes += write(head())
    while (bytes < sizeBytes) {
      const first = products + 1
      products += Math.min(productsAtOnce, Math.ceil((sizeBytes - bytes) / productBytes))
      const numbers = Array.from({ length: products - first + 1 }, (_, index) => first + index)
      bytes += write(numbers.map(product).join(''))
    }
    bytes += write(tail)
  } finally {
    closeSync(file)
  }
  return { bytes, products }
}
