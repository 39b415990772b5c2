/**
 * What the CommerceML writer is given: plain data, as an application fills it from its database. The types follow
 * records.ts, so what our reader yields may be written again. Undefined and empty mean that nothing is known; then
 * nothing is written, never a zero. Numbers are canonical decimals (core/decimal.ts).
 */
import type {
  CommerceAddress,
  CommerceCharacteristic,
  CommerceContact,
  CommerceParty,
  CommercePrice,
  CommerceProperty,
  CommercePropertyValue,
  CommerceRequisite,
  CommerceStockRow,
  CommerceTax,
  CommerceUnitUse,
  CommerceVariant,
} from './records.ts'
import type { CommerceAccount } from './records-customer.ts'

export type ExportVersion = '2.07' | '3.1'

export type ExportOptions = {
  version: ExportVersion
  /** ДатаФормирования: `yyyy-MM-ddTHH:mm:ss`, by the clock of the 1C server. */
  formedAt: string
  /** СодержитТолькоИзменения: false says that whatever is not in the file may be taken off. */
  changesOnly: boolean
  /** A byte order mark in front; default true, as everything the stock 1C writes has one. */
  bom?: boolean
  /** Called for each thing that could not be written as it was given. Nothing is cut or left out without it. */
  onFinding?: (finding: WriteFinding) => void
  /** Called once, when the last record is written. */
  onCounted?: (counts: WriteCounts) => void
}

export type CatalogueOptions = ExportOptions & {
  classifier: ExportTitle
  catalogue: ExportTitle
  /** Name of the package of offers; default `Пакет предложений (<name of the catalogue>)`. */
  offersName?: string
  /** The seller's own organisation. 2.x must have one. */
  owner: ExportParty
  /** In any order; the tree follows from `parentId`. */
  groups?: readonly ExportGroup[]
  properties?: readonly ExportProperty[]
  /** 3.1 lists them and products name them by id; in 2.07 they explain products that only give an id. */
  units?: readonly ExportUnit[]
  priceTypes?: readonly ExportPriceType[]
  warehouses?: readonly ExportWarehouse[]
}

export type ExportTitle = { id: string; name: string; description?: string }

/** A legal entity known by name; `officialName` defaults to the name. */
export type ExportParty = CommerceParty & { inn?: string; kpp?: string; okpo?: string }

/** What every record may carry. Versions are opaque and 3.1 only. */
type Marks = { isDeleted?: boolean; version?: string }

export type ExportGroup = Marks & {
  id: string
  name?: string
  parentId?: string
  description?: string
}

export type ExportProperty = Marks & {
  id: string
  name?: string
  description?: string
  valueType?: CommerceProperty['valueType']
  variants?: readonly CommerceVariant[]
  appliesTo?: CommerceProperty['appliesTo']
  isMultiple?: boolean
  required?: string
  isExternal?: boolean
  isInformational?: boolean
}

export type ExportUnit = Marks & {
  id: string
  code?: string
  shortName?: string
  fullName?: string
  international?: string
}

export type ExportPriceType = Marks & {
  id: string
  name?: string
  description?: string
  /** Three characters, as 1C has it; `currencyRaw` comes first where both are given. */
  currency?: string
  currencyRaw?: string
  taxes?: readonly CommerceTax[]
}

export type ExportWarehouse = Marks & {
  id: string
  name?: string
  comment?: string
  address?: CommerceAddress
  contacts?: readonly CommerceContact[]
}

export type ExportItem = Marks & {
  /** `id`, or `product id#characteristic id`. Opaque: a product code will do. */
  id: string
  name?: string
  fullName?: string
  barcode?: string
  article?: string
  code?: string
  status?: 'new' | 'changed' | 'deleted'
  unit?: Partial<CommerceUnitUse>
  groupIds?: readonly string[]
  description?: string
  pictures?: readonly string[]
  propertyValues?: readonly CommercePropertyValue[]
  taxes?: readonly CommerceTax[]
  characteristics?: readonly CommerceCharacteristic[]
  requisites?: readonly CommerceRequisite[]
  weight?: string
  netWeight?: string
  width?: string
  length?: string
  height?: string
  goodsGroupCode?: string
}

export type ExportProduct = ExportItem & {
  counterpartyProductId?: string
  categoryId?: string
  /** The description as HTML, beside the plain one. */
  descriptionHtml?: string
  country?: string
  brand?: string
  brandOwner?: CommerceParty
  manufacturer?: CommerceParty
}

export type ExportOffer = ExportItem & {
  prices?: readonly ExportPrice[]
  stock?: ExportStock
}

/** `amount` is a decimal; `currencyRaw` comes first where both currencies are given. */
export type ExportPrice = Partial<CommercePrice>

export type ExportStock = {
  /** Over all warehouses. When it differs from the sum of the rows, it is the one that counts. */
  quantity?: string
  rows?: readonly ExportStockRow[]
}

export type ExportStockRow = Partial<CommerceStockRow>

export type ExportCustomer = Marks & {
  id?: string
  name?: string
  fullName?: string
  /** Of a legal entity; default: the full name, else the name. */
  officialName?: string
  kind: 'legal' | 'proprietor' | 'person'
  /** Default: `Покупатель`. */
  roles?: readonly string[]
  inn?: string
  kpp?: string
  okpo?: string
  salutation?: string
  lastName?: string
  firstName?: string
  middleName?: string
  /** `yyyy-MM-dd`. */
  birthDate?: string
  birthDateIso?: string
  gender?: string
  position?: string
  comment?: string
  address?: CommerceAddress
  registrationAddress?: CommerceAddress
  legalAddress?: CommerceAddress
  contacts?: readonly CommerceContact[]
  representatives?: readonly { relation?: string; id?: string; name?: string }[]
  accounts?: readonly CommerceAccount[]
}

export type WriteFindingCode =
  | 'text_cut'
  | 'characters_removed'
  | 'number_rounded'
  | 'id_replaced'
  | 'name_missing'
  | 'value_left_out'
  | 'record_left_out'
  | 'type_narrowed'
  | 'deletion_unsaid'
  | 'group_moved'
  | 'stock_differs'
  | 'catalogue_empty'

/** Something that could not be written as it was given. */
export type WriteFinding = {
  code: WriteFindingCode
  /** A sentence for the operator. */
  message: string
  element: string
  /** What record it belongs to, such as `product`, and its id. */
  record: string
  id?: string
}

export type WriteCounts = {
  groups: number
  products: number
  offers: number
  customers: number
  /** Records that could not be written at all; a finding tells why. */
  leftOut: number
}
