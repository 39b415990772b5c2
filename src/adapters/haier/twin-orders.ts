/** The order system of the twin, section 4: keeps what was pushed, and is as strict about it as YLH. */
import { z } from 'zod'
import type { Clock } from '../../core/clock.ts'
import type { TwinReply, TwinRequest } from '../../core/twin.ts'
import { toChinaStamp } from './china-time.ts'
import { account, fail, jsonOf } from './twin-access.ts'
import type { Catalogue } from './twin-catalogue.ts'

const text = z.string().min(1)
const epochMs = z.int().min(1_000_000_000_000)
const yuan = z
  .number()
  .refine((amount) => Number(amount.toFixed(2)) === amount, 'has over two decimals')
/** 23:59:59 in China is 15:59:59 UTC. */
const deliveryDay = epochMs.refine(
  (ms) => new Date(ms).toISOString().endsWith('T15:59:59.000Z'),
  'time of day must be 23:59:59, China time',
)

const Item = z.object({
  productCode: text,
  itemQty: z.literal(1),
  retailPrice: yuan,
  discountAmount: yuan,
  actualPrice: yuan,
  isGift: z.boolean().optional(),
})

const Push = z
  .object({
    sourceSystem: z.literal(account.sourceSystem),
    shopName: text,
    sellerCode: z.literal(account.customerCode),
    consigneeName: text,
    consigneeMobile: text,
    onlineNo: text,
    soId: text,
    remark: z.string().optional(),
    totalQty: z.int(),
    totalAmt: yuan,
    createTime: epochMs,
    province: text,
    city: text,
    area: text,
    town: z.string().optional(),
    detailAddress: text,
    distributionTime: deliveryDay.optional(),
    installTime: deliveryDay.optional(),
    governmentOrder: z.boolean().optional(),
    deliveryInstall: z.enum(['true', 'false']),
    itemList: z.array(Item).min(1),
  })
  .refine((order) => order.totalQty === order.itemList.length, {
    path: ['totalQty'],
    error: 'is not the number of items',
  })
  .refine((order) => fen(order.totalAmt) === sumFen(order.itemList), {
    path: ['totalAmt'],
    error: 'is not the sum of actualPrice',
  })
  .refine((order) => order.deliveryInstall === String(isTogether(order)), {
    path: ['deliveryInstall'],
    error: 'contradicts the two times',
  })

const Cancel = z.object({
  soId: text,
  cancelTime: z.string().regex(/^\d{13}$/),
  cancelReason: text,
  sourceSystem: z.literal(account.sourceSystem),
})

const Reschedule = z.object({
  retailOrderNo: text,
  distributionTime: deliveryDay,
  installTime: deliveryDay,
})

const Photos = z.object({ orderNo: text })
const Waybills = z.array(text).min(1).max(100)

const fen = (amount: number): number => Math.round(amount * 100)
const sumFen = (items: { actualPrice: number }[]): number =>
  items.reduce((sum, item) => sum + fen(item.actualPrice), 0)
const isTogether = (order: { distributionTime?: number; installTime?: number }): boolean =>
  order.distributionTime !== undefined && order.distributionTime === order.installTime

/** Names of the calls, by what follows the service prefix; the prefix of each stands in front. */
export const orderPaths = {
  'jst-order/api/page/hmm/retailorder/receive-hmm-retail-order': 'push',
  'jst-order/api/page/hmm/retailorder/cancel-hmm-retail-order': 'cancel',
  'order/api/page/retailorder/hmm/update-distribution-time': 'reschedule',
  'order/api/page/retailorder/search/get-retail-order-delivery-img': 'photos',
  'stock/api/composite/stock/logistics/get-store-logistics-by-order-code': 'waybills',
} as const
export type OrderCall = (typeof orderPaths)[keyof typeof orderPaths]

type Order = {
  retailOrderNo: string
  soId: string
  isCancelled: boolean
  isRescheduled: boolean
}

export type OrderBook = {
  answer(name: OrderCall, request: TwinRequest): TwinReply
  /** The payload of a logistics query: a list for each system that knows the order, none for an unknown order. */
  logistics(orderCode: string): Record<string, unknown>
  stats(): Record<string, number>
}

export function createOrders(
  catalogue: Catalogue,
  clock: Clock,
  refuse: (error: z.ZodError) => TwinReply,
): OrderBook {
  const orders = new Map<string, Order>()
  const find = (no: string) =>
    orders.get(no) ?? [...orders.values()].find((order) => order.retailOrderNo === no)

  const handlers: Record<OrderCall, (body: unknown) => TwinReply> = {
    push(body) {
      const { soId, itemList } = Push.parse(body)
      if (orders.has(soId)) return fail(200, 'DUPLICATE_ORDER', `订单已存在，soId: ${soId}`)
      const unknown = itemList.find(
        ({ productCode }) => catalogue.indexOf(productCode) === undefined,
      )
      if (unknown) return fail(200, 'PRODUCT_ERROR', `商品编码不存在: ${unknown.productCode}`)
      const retailOrderNo = `SO.${toChinaStamp(clock.now()).slice(0, 8)}.${String(orders.size + 1).padStart(6, '0')}`
      orders.set(soId, { retailOrderNo, soId, isCancelled: false, isRescheduled: false })
      return done({ retailOrderNo, soId })
    },
    cancel(body) {
      const order = find(Cancel.parse(body).soId)
      if (!order) return noSuchOrder
      if (order.isCancelled) return fail(200, 'ORDER_STATE_ERROR', '订单已取消')
      order.isCancelled = true
      return done(null)
    },
    reschedule(body) {
      const order = find(Reschedule.parse(body).retailOrderNo)
      if (!order) return noSuchOrder
      if (order.isCancelled) return fail(200, 'ORDER_STATE_ERROR', '订单已取消')
      order.isRescheduled = true
      return done(null)
    },
    photos(body) {
      const order = find(Photos.parse(body).orderNo)
      return order ? done([1, 2].map((at) => photoOf(order, at))) : noSuchOrder
    },
    waybills(body) {
      const known = Waybills.parse(body).map(find)
      return done(known.filter((one) => one !== undefined && !one.isCancelled).map(waybillOf))
    },
  }

  return {
    answer(name, request) {
      try {
        return handlers[name](jsonOf(request))
      } catch (error) {
        if (!(error instanceof z.ZodError)) throw error
        return refuse(error)
      }
    },
    logistics(orderCode) {
      const order = find(orderCode)
      return order ? { getAllLogisticsInfoByOrderCode: [shipmentOf(order)] } : {}
    },
    stats() {
      const all = [...orders.values()]
      return {
        orders: all.length,
        orders_cancelled: all.filter((order) => order.isCancelled).length,
        orders_rescheduled: all.filter((order) => order.isRescheduled).length,
      }
    },
  }
}

const noSuchOrder = fail(200, 'ORDER_NOT_FOUND', '查无此单')

/** YLH always wraps. */
const done = (data: unknown): TwinReply => ({
  json: { success: true, code: 200, message: '操作成功', data },
})

const photoOf = (order: Order, at: number) => ({
  imgUrl: `https://img.example.cn/ylh/${order.retailOrderNo}/${at}.jpg`,
})

const shipmentOf = (order: Order) => ({
  logisticsCompany: '日日顺',
  logisticsNo: `RRS${order.retailOrderNo.replace(/\D/g, '')}`,
  status: '配送中',
  traces: [{ time: '2026-11-21 10:00:00', status: '已出库' }],
})

const waybillOf = (order: Order | undefined) =>
  order && { orderCode: order.retailOrderNo, ...shipmentOf(order) }
