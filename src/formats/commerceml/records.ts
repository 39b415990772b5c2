/**
 * What a CommerceML file says, as a flat sequence of typed records: one `header`, then for each child of the root a
 * `block` begin, its content and a `block` end, `finding`s wherever they arise, and one `end`. Documents (orders) stand
 * between the blocks, or inside a `Контейнер` block.
 *
 * Rules that hold for every field:
 * - An element that is absent, empty or blank is `undefined`: no value, never zero. Lists are then empty.
 * - Texts are trimmed, otherwise as they stand in the file (doubly escaped ones too, unless the reader was told to).
 * - Identifiers are opaque; each one that is wholly a GUID is lower-cased, also on either side of a `#`.
 * - Numbers are canonical decimals (core/decimal.ts). One that cannot be read is `undefined`, and a finding says so.
 * - Dates and times stay as the raw text; beside them `…Iso` where they could be read: `yyyy-MM-dd`,
 *   `yyyy-MM-ddTHH:mm:ss`, with an offset only when the file gives one. The zone is that of the 1C server.
 * - Currencies stay as the raw text; beside them the ISO code where the raw text is known to mean one.
 */
import type { CommerceCustomer } from './records-customer.ts'
import type { CommerceDocument } from './records-document.ts'

export type { CommerceCustomer } from './records-customer.ts'
export type { CommerceDocument } from './records-document.ts'

export type CommerceRecord =
  | CommerceHeader
  | CommerceBlock
  | CommerceGroup
  | CommerceProperty
  | CommerceCategory
  | CommercePriceType
  | CommerceWarehouse
  | CommerceUnit
  | CommerceProduct
  | CommerceOffer
  | CommerceCustomer
  | CommerceDocument
  | CommerceFinding
  | CommerceEnd

/** The root element. Always the first record but for findings about the encoding. */
export type CommerceHeader = {
  type: 'header'
  /** ВерсияСхемы, verbatim. */
  version?: string
  /** The namespace of the root, verbatim. Nothing is decided by it. */
  namespace?: string
  /** ДатаФормирования, verbatim: may be a bare date or an impossible time. */
  formedAt?: string
  formedAtIso?: string
  /** Ид of the root, such as `Обмен с сайтом`. */
  id?: string
  /** Every attribute of the root by local name, verbatim. */
  attributes: Record<string, string>
  /** How the bytes were read, and whether the file began with a byte order mark. */
  encoding: CommerceEncoding
  hasBom: boolean
}

export type CommerceEncoding = 'utf-8' | 'windows-1251' | 'utf-16le' | 'utf-16be'

/**
 * A child of the root other than Документ, named by its element: `Классификатор`, `Каталог`, `ПакетПредложений`,
 * `ИзмененияПакетаПредложений`, `Контрагенты`, `Контейнер` or one we do not read. `begin` comes before the first record
 * of the block and tells what stood before it, which is everything in files that keep the usual order; `end` tells all.
 */
export type CommerceBlock = {
  type: 'block'
  phase: 'begin' | 'end'
  name: string
  /** СодержитТолькоИзменения: merge and delete nothing. True when the attribute is absent or unreadable. */
  changesOnly: boolean
  /** The attribute verbatim; undefined when absent. */
  changesOnlyRaw?: string
  id?: string
  title?: string
  /** ИдКаталога; for a `Каталог` its own id. */
  catalogueId?: string
  /** ИдКлассификатора; for a `Классификатор` its own id. */
  classifierId?: string
  description?: string
  /** Owner: the seller's own organisation. Its tax numbers are often dummies. */
  owner?: { id?: string; name?: string }
  offset: number
}

/** Group of goods. Parents come before their children. */
export type CommerceGroup = {
  type: 'group'
  id?: string
  name?: string
  parentId?: string
  /** 1 for a group directly below `Группы`. */
  depth: number
  isDeleted: boolean
  version?: string
  description?: string
  offset: number
}

export type CommerceVariant = { id?: string; value?: string }

