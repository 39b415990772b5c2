import { z } from 'zod'
import { defineKind } from '../kind.ts'
import { Money } from '../money.ts'

const ProductCode = z.string().trim().min(1).max(64)

export const SupplierProduct = z.object({
  code: ProductCode,
  model: z.string(),
  group: z.string().nullable(),
  brand: z.string().nullable(),
  imageUrl: z.string().nullable(),
  pageUrls: z.array(z.string()),
  /** Null: the supplier did not say. */
  isSales: z.boolean().nullable(),
  noSalesReason: z.string().nullable(),
})
export type SupplierProduct = z.infer<typeof SupplierProduct>

/** Null in any field means that the supplier gave no figure; it never means zero. */
export const SupplierPrice = z.object({
  code: ProductCode,
  supplyPrice: Money.nullable(),
  invoicePrice: Money.nullable(),
  /** Direct discount as a decimal text, in the supplier's own terms. */
  stockRebate: z.string().nullable(),
  rebateType: z.string().nullable(),
  /** Rebate per unit. */
  rebateMoney: Money.nullable(),
  reason: z.string().nullable(),
  isSales: z.boolean().nullable(),
})
export type SupplierPrice = z.infer<typeof SupplierPrice>

export const WarehouseStock = z.object({
  warehouse: z.string(),
  quantity: z.int().nullable(),
  /** 0: the account's own level; 1: the level above. */
  grade: z.string().nullable(),
  orderCutOff: z.string().nullable(),
  deliveryAt: z.string().nullable(),
  deliveryHours: z.string().nullable(),
  isTransshipped: z.boolean().nullable(),
})
export type WarehouseStock = z.infer<typeof WarehouseStock>

export const SupplierStock = z.object({
  code: ProductCode,
  county: z.string(),
  /** The sum over the warehouses; null when the supplier did not say, which is not zero. */
  quantity: z.int().nullable(),
  warehouses: z.array(WarehouseStock),
})
export type SupplierStock = z.infer<typeof SupplierStock>

const Trace = z.object({ time: z.string().nullable(), status: z.string().nullable() })

export const Shipment = z.object({
  /** Which of the supplier's systems answered: its own warehouse, its driver app, or a third-party carrier. */
  source: z.enum(['warehouse', 'driver', 'carrier']),
  company: z.string().nullable(),
  number: z.string().nullable(),
  status: z.string().nullable(),
  traces: z.array(Trace),
})
export type Shipment = z.infer<typeof Shipment>

export const Balance = z.object({
  account: z.string(),
  accountName: z.string().nullable(),
  group: z.string().nullable(),
  groupName: z.string().nullable(),
  balance: Money.nullable(),
})
export type Balance = z.infer<typeof Balance>

export const OrderLine = z.object({
  productCode: ProductCode,
  retailPrice: Money,
  discount: Money.optional(),
  actualPrice: Money,
  isGift: z.boolean().optional(),
})

export const SupplierOrder = z.object({
  /** The platform's order number. */
  platformOrderNo: z.string().min(1),
  /** Number of this part of the order; unique for ever, so a repeat is recognised by it. */
  subOrderNo: z.string().min(1),
  shopName: z.string().optional(),
  consigneeName: z.string().min(1),
  consigneeMobile: z.string().min(1),
  province: z.string().min(1),
  city: z.string().min(1),
  area: z.string().min(1),
  town: z.string().optional(),
  detailAddress: z.string().min(1),
  createdAt: z.iso.datetime(),
  /** Days in the supplier's own time zone. */
  deliverOn: z.iso.date().optional(),
  installOn: z.iso.date().optional(),
  isGovernmentOrder: z.boolean().optional(),
  remark: z.string().optional(),
  /** One unit a line. */
  lines: z.array(OrderLine).min(1),
})
export type SupplierOrder = z.infer<typeof SupplierOrder>

export const Waybill = z.object({
  orderCode: z.string(),
  company: z.string().nullable(),
  number: z.string().nullable(),
  status: z.string().nullable(),
  traces: z.array(Trace),
})

/** Who sells goods to us: their catalogue, prices, stock, and the orders we place with them. */
export const supplier = defineKind({
  id: 'supplier',
  title: 'Supplier',
  operations: {
    listProducts: {
      summary: 'List the products this account may buy',
      effect: 'read',
      input: z.object({ codes: z.array(ProductCode).min(1).max(20).optional() }),
      item: SupplierProduct,
      output: z.object({ count: z.int() }),
    },
    getPrices: {
      summary: 'Prices of up to 20 products',
      effect: 'read',
      input: z.object({ codes: z.array(ProductCode).min(1).max(20) }),
      output: z.object({ prices: z.array(SupplierPrice) }),
    },
    getStock: {
      summary: 'Stock of one product, by warehouse',
      effect: 'read',
      input: z.object({ code: ProductCode, county: z.string().optional() }),
      output: SupplierStock,
    },
    getLogistics: {
      summary: 'Shipments of an order',
      effect: 'read',
      input: z.object({
        orderCode: z.string().min(1),
        deliveryRecordCode: z.string().optional(),
        memberId: z.int().optional(),
      }),
      output: z.object({ shipments: z.array(Shipment) }),
    },
    getBalance: {
      summary: 'Balance of the paying accounts',
      effect: 'read',
      input: z.object({}),
      output: z.object({ accounts: z.array(Balance) }),
    },
    pushOrder: {
      summary: 'Place an order',
      effect: 'write',
      input: SupplierOrder,
      output: z.object({
        supplierOrderNo: z.string().nullable(),
        subOrderNo: z.string(),
        /** True when the supplier had it already: an earlier attempt had arrived. */
        wasKnown: z.boolean(),
      }),
    },
    cancelOrder: {
      summary: 'Cancel an order',
      effect: 'write',
      input: z.object({
        subOrderNo: z.string().min(1),
        reason: z.string().min(1),
        cancelledAt: z.iso.datetime(),
      }),
      output: z.object({ subOrderNo: z.string() }),
    },
    rescheduleOrder: {
      summary: 'Change the delivery and installation days of an order',
      effect: 'write',
      input: z.object({
        supplierOrderNo: z.string().min(1),
        deliverOn: z.iso.date(),
        installOn: z.iso.date(),
      }),
      output: z.object({ supplierOrderNo: z.string() }),
    },
    getDeliveryPhotos: {
      summary: 'Photos taken at the delivery of an order',
      effect: 'read',
      input: z.object({ orderNo: z.string().min(1) }),
      output: z.object({ photos: z.array(z.string()) }),
    },
    getWaybills: {
      summary: 'Waybills of up to 100 orders',
      effect: 'read',
      input: z.object({ orderCodes: z.array(z.string().min(1)).min(1).max(100) }),
      output: z.object({ waybills: z.array(Waybill) }),
    },
  },
})
