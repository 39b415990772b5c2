/** Made-up data for the CommerceML writer: tidy data that must come back as it went, and wild data that must not break it. */
import * as fc from 'fast-check'
import { unscaleDecimal } from '../core/decimal.ts'
import type {
  CatalogueOptions,
  ExportCustomer,
  ExportOffer,
  ExportProduct,
  ExportVersion,
  WriteFinding,
} from '../formats/commerceml/write-model.ts'

/** Words as people type them, with the marks that XML must escape; never blank, trimmed. */
const word = fc
  .string({
    unit: fc.constantFrom(...'абвГДё xyZ019&<>"\'#=-.,;/\n\r\t😀№'),
    minLength: 1,
    maxLength: 40,
  })
  .map((text) => text.trim())
  .filter((text) => text !== '')
const id = fc.oneof(fc.uuid(), fc.stringMatching(/^[A-Z0-9]{3,12}$/))
const decimal = (digits: number) =>
  fc.nat(999_999_999).map((scaled) => unscaleDecimal(BigInt(scaled), digits))
const list = <T>(item: fc.Arbitrary<T>) => fc.array(item, { maxLength: 3 })
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })

const unit = fc.record({
  code: fc.constantFrom('796', '778'),
  shortName: fc.constantFrom('шт', 'упак'),
})
const party = fc.record({ id: optional(id), name: word, officialName: word })
const address = fc.record({
  text: word,
  comment: optional(word),
  fields: list(fc.record({ type: fc.constantFrom('Город', 'Улица', 'Дом'), value: word })),
})
const contact = fc.oneof(
  fc.record({
    kind: fc.constant('phone' as const),
    type: fc.constant('Телефон рабочий'),
    value: word,
  }),
  fc.record({
    kind: fc.constant('email' as const),
    type: fc.constant('Почта'),
    value: fc.constant('a@example.org'),
  }),
)

const itemFields = {
  id,
  name: word,
  barcode: optional(fc.stringMatching(/^[0-9]{8,14}$/)),
  article: optional(word),
  unit: optional(unit),
  isDeleted: fc.boolean(),
  propertyValues: list(
    fc.record({ id, name: optional(word), values: fc.array(word, { minLength: 1, maxLength: 2 }) }),
  ),
  characteristics: list(fc.record({ id: optional(id), name: word, value: word })),
  requisites: list(
    fc.record({ name: word, values: fc.array(word, { minLength: 1, maxLength: 2 }) }),
  ),
  groupIds: list(id),
  description: optional(word),
  pictures: list(word),
}

export const tidyProduct: fc.Arbitrary<ExportProduct> = fc.record({
  ...itemFields,
  counterpartyProductId: optional(id),
  country: optional(word),
  brand: optional(word),
  brandOwner: optional(party),
  manufacturer: optional(party),
})

const stock = fc.oneof(
  fc.record({ quantity: decimal(3) }),
  fc.record({
    rows: fc.array(fc.record({ warehouseId: id, quantity: decimal(3) }), {
      minLength: 1,
      maxLength: 3,
    }),
  }),
)

