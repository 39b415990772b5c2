/** The five order operations of YLH in its own words, section 4. They live under three service prefixes. */
import { z } from 'zod'
import type { Http } from '../../core/http.ts'
import { payloadOrNothing } from './api.ts'
import { type HaierConfig, ylhAccountOf, ylhEndpointsOf } from './config.ts'
import { unwrap } from './envelope.ts'
import { read } from './read.ts'
import { TheirOrder, TheirWaybill } from './schema.ts'

/** A retail order as YLH takes it; `sourceSystem` and `sellerCode` are the account's. Amounts are yuan. */
export type RetailOrder = {
  shopName: string
  consigneeName: string
  consigneeMobile: string
  /** The platform's order number. */
  onlineNo: string
  /** Unique for ever; a second order with the same one is rejected. */
  soId: string
  remark?: string
  totalQty: number
  totalAmt: number
  /** Epoch milliseconds, like the two times below. */
  createTime: number
  province: string
  city: string
  area: string
  town?: string
  detailAddress: string
  distributionTime?: number
  installTime?: number
  governmentOrder?: boolean
  /** `"true"` only if both times are given and equal. A text, not a boolean. */
  deliveryInstall: 'true' | 'false'
  itemList: RetailItem[]
}

export type RetailItem = {
  productCode: string
  /** One unit a line, always. */
  itemQty: 1
  retailPrice: number
  discountAmount: number
  actualPrice: number
  isGift?: boolean
}

/** Section 4, "push order". */
export async function pushRetailOrder(
  http: Http,
  config: HaierConfig,
  order: RetailOrder,
): Promise<TheirOrder> {
  const { sourceSystem, sellerCode } = ylhAccountOf(config)
  const answer = await http.json({
    method: 'POST',
    url: urlOf(config, 'jst-order', '/api/page/hmm/retailorder/receive-hmm-retail-order'),
    json: { sourceSystem, sellerCode, ...order },
  })
  return read(TheirOrder, unwrap(answer), 'order')
}

/** Section 4, "cancel order". `cancelTime` is epoch milliseconds, sent as a text. */
export async function cancelRetailOrder(
  http: Http,
  config: HaierConfig,
  order: { soId: string; cancelTime: number; cancelReason: string },
): Promise<void> {
  const { sourceSystem } = ylhAccountOf(config)
  await http.json({
    method: 'POST',
    url: urlOf(config, 'jst-order', '/api/page/hmm/retailorder/cancel-hmm-retail-order'),
    json: { ...order, cancelTime: String(order.cancelTime), sourceSystem },
  })
}

/** Section 4, "reschedule". Both times are epoch milliseconds of 23:59:59, China time. */
export async function updateDistributionTime(
  http: Http,
  config: HaierConfig,
  order: { retailOrderNo: string; distributionTime: number; installTime: number },
): Promise<void> {
  ylhAccountOf(config)
  await http.json({
    method: 'POST',
    url: urlOf(config, 'order', '/api/page/retailorder/hmm/update-distribution-time'),
    json: order,
  })
}

/** Section 4, "delivery photos". The document names no field of the answer, so every address in it is a photo. */
export async function getDeliveryImages(
  http: Http,
  config: HaierConfig,
  orderNo: string,
): Promise<string[]> {
  ylhAccountOf(config)
  const answer = await http.json({
    method: 'POST',
    url: urlOf(config, 'order', '/api/page/retailorder/search/get-retail-order-delivery-img'),
    json: { orderNo },
  })
  const payload = read(AnythingButNull, payloadOrNothing(answer, []), 'list of photos')
  return [...new Set(urlsIn(payload))]
}

/** Section 4, "waybills by SO number": the body is an array of up to 100 numbers. */
export async function getWaybills(
  http: Http,
  config: HaierConfig,
  orderCodes: string[],
): Promise<TheirWaybill[]> {
  ylhAccountOf(config)
  const answer = await http.json({
    method: 'POST',
    url: urlOf(config, 'stock', '/api/composite/stock/logistics/get-store-logistics-by-order-code'),
    json: orderCodes,
  })
  return read(z.array(TheirWaybill), payloadOrNothing(answer, []), 'list of waybills')
}

/** One base URL serves all environments: development and staging append `-dev` and `-pre` to each prefix. */
function urlOf(
  config: HaierConfig,
  service: 'jst-order' | 'order' | 'stock',
  path: string,
): string {
  const { baseUrl, suffix } = ylhEndpointsOf(config)
  return `${baseUrl}/ylh-cloud-service-${service}${suffix}${path}`
}

const AnythingButNull = z.union([
  z.array(z.unknown()),
  z.record(z.string(), z.unknown()),
  z.string(),
])

function urlsIn(value: unknown): string[] {
  if (typeof value === 'string') return /^https?:\/\//i.test(value) ? [value] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(urlsIn)
}
