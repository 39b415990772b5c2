/** Their words into ours. What they leave out stays null: unknown is never zero. */
import { parseDecimal } from '../../core/decimal.ts'
import type {
  Balance,
  Shipment,
  SupplierPrice,
  SupplierProduct,
  SupplierStock,
  WarehouseStock,
  Waybill,
} from '../../core/kinds/supplier.ts'
import type { z } from 'zod'
import type {
  TheirBalance,
  TheirLogistics,
  TheirPrice,
  TheirProduct,
  TheirShipment,
  TheirStock,
  TheirWaybill,
} from './schema.ts'

export const toProduct = (theirs: TheirProduct): SupplierProduct => ({
  code: theirs.productCode,
  model: theirs.productModel ?? theirs.productCode, // the model is the name; a nameless product is shown by its code
  group: theirs.productGroupName ?? theirs.productGroupNamd,
  brand: theirs.productBrandName,
  imageUrl: theirs.productImageUrl,
  pageUrls: theirs.productLageUrls,
  isSales: theirs.isSales,
  noSalesReason: theirs.noSalesReason,
})

export const toPrice = (theirs: TheirPrice): SupplierPrice => ({
  code: theirs.productCode,
  supplyPrice: theirs.supplyPrice,
  invoicePrice: theirs.invoicePrice,
  ...readPolicy(theirs.stockRebatePolicy),
  rebateMoney: theirs.rebateMoney,
  reason: theirs.reason,
  isSales: theirs.isSales,
})

/** One name for two things: a direct discount, or the type of the rebate (COM, FHQ, BF, DTDBF). */
function readPolicy(policy: string | null): Pick<SupplierPrice, 'stockRebate' | 'rebateType'> {
  const rate = policy === null ? undefined : parseDecimal(policy)
  if (rate !== undefined) return { stockRebate: rate, rebateType: null }
  const isWord = policy !== null && /^[a-z]+$/i.test(policy)
  return { stockRebate: null, rebateType: isWord ? policy.toUpperCase() : null }
}

/** The sum over the warehouses. One that gives no figure makes the sum unknown. */
export function toStock(
  theirs: TheirStock[] | null,
  asked: { code: string; county: string },
): SupplierStock {
  const warehouses = (theirs ?? []).filter(saysAnything).map(toWarehouse)
  const figures = warehouses.map(({ quantity }) => quantity)
  const known = figures.filter((figure) => figure !== null)
  const isKnown = figures.length > 0 && known.length === figures.length
  const quantity = isKnown ? known.reduce((sum, figure) => sum + figure, 0) : null
  return { ...asked, quantity, warehouses }
}

const saysAnything = ({ secCode, stock }: TheirStock): boolean => secCode !== null || stock !== null

const toWarehouse = ({
  secCode,
  stock,
  warehouseGrade,
  timelinessData,
}: TheirStock): WarehouseStock => ({
  warehouse: secCode ?? '',
  quantity: stock,
  grade: warehouseGrade,
  orderCutOff: timelinessData?.cutTime ?? null,
  deliveryAt: timelinessData?.achieveUserOrderCut ?? null,
  deliveryHours: timelinessData?.hour ?? null,
  isTransshipped: timelinessData?.isTranfer ?? null,
})

export const toShipments = (theirs: TheirLogistics): Shipment[] => [
  ...shipmentsOf('warehouse', theirs.getAllLogisticsInfoByOrderCode),
  ...shipmentsOf('driver', theirs.getStockDeliveryLogisticsRecord),
  ...shipmentsOf('carrier', theirs.getStockDeliveryLogisticsRecordThirdparty),
]

const shipmentsOf = (
  source: Shipment['source'],
  list: TheirShipment[] | null | undefined,
): Shipment[] => (list ?? []).map((one) => ({ source, ...toTransport(one) }))

const toTransport = ({ logisticsCompany, logisticsNo, status, traces }: TheirShipment) => ({
  company: logisticsCompany,
  number: logisticsNo,
  status,
  traces: traces ?? [],
})

export const toBalance = (theirs: TheirBalance): Balance => ({
  account: theirs.payerAccountCode,
  accountName: theirs.payerAccountName,
  group: theirs.saleGroupCode,
  groupName: theirs.saleGroupName,
  balance: theirs.payerAccountBalance,
})

export const toWaybill = (theirs: TheirWaybill): z.output<typeof Waybill> => ({
  orderCode: theirs.orderCode ?? theirs.orderNo ?? theirs.soId ?? '',
  ...toTransport(theirs),
})
