/**
 * Replies of Haier and YLH, the fields we use. They are read leniently: numbers come as text and text as numbers,
 * both spellings of a name occur, and what is missing, null or blank is unknown.
 */
import { z } from 'zod'
import { parseDecimal } from '../../core/decimal.ts'
import { type Money, parseMoney } from '../../core/money.ts'

const text = z.unknown().optional().transform(toText)
const flag = z.unknown().optional().transform(toFlag)
const yuan = z.unknown().optional().transform(toYuan)
const integer = z.unknown().optional().transform(toInteger)
const texts = z.unknown().optional().transform(toTexts)
/** What a record is known by. Without it the answer is of no use. */
const key = z
  .union([z.string(), z.number()])
  .transform(String)
  .pipe(z.string().trim().min(1).max(64))

/** Section 2.1. The document misspells the group's name and that of the detail pictures. */
export const TheirProduct = z.object({
  productCode: key,
  productModel: text,
  productGroupNamd: text,
  productGroupName: text,
  productBrandName: text,
  productImageUrl: text,
  productLageUrls: texts,
  isSales: flag,
  noSalesReason: text,
})
export type TheirProduct = z.output<typeof TheirProduct>

/** Section 2.2. */
export const TheirPrice = z.object({
  productCode: key,
  supplyPrice: yuan,
  invoicePrice: yuan,
  /** A direct discount (number or text) or, under the same name, the type of a rebate (a word). */
  stockRebatePolicy: text,
  rebateMoney: yuan,
  reason: text,
  isSales: flag,
})
export type TheirPrice = z.output<typeof TheirPrice>

const Timeliness = z.object({
  cutTime: text,
  achieveUserOrderCut: text,
  hour: text,
  isTranfer: flag,
})

/** Section 2.3: what one warehouse answers. */
export const TheirStock = z.object({
  secCode: text,
  stock: integer,
  warehouseGrade: text,
  timelinessData: Timeliness.nullish().catch(null),
})
export type TheirStock = z.output<typeof TheirStock>

const Trace = z.object({ time: text, status: text })

const TheirShipment = z.object({
  logisticsCompany: text,
  logisticsNo: text,
  status: text,
  traces: z.array(Trace).nullish(),
})
export type TheirShipment = z.output<typeof TheirShipment>

const shipments = z.array(TheirShipment).nullish()

/** Section 2.4: three lists, any of which may be missing. */
export const TheirLogistics = z.object({
  getAllLogisticsInfoByOrderCode: shipments,
  getStockDeliveryLogisticsRecord: shipments,
  getStockDeliveryLogisticsRecordThirdparty: shipments,
})
export type TheirLogistics = z.output<typeof TheirLogistics>

/** Section 2.5. */
export const TheirBalance = z.object({
  saleGroupCode: text,
  saleGroupName: text,
  payerAccountCode: key,
  payerAccountName: text,
  payerAccountBalance: yuan,
})
export type TheirBalance = z.output<typeof TheirBalance>

/** Section 4: what a pushed order is answered with. */
export const TheirOrder = z.object({ retailOrderNo: text, soId: text })
export type TheirOrder = z.output<typeof TheirOrder>

/** Section 4 names the call and not the answer's fields; these are those of section 2.4 and the names of an order. */
export const TheirWaybill = TheirShipment.extend({ orderCode: text, soId: text, orderNo: text })
export type TheirWaybill = z.output<typeof TheirWaybill>

const Tokens = z.object({
  access_token: text,
  token: text,
  token_type: text,
  expires_in: integer,
})

/** Section 1: the token has been seen in four places. */
export const TheirToken = Tokens.extend({ data: Tokens.nullish().catch(null) })
export type TheirToken = z.output<typeof TheirToken>

function toText(value: unknown): string | null {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null
}

function toFlag(value: unknown): boolean | null {
  const word = toText(value)?.toLowerCase()
  if (word === '1' || word === 'true') return true
  return word === '0' || word === 'false' ? false : null
}

function toYuan(value: unknown): Money | null {
  const amount = toText(value)
  return (amount !== null && parseMoney(amount, 'CNY')) || null
}

function toInteger(value: unknown): number | null {
  const decimal = parseDecimal(toText(value) ?? '')
  if (decimal === undefined || decimal.includes('.')) return null
  const number = Number(decimal)
  return Number.isSafeInteger(number) ? number : null
}

function toTexts(value: unknown): string[] {
  const list = Array.isArray(value) ? value : [value]
  return list.map(toText).filter((one) => one !== null)
}
