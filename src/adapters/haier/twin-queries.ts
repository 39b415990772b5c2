/** The five queries of the Haier twin, as strict as section 2 about what must be in them. */
import { z } from 'zod'
import type { TwinReply, TwinRequest } from '../../core/twin.ts'
import { account, fail, jsonOf } from './twin-access.ts'
import type { Catalogue } from './twin-catalogue.ts'
import type { OrderBook } from './twin-orders.ts'

const codes = z.array(z.string().min(1)).min(1).max(20)
const text = z.string().min(1)

/** Names of the queries, by path below `/yilihuo/`. */
export const queryPaths = {
  'jsh-service-goods-mall-search/api/product-info/procurable-products-out/check-procurable-products':
    'listing',
  'jsh-service-goods-price/api/goods-price/price-daily-sales/price-query/pt-out-list-price':
    'price',
  'jsh-service-stock-mall/api/page/stock/get-available-stock-open': 'stock',
  'ylh-cloud-service-stock/api/page/stock/logistics/sass/get-thirdparty-logistics-info-by-order-code-auth':
    'logistics',
  'jsh-service-finance-mall/api/page/account/account-balance-manager/get-payer-account-balance-by-customer-code':
    'balance',
} as const
export type QueryName = (typeof queryPaths)[keyof typeof queryPaths]

const Listing = z
  .object({
    customerCode: text,
    sendToCode: text.optional(),
    productCodes: codes.optional(),
    supplierCode: text,
    searchType: z.literal('PTJSH'),
    passWord: text,
  })
  .refine((query) => query.supplierCode !== '1001' || query.sendToCode !== undefined, {
    path: ['sendToCode'],
    error: 'required for supplierCode 1001',
  })

const Price = z.object({
  customerCode: text,
  sendToCode: text,
  productCodes: codes,
  priceType: z.literal('PT'),
  passWord: text,
})

const Stock = z.object({
  salesCode: text,
  senderCode: text,
  productCode: text,
  countyCode: z.string().regex(/^\d{6}$/),
  source: z.literal('JSH-B'),
  sellerPassword: text,
})

const Logistics = z.object({
  orderCode: text,
  deliveryRecordCode: text.optional(),
  memberId: z.int().optional(),
  sellerCode: text,
  sellerPassword: text,
})

const Balance = z.object({ customerCode: text, customerPassword: text })

export type QueryOptions = { wrapped: boolean; quirks: boolean }

export type Queries = {
  answer(name: QueryName, request: TwinRequest): TwinReply
  stats(): Record<string, number>
}

export function createQueries(
  catalogue: Catalogue,
  orders: OrderBook,
  options: QueryOptions,
): Queries {
  const wrapping = createWrapping(options)
  const pricedTimes = new Uint16Array(catalogue.size)
  const stockedTimes = new Uint16Array(catalogue.size)
  let listed = 0

  const handlers: Record<QueryName, (body: unknown) => TwinReply> = {
    listing(body) {
      const query = Listing.parse(body)
      const refusal = refuse(query.customerCode, query.passWord, account.password)
      if (refusal) return refusal
      if (query.supplierCode !== account.supplierCode) return wrapping.json([])
      const asked = query.productCodes?.map(catalogue.indexOf).filter((one) => one !== undefined)
      listed += asked?.length ?? catalogue.size
      return asked ? wrapping.json(asked.map(catalogue.product)) : wrapping.stream(pages())
    },
    price(body) {
      const query = Price.parse(body)
      const refusal = refuse(query.customerCode, query.passWord, account.password)
      if (refusal) return refusal
      return wrapping.json(query.productCodes.map(priceOf))
    },
    stock(body) {
      const query = Stock.parse(body)
      const refusal = refuse(query.salesCode, query.sellerPassword, account.sellerPassword)
      if (refusal) return refusal
      const index = catalogue.indexOf(query.productCode)
      if (index === undefined) return wrapping.json(null)
      count(stockedTimes, index)
      return wrapping.json(catalogue.stock(index, query.countyCode))
    },
    logistics(body) {
      const query = Logistics.parse(body)
      const refusal = refuse(query.sellerCode, query.sellerPassword, account.sellerPassword)
      return refusal ?? wrapping.json(orders.logistics(query.orderCode))
    },
    balance(body) {
      const query = Balance.parse(body)
      const refusal = refuse(query.customerCode, query.customerPassword, account.customerPassword)
      return refusal ?? wrapping.json(balances)
    },
  }

  function priceOf(code: string): Record<string, unknown> {
    const index = catalogue.indexOf(code)
    if (index === undefined) return { productCode: code, isSales: '0', reason: '产品不可采' }
    count(pricedTimes, index)
    return catalogue.price(index)
  }

  /** The whole listing, 200 products at a time. */
  function* pages(): Generator<string> {
    for (let start = 0; start < catalogue.size; start += 200) {
      const end = Math.min(start + 200, catalogue.size)
      const page = Array.from({ length: end - start }, (_, at) => catalogue.product(start + at))
      yield (start === 0 ? '' : ',') + JSON.stringify(page).slice(1, -1)
    }
  }

  return {
    answer(name, request) {
      try {
        return handlers[name](jsonOf(request))
      } catch (error) {
        if (!(error instanceof z.ZodError)) throw error
        return badParameters(error)
      }
    },
    stats: () => ({
      products_listed: listed,
      ...countsOf('priced', pricedTimes),
      ...countsOf('stocked', stockedTimes),
      max_per_product: Math.max(maxOf(pricedTimes), maxOf(stockedTimes)),
    }),
  }
}