export const tidyOffer: fc.Arbitrary<ExportOffer> = fc
  .record({
    ...itemFields,
    characteristicId: optional(fc.uuid()),
    prices: fc.array(
      fc.record({
        priceTypeId: fc.constantFrom('retail', 'supply'),
        amount: decimal(2),
        currencyRaw: fc.constantFrom('RUB', 'CNY', 'руб'),
        minQuantity: optional(decimal(3)),
        ratio: optional(fc.constantFrom('1', '12')),
        text: optional(word),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    stock: optional(stock),
  })
  .map(({ characteristicId, ...offer }) =>
    characteristicId === undefined ? offer : { ...offer, id: `${offer.id}#${characteristicId}` },
  )

export const tidyCustomer: fc.Arbitrary<ExportCustomer> = fc.oneof(
  fc.record({
    id,
    name: word,
    officialName: word,
    kind: fc.constant('legal' as const),
    roles: fc.constant(['Покупатель']),
    inn: optional(fc.constant('7707083893')),
    kpp: optional(fc.constant('770701001')),
    okpo: optional(fc.constant('00032537')),
    comment: optional(word),
    address: optional(address),
    legalAddress: optional(address),
    contacts: list(contact),
    representatives: list(fc.record({ relation: word, id, name: word })),
    accounts: list(
      fc.record({
        number: fc.constant('40702810000000000001'),
        bankName: optional(word),
        bik: fc.constant('044525225'),
        correspondentAccount: optional(fc.constant('30101810400000000225')),
        bankAddress: optional(word),
      }),
    ),
  }),
  fc.record({
    id,
    name: word,
    fullName: word.map((name) => `ИП ${name}`),
    kind: fc.constant('proprietor' as const),
    roles: fc.constant(['Покупатель']),
    inn: fc.constant('500100732259'),
    lastName: optional(word),
    firstName: optional(word),
    middleName: optional(word),
    registrationAddress: optional(address),
    contacts: list(contact),
  }),
  fc.record({
    id,
    name: word.filter((name) => !/^ИП\s/.test(name)),
    fullName: word.filter((name) => !/^ИП\s/.test(name)),
    kind: fc.constant('person' as const),
    roles: fc.constant(['Покупатель']),
    birthDate: optional(fc.constant('1980-02-29')),
    gender: optional(fc.constantFrom('М', 'Ж')),
    position: optional(word),
    address: optional(address),
    contacts: list(contact),
  }),
)

/** Options without the parts that follow from the test. */
export const tidyOptions = (
  version: ExportVersion,
  onFinding?: (finding: WriteFinding) => void,
): CatalogueOptions => ({
  version,
  formedAt: '2026-01-31T10:15:00',
  changesOnly: false,
  onFinding,
  classifier: { id: 'c5a8f1c2-0000-4000-8000-000000000001', name: 'Классификатор' },
  catalogue: { id: 'c5a8f1c2-0000-4000-8000-000000000002', name: 'Каталог', description: 'Всё' },
  owner: { id: 'owner', name: 'ООО "Караван"', inn: '7707083893', kpp: '770701001' },
  groups: [
    { id: 'g2', name: 'Холодильники', parentId: 'g1', description: 'с морозилкой' },
    { id: 'g1', name: 'Техника' },
    { id: 'g3', name: 'Прочее' },
  ],
  properties: [
    {
      id: 'colour',
      name: 'Цвет',
      valueType: 'reference',
      variants: [
        { id: 'white', value: 'Белый' },
        { id: 'grey', value: 'Серый' },
      ],
      appliesTo: 'goods',
      isMultiple: true,
    },
    { id: 'size', name: 'Размер', valueType: 'number', appliesTo: 'offers' },
  ],
  units: [
    { id: '796', code: '796', shortName: 'шт', fullName: 'Штука', international: 'PCE' },
    { id: '778', code: '778', shortName: 'упак', fullName: 'Упаковка', international: 'NMP' },
  ],
  priceTypes: [
    {
      id: 'retail',
      name: 'Розничная',
      currencyRaw: 'RUB',
      taxes: [{ name: 'НДС', isIncluded: true }],
    },
    { id: 'supply', name: 'Закупочная', currencyRaw: 'CNY', description: 'у поставщика' },
  ],
  warehouses: [
    { id: 'w1', name: 'Основной', address: { text: 'Москва', fields: [] }, contacts: [] },
    { id: 'w2', name: 'Дальний' },
  ],
})

/** Anything a text field may be handed. */
const wild = fc.oneof(
  word,
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('', ' ', '\u0000\u0001', '\ud800', '\u0000x', ' \u00a0 '),
  fc
    .tuple(fc.constantFrom('я ', '<p>x</p>', '&nbsp;', '😀'), fc.constantFrom(50, 200, 1100))
    .map(([text, times]) => text.repeat(times)),
)
const wildNumber = fc.oneof(
  decimal(5),
  wild,
  fc.constantFrom('-1.005', '1e5', '12345678901234567890.99', '0', '-0.001'),
)
const anything = (fields: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record(fields, { requiredKeys: ['id'] })
const wildId = fc.oneof(
  id,
  wild,
  fc.tuple(wild, wild).map((parts) => parts.join('#')),
)
const wildParty = anything({
  id: wildId,
  name: wild,
  officialName: wild,
  inn: wild,
  kpp: wild,
  okpo: wild,
})
const wildAddress = fc.record({
  text: optional(wild),
  comment: wild,
  fields: fc.array(
    fc.record({ type: fc.oneof(fc.constantFrom('Город', 'Дом'), wild), value: wild }),
    { maxLength: 14 },
  ),
})
const wildContact = fc.record({
  kind: fc.constantFrom('phone', 'email', 'postal', 'fax', 'web', 'other'),
  type: wild,
  value: wild,
  comment: wild,
})
const wildTax = fc.record({
  name: optional(wild),
  isIncluded: optional(fc.boolean()),
  isExcise: optional(fc.boolean()),
  rateRaw: optional(wild),
  rate: optional(wild),
})
const wildMarks = {
  isDeleted: fc.boolean(),
  version: wild,
  name: wild,
  description: wild,
  comment: wild,
}
const wildUnit = fc.record(
  {
    id: wild,
    code: wild,
    shortName: wild,
    fullName: wild,
    international: wild,
    conversions: list(fc.record({ unit: wild, ratio: wildNumber })),
  },
  { requiredKeys: [] },
)
const wildItem = {
  ...wildMarks,
  id: wildId,
  fullName: wild,
  barcode: wild,
  article: wild,
  code: wild,
  status: fc.constantFrom('new', 'changed', 'deleted'),
  unit: wildUnit,
  groupIds: list(wildId),
  pictures: list(wild),
  propertyValues: list(fc.record({ id: optional(wildId), name: wild, values: list(wild) })),
  taxes: list(wildTax),
  characteristics: list(fc.record({ id: wildId, name: optional(wild), value: optional(wild) })),
  requisites: list(fc.record({ name: optional(wild), values: list(wild) })),
  weight: wildNumber,
  height: wildNumber,
  goodsGroupCode: wild,
  counterpartyProductId: wildId,
  categoryId: wild,
  descriptionHtml: wild,
  country: wild,
  brand: wild,
  brandOwner: wildParty,
  manufacturer: wildParty,
  prices: list(
    anything({
      id: wild,
      priceTypeId: fc.constantFrom('retail', 'supply', 'other'),
      amount: wildNumber,
      currencyRaw: wild,
      unit: wild,
      unitId: wild,
      ratio: wild,
      minQuantity: wildNumber,
      text: wild,
      catalogueId: wildId,
      taxes: list(wildTax),
    }),
  ),
  stock: fc.record(
    {
      quantity: wildNumber,
      rows: list(fc.record({ warehouseId: optional(wildId), quantity: optional(wildNumber) })),
    },
    { requiredKeys: [] },
  ),
}

/** A product and an offer at once, of which every field but the id may be missing, absurd or too long. */
export const wildItems = fc.array(anything(wildItem), { maxLength: 6 }) as fc.Arbitrary<
  (ExportProduct & ExportOffer)[]
>

export const wildCustomers = fc.array(
  fc.record(
    {
      ...wildMarks,
      id: wildId,
      kind: fc.constantFrom('legal', 'proprietor', 'person'),
      fullName: wild,
      officialName: wild,
      roles: list(fc.oneof(fc.constantFrom('Покупатель', 'Продавец', 'Поставщик'), wild)),
      inn: wild,
      kpp: wild,
      okpo: wild,
      salutation: wild,
      lastName: wild,
      birthDate: fc.oneof(fc.constantFrom('2023-02-29', '1980-12-31'), wild),
      gender: fc.oneof(fc.constantFrom('М', 'F'), wild),
      position: wild,
      address: wildAddress,
      registrationAddress: wildAddress,
      legalAddress: wildAddress,
      contacts: list(wildContact),
      representatives: list(
        fc.record({ relation: optional(wild), id: wildId, name: optional(wild) }),
      ),
      accounts: list(
        fc.record({
          number: optional(fc.oneof(fc.constant('40702810000000000001'), wild)),
          bankName: wild,
          bik: optional(fc.oneof(fc.constant('044525225'), wild)),
          swift: optional(wild),
          correspondentAccount: wild,
          bankAddress: optional(wild),
        }),
      ),
    },
    { requiredKeys: ['kind'] },
  ),
  { maxLength: 6 },
) as fc.Arbitrary<ExportCustomer[]>

const wildGroup = anything({
  ...wildMarks,
  id: fc.oneof(fc.constantFrom('a', 'b', 'c'), wildId),
  parentId: fc.oneof(fc.constantFrom('a', 'b', 'c'), wildId),
})

/** Lists of the classifier with the same disorder; ids circle, repeat or are missing. */
export const wildLists = fc.record({
  groups: fc.array(wildGroup, { maxLength: 6 }),
  properties: fc.array(
    anything({
      ...wildMarks,
      id: wildId,
      valueType: fc.constantFrom('text', 'number', 'time', 'date', 'boolean', 'reference'),
      variants: list(fc.record({ id: optional(wild), value: optional(wild) })),
      appliesTo: fc.constantFrom('goods', 'offers', 'documents'),
      isMultiple: fc.boolean(),
      required: wild,
    }),
    { maxLength: 3 },
  ),
  warehouses: fc.array(
    anything({ ...wildMarks, id: wildId, address: wildAddress, contacts: list(wildContact) }),
    { maxLength: 3 },
  ),
  units: fc.array(anything({ id: wildId, code: wild, shortName: wild }), { maxLength: 3 }),
  owner: wildParty.map((one) => ({ ...one, name: 'ООО' })),
}) as unknown as fc.Arbitrary<Partial<CatalogueOptions>>
