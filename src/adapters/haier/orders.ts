/** Our orders into theirs. */
import type { z } from 'zod'
import { IntegrationError } from '../../core/errors.ts'
import type { OrderLine, SupplierOrder } from '../../core/kinds/supplier.ts'
import { formatMinor, type Money } from '../../core/money.ts'
import type { RetailItem, RetailOrder } from './api-orders.ts'
import { endOfChinaDay } from './china-time.ts'
import type { HaierConfig } from './config.ts'

/** Throws `rejected` for an amount that is not in yuan and `config` when no shop name is known. */
export function toRetailOrder(order: SupplierOrder, config: HaierConfig): RetailOrder {
  const { deliverOn, installOn, lines } = order
  return {
    shopName: shopNameOf(order, config),
    consigneeName: order.consigneeName,
    consigneeMobile: order.consigneeMobile,
    onlineNo: order.platformOrderNo,
    soId: order.subOrderNo,
    remark: order.remark,
    totalQty: lines.length,
    totalAmt: toYuan({ minor: sum(lines.map((line) => line.actualPrice)), currency: 'CNY' }),
    createTime: Date.parse(order.createdAt),
    province: order.province,
    city: order.city,
    area: order.area,
    town: order.town,
    detailAddress: order.detailAddress,
    distributionTime: endOf(deliverOn),
    installTime: endOf(installOn),
    governmentOrder: order.isGovernmentOrder,
    deliveryInstall: deliverOn !== undefined && deliverOn === installOn ? 'true' : 'false',
    itemList: lines.map(toItem),
  }
}

const endOf = (day: string | undefined): number | undefined =>
  day === undefined ? undefined : endOfChinaDay(day)

const toItem = (line: z.output<typeof OrderLine>): RetailItem => ({
  productCode: line.productCode,
  itemQty: 1,
  retailPrice: toYuan(line.retailPrice),
  discountAmount: line.discount ? toYuan(line.discount) : 0,
  actualPrice: toYuan(line.actualPrice),
  isGift: line.isGift,
})

function shopNameOf(order: SupplierOrder, config: HaierConfig): string {
  const name = order.shopName ?? config.ylh_shop_name
  if (name !== undefined) return name
  throw new IntegrationError({
    kind: 'config',
    message: 'the order names no shop, and the service has no default',
    hint: 'Set ylh_shop_name, or give the order a shopName.',
  })
}

const sum = (amounts: Money[]): number =>
  amounts.reduce((total, amount) => total + inFen(amount), 0)

/** Yuan with at most two decimals. The text is exact, and so is the JSON number with the same digits. */
const toYuan = (amount: Money): number => Number(formatMinor(inFen(amount), 'CNY'))

function inFen({ minor, currency }: Money): number {
  if (currency === 'CNY') return minor
  throw new IntegrationError({
    kind: 'rejected',
    message: `Haier takes orders in CNY; this one has an amount in ${currency}`,
    hint: 'Convert the amounts before the order is pushed.',
  })
}