/** Wrong parameters are HTTP 400, with the first of them named. */
export function badParameters(error: z.ZodError): TwinReply {
  const [issue] = error.issues
  return fail(400, 'PARAM_ERROR', `参数错误: ${issue?.path.join('.') || 'body'} ${issue?.message}`)
}

function refuse(code: string, given: string, right: string): TwinReply | undefined {
  if (code !== account.customerCode) return fail(200, 'CUSTOMER_ERROR', '客户编码不存在')
  return given === right ? undefined : fail(200, 'PASSWORD_ERROR', '密码错误')
}

const balances = [
  {
    saleGroupCode: '12A01',
    saleGroupName: '冰冷组',
    payerAccountCode: '8800633175',
    payerAccountName: '沙箱付款方一',
    payerAccountBalance: 125_000.5,
  },
  {
    saleGroupCode: '12A02',
    saleGroupName: '水联网组',
    payerAccountCode: '8800633176',
    payerAccountName: '沙箱付款方二',
    payerAccountBalance: '0.00',
  },
]

/** Answers come bare, or wrapped. With quirks the code changes its type and the data its place. */
function createWrapping({ wrapped, quirks }: QueryOptions) {
  const heads = [
    '"success":true,"code":200,"message":"ok"',
    '"success":true,"code":"200","msg":"ok"',
  ]
  let turn = 0
  const around = () => {
    const head = heads[quirks ? turn++ % heads.length : 0]
    return quirks && turn % 2 === 0 ? ['{"data":', `,${head}}`] : [`{${head},"data":`, '}']
  }
  return {
    json(payload: unknown): TwinReply {
      if (!wrapped) return { text: JSON.stringify(payload), headers: jsonType }
      return { text: around().join(JSON.stringify(payload)), headers: jsonType }
    },
    stream(pages: Iterable<string>): TwinReply {
      const [before = '', after = ''] = wrapped ? around() : []
      return { chunks: enclose(`${before}[`, pages, `]${after}`) }
    },
  }
}

const jsonType = { 'content-type': 'application/json' }

function* enclose(before: string, pages: Iterable<string>, after: string): Generator<string> {
  yield before
  yield* pages
  yield after
}

/** Stops at the highest figure the array holds. */
function count(times: Uint16Array, index: number): void {
  times[index] = Math.min((times[index] ?? 0) + 1, 65_535)
}

const maxOf = (times: Uint16Array): number => times.reduce((a, b) => Math.max(a, b), 0)

const countsOf = (what: string, times: Uint16Array): Record<string, number> => ({
  [`products_${what}`]: times.reduce((total, each) => total + each, 0),
  [`distinct_${what}`]: times.reduce((total, each) => total + Number(each > 0), 0),
})
