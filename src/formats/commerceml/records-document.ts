import type { CommerceCounterparty } from './records-customer.ts'
import type { CommerceItem, CommerceRequisite, CommerceTax } from './records.ts'

/** Документ: an order, its payment or shipment, or a mere change of status with hardly any other field. */
export type CommerceDocument = CommerceDocumentBody & {
  type: 'document'
  /** Number of the Контейнер it stands in, from 1; undefined directly below the root. */
  container?: number
  offset: number
}

export type CommerceDocumentBody = {
  /** The GUID of 1C or the id of the site; often absent. Find orders by number. */
  id?: string
  number?: string
  date?: string
  time?: string
  /** Дата and Время as one instant without a zone. */
  atIso?: string
  /** ХозОперация, verbatim. */
  operation?: string
  /** Роль of the one who writes. */
  role?: string
  currencyRaw?: string
  currency?: string
  /** Курс. */
  rate?: string
  amount?: string
  /** СрокПлатежа. */
  payUntil?: string
  comment?: string
  version?: string
  /** ПометкаУдаления, as an element or as a requisite. */
  isDeleted: boolean
  /** Номер1С, or the requisite «Номер по 1С». */
  onecNumber?: string
  /** Дата1С, or the requisite «Дата по 1С». */
  onecDate?: string
  onecDateIso?: string
  /** Основание: id of the document this one follows. */
  basisId?: string
  organization?: string
  warehouse?: string
  agreement?: string
  customers: CommerceCounterparty[]
  taxes: CommerceTax[]
  discounts: CommerceDiscount[]
  lines: CommerceLine[]
  requisites: CommerceRequisite[]
  payments: CommercePayment[]
  /** From the requisites, whatever their spelling; undefined when the file does not say. */
  statusName?: string
  statusId?: string
  isCancelled?: boolean
  isPosted?: boolean
  isPaid?: boolean
  isShipped?: boolean
  paidOn?: string
  paidOnIso?: string
  paymentNumber?: string
  shippedOn?: string
  shippedOnIso?: string
  shipmentNumber?: string
  /** ПодчиненныеДокументы (2.10): payments and shipments of the order. */
  subDocuments: CommerceDocumentBody[]
  has: string[]
}

/** A line without lines in the file is no error: `lines` of a status document is empty and must not empty the order. */
export type CommerceLine = CommerceItem & {
  catalogueId?: string
  /** ЦенаЗаЕдиницу, or Цена in split 2.09 and 3.1. */
  price?: string
  quantity?: string
  amount?: string
  ratio?: string
  country?: string
  customsNumber?: string
  taxes: CommerceTax[]
  discounts: CommerceDiscount[]
  /** Per warehouse, where the line says so. */
  warehouses: { id?: string; quantity?: string }[]
}

export type CommerceDiscount = {
  name?: string
  amount?: string
  percent?: string
  isIncluded?: boolean
  comment?: string
}

/** Оплата (2.09). */
export type CommercePayment = {
  documentNumber?: string
  transactionNumber?: string
  paidOn?: string
  paidOnIso?: string
  amount?: string
  method?: string
  methodId?: string
}