/** Property of goods, offers or documents. The same property may come again with other variants: unite them. */
export type CommerceProperty = {
  type: 'property'
  id?: string
  name?: string
  description?: string
  valueType: 'text' | 'number' | 'time' | 'date' | 'boolean' | 'reference'
  /** ТипЗначений verbatim; undefined when absent, which means text. */
  valueTypeRaw?: string
  /** May be there whatever the type. */
  variants: CommerceVariant[]
  appliesTo: 'goods' | 'offers' | 'documents'
  isMultiple: boolean
  /** Обязательное verbatim: `Для каталога`, `Для документа`, `Для предложений`. */
  required?: string
  isExternal: boolean
  isInformational: boolean
  isDeleted: boolean
  version?: string
  offset: number
}

/** Kind of goods (УНФ), with the properties that goods of the kind have. */
export type CommerceCategory = {
  type: 'category'
  id?: string
  name?: string
  propertyIds: string[]
  isDeleted: boolean
  version?: string
  offset: number
}

export type CommerceTax = {
  /** Such as `НДС`. */
  name?: string
  isIncluded?: boolean
  isExcise?: boolean
  /** Percent as a decimal; `Без налога` has no rate. */
  rate?: string
  rateRaw?: string
  amount?: string
}

export type CommercePriceType = {
  type: 'priceType'
  id?: string
  name?: string
  description?: string
  currencyRaw?: string
  currency?: string
  /** Whether the first tax is in the price; undefined when the file does not say. */
  isTaxIncluded?: boolean
  taxes: CommerceTax[]
  isDeleted: boolean
  version?: string
  offset: number
}

export type CommerceAddress = {
  /** Представление: the whole address in one line. */
  text?: string
  comment?: string
  /** АдресноеПоле: type such as `Город` and value. */
  fields: { type?: string; value?: string }[]
}

/** `email` is any contact of the type Почта or Электронная почта whose value holds an `@`; Почта without one is postal. */
export type CommerceContactKind = 'phone' | 'email' | 'postal' | 'fax' | 'web' | 'other'

export type CommerceContact = {
  kind: CommerceContactKind
  /** Тип verbatim. */
  type?: string
  value?: string
  comment?: string
}

export type CommerceWarehouse = {
  type: 'warehouse'
  id?: string
  name?: string
  comment?: string
  address?: CommerceAddress
  contacts: CommerceContact[]
  isDeleted: boolean
  version?: string
  offset: number
}

/** Unit of measure from a classifier (split 2.09, 3.1). The last two names are sometimes swapped by those who typed them. */
export type CommerceUnit = {
  type: 'unit'
  id?: string
  /** ОКЕИ, such as `796`. */
  code?: string
  shortName?: string
  fullName?: string
  international?: string
  isDeleted: boolean
  version?: string
  offset: number
}

/** The unit of a product or a line: 2.x spells it out, 3.1 gives the id alone. */
export type CommerceUnitUse = {
  /** The text when it is all there is (3.1: id of a unit), or Единица/Ид. */
  id?: string
  code?: string
  shortName?: string
  fullName?: string
  international?: string
  /** Пересчет: how many base units another unit holds. */
  conversions: { unit?: string; ratio?: string }[]
}

export type CommerceRequisite = { name?: string; values: string[] }

export type CommercePropertyValue = {
  id?: string
  name?: string
  /** Ids of variants or texts; empty when unset (no value, or the zero GUID). */
  values: string[]
}

export type CommerceCharacteristic = { id?: string; name?: string; value?: string }

/** A party known by id and name alone: manufacturer, owner of a brand. */
export type CommerceParty = { id?: string; name?: string; officialName?: string }

