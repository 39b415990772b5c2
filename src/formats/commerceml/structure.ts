/** Where in a file which records stand. */

export type RecordKind =
  | 'group'
  | 'property'
  | 'category'
  | 'priceType'
  | 'warehouse'
  | 'unit'
  | 'product'
  | 'offer'
  | 'customer'
  | 'document'

type Kinds = ReadonlyMap<string, RecordKind>

/** Lists that a classifier, a catalogue or a package may hold. Price types and warehouses were seen in all three. */
export const lists: ReadonlyMap<string, Kinds> = new Map<string, Kinds>([
  ['Группы', new Map([['Группа', 'group']])],
  [
    'Свойства',
    new Map([
      ['Свойство', 'property'],
      ['СвойствоНоменклатуры', 'property'],
    ]),
  ],
  ['Категории', new Map([['Категория', 'category']])],
  ['ТипыЦен', new Map([['ТипЦены', 'priceType']])],
  ['Склады', new Map([['Склад', 'warehouse']])],
  ['ЕдиницыИзмерения', new Map([['ЕдиницаИзмерения', 'unit']])],
  ['Товары', new Map([['Товар', 'product']])],
  [
    'Предложения',
    new Map([
      ['Предложение', 'offer'],
      ['ПредложениеИзменения', 'offer'],
    ]),
  ],
])

/** Records directly below a child of the root. */
export const directRecords: ReadonlyMap<string, Kinds> = new Map<string, Kinds>([
  ['Контрагенты', new Map([['Контрагент', 'customer']])],
  ['Контейнер', new Map([['Документ', 'document']])],
])

export const rootName = 'КоммерческаяИнформация'
export const changesName = 'ИзмененияПакетаПредложений'

/** Children of the root that hold the lists above. */
export const listBlocks: ReadonlySet<string> = new Set([
  'Классификатор',
  'Каталог',
  'ПакетПредложений',
  changesName,
])

/** Children of the root that the schema of 3.1 knows and we have no use for. */
export const ignoredBlocks: ReadonlySet<string> = new Set([
  'ПользовательскиеСправочники',
  'Скидки',
  'ВидыДисконтныхКарт',
  'ДисконтныеКарты',
])

/** What a block says about itself. */
export const headFields: ReadonlySet<string> = new Set([
  'Ид',
  'Наименование',
  'ИдКаталога',
  'ИдКлассификатора',
  'Описание',
  'Владелец',
])