/** What products of the catalogue, offers and lines of documents have in common. */
export type CommerceItem = {
  /** Ид whole: `GUID` or `GUID#GUID`. For changes of offers Ид, `#` and ИдХарактеристики joined. */
  id?: string
  /** The part before `#`. */
  productId?: string
  /** The part after `#`; undefined when there is none. */
  characteristicId?: string
  name?: string
  fullName?: string
  barcode?: string
  article?: string
  code?: string
  version?: string
  /** Статус verbatim: `Новый`, `Изменен`, `Удален`. */
  statusRaw?: string
  status?: 'new' | 'changed' | 'deleted'
  /** Статус is `Удален`, or ПометкаУдаления is true. */
  isDeleted: boolean
  unit?: CommerceUnitUse
  propertyValues: CommercePropertyValue[]
  characteristics: CommerceCharacteristic[]
  requisites: CommerceRequisite[]
  /** In the units the 1C base uses: as a rule kilograms and metres. Zero means not filled and is left out. */
  weight?: string
  netWeight?: string
  width?: string
  length?: string
  height?: string
  /** Names of the element's children, each once: which fields the file speaks about. Fields it does not name stay. */
  has: string[]
}

export type CommerceProduct = CommerceItem & {
  type: 'product'
  counterpartyProductId?: string
  groupIds: string[]
  categoryId?: string
  description?: string
  /** The requisite ОписаниеВФорматеHTML, when there is one. */
  descriptionHtml?: string
  /** Paths as in the file, the main picture first; may be any kind of file. */
  pictures: string[]
  country?: string
  brand?: string
  brandOwner?: CommerceParty
  manufacturer?: CommerceParty
  taxes: CommerceTax[]
  goodsGroupCode?: string
  offset: number
}

export type CommercePrice = {
  priceTypeId?: string
  /** Price of one unit, or of a pack when `ratio` is not 1. Zero is a price. */
  amount?: string
  amountRaw?: string
  currencyRaw?: string
  currency?: string
  unit?: string
  unitId?: string
  /** Коэффициент: base units in a pack. Price of a base unit = amount / ratio. */
  ratio?: string
  /** МинКоличество: from how many units on the price is valid. */
  minQuantity?: string
  /** Представление: for display alone. */
  text?: string
  catalogueId?: string
  taxes: CommerceTax[]
}

/** Stock in one warehouse; the id is undefined for an Остаток without a Склад. */
export type CommerceStockRow = { warehouseId?: string; quantity: string }

/**
 * Stock of an offer. Three statements may stand side by side and are never added up: Остатки count if present, else
 * Количество, else the attributes КоличествоНаСкладе.
 */
export type CommerceStock = {
  /** The sum of what counts; may be negative or fractional. Undefined when nothing readable was stated. */
  quantity?: string
  source: 'balances' | 'quantity' | 'warehouses'
  /** Per warehouse: from Остатки, else from the attributes. One row without a warehouse when Остаток has no Склад. */
  rows: CommerceStockRow[]
  /** The same notations taken by themselves: Количество as stated, and the sum of the rows. */
  fromQuantity?: string
  fromRows?: string
}

export type CommerceOffer = CommerceItem & {
  type: 'offer'
  /** From ИзмененияПакетаПредложений: only prices and stock count, and an unknown offer is not to be created. */
  isChange: boolean
  prices: CommercePrice[]
  /** Undefined when the offer says nothing about stock. */
  stock?: CommerceStock
  groupIds: string[]
  pictures: string[]
  description?: string
  taxes: CommerceTax[]
  goodsGroupCode?: string
  offset: number
}

export type FindingCode =
  | 'encoding_differs'
  | 'number_unreadable'
  | 'price_precision'
  | 'currency_unknown'
  | 'date_unreadable'
  | 'boolean_unreadable'
  | 'id_missing'
  | 'block_unknown'
  | 'status_unknown'
  | 'run_leftover'
  | 'file_skipped'

/** Something odd that does not stop the reading. */
export type CommerceFinding = {
  type: 'finding'
  code: FindingCode
  /** A sentence for the operator. */
  message: string
  /** Path of the element, such as `Каталог/Товары/Товар[3]/Вес`. */
  element?: string
  /** Identifier of the record it belongs to. */
  id?: string
  /** Byte offset of that record's opening tag in the file. */
  offset?: number
}

/** The last record: the root was closed and nothing follows it. A file without it has failed. `records` counts those before it. */
export type CommerceEnd = { type: 'end'; bytes: number; records: number }
