/** Queries of the Haier open platform in its own words. Section numbers are those of the interface description. */
import { z } from 'zod'
import { basicPair } from '../../core/basic-auth.ts'
import type { Http } from '../../core/http.ts'
import {
  endpointsOf,
  type HaierConfig,
  sendToCodeOf,
  ylhAccountOf,
  ylhEndpointsOf,
} from './config.ts'
import { isObject, unwrap } from './envelope.ts'
import { read } from './read.ts'
import { TheirBalance, TheirLogistics, TheirPrice, TheirStock, TheirToken } from './schema.ts'

/** "One object, or a list of objects." */
const listOrOne = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (isObject(value) ? [value] : value), z.array(schema))

// Made once: zod takes longer to make a schema than to use it.
const Prices = z.array(TheirPrice)
const Stock = listOrOne(TheirStock).nullable()
const Balances = listOrOne(TheirBalance)

/** A token request has less time than others. Section 1. */
const tokenTimeoutMs = 10_000

/** Section 1: client credentials, as JSON. */
export async function fetchToken(http: Http, config: HaierConfig): Promise<TheirToken> {
  const answer = await http.json({
    method: 'POST',
    url: endpointsOf(config).tokenUrl,
    authorize: false,
    timeoutMs: tokenTimeoutMs,
    json: {
      client_id: config.client_id.reveal(),
      client_secret: config.client_secret.reveal(),
      grant_type: 'client_credentials',
    },
  })
  return read(TheirToken, answer, 'token')
}

/** Section 4: a password grant of YLH, as a form. */
export async function fetchYlhToken(http: Http, config: HaierConfig): Promise<TheirToken> {
  const { username, password, clientId, clientSecret } = ylhAccountOf(config)
  const basic = basicPair(clientId, clientSecret.reveal())
  const answer = await http.json({
    method: 'POST',
    url: ylhEndpointsOf(config).tokenUrl,
    authorize: false,
    timeoutMs: tokenTimeoutMs,
    headers: { 'system-name': 'ylh-open-api', authorization: `Basic ${basic}` },
    form: { grant_type: 'password', username, password: password.reveal() },
  })
  return read(TheirToken, answer, 'token')
}

const listing =
  '/yilihuo/jsh-service-goods-mall-search/api/product-info/procurable-products-out/check-procurable-products'

/** A listing of everything; 100 000 products are some 50 MB. */
const listingMaxBytes = 512 * 1024 * 1024

/** Section 2.1. Left out codes mean everything; the answer comes in one piece, so it is handed out as it arrives. */
export async function streamProducts(
  http: Http,
  config: HaierConfig,
  codes: string[] | undefined,
): Promise<AsyncIterable<Uint8Array>> {
  const { bytes } = await http.stream({
    method: 'POST',
    url: listing,
    maxBytes: listingMaxBytes,
    json: {
      customerCode: config.customer_code,
      sendToCode: sendToCodeOf(config),
      productCodes: codes,
      supplierCode: config.supplier_code,
      searchType: 'PTJSH',
      passWord: config.password.reveal(),
    },
  })
  return bytes
}

/** Section 2.2: at most 20 codes a call. */
export async function queryPrices(
  http: Http,
  config: HaierConfig,
  codes: string[],
): Promise<TheirPrice[]> {
  const answer = await http.json({
    method: 'POST',
    url: '/yilihuo/jsh-service-goods-price/api/goods-price/price-daily-sales/price-query/pt-out-list-price',
    json: {
      customerCode: config.customer_code,
      sendToCode: sendToCodeOf(config),
      productCodes: codes,
      priceType: 'PT',
      passWord: config.password.reveal(),
    },
  })
  return read(Prices, unwrap(answer), 'list of prices')
}

/** Section 2.3: one product a call. Null: the vendor does not say, which is not the same as none. */
export async function queryStock(
  http: Http,
  config: HaierConfig,
  productCode: string,
  countyCode: string,
): Promise<TheirStock[] | null> {
  const answer = await http.json({
    method: 'POST',
    url: '/yilihuo/jsh-service-stock-mall/api/page/stock/get-available-stock-open',
    json: {
      salesCode: config.customer_code,
      senderCode: sendToCodeOf(config),
      productCode,
      countyCode,
      source: 'JSH-B',
      sellerPassword: config.seller_password.reveal(),
    },
  })
  const payload = unwrap(answer) ?? null
  return read(Stock, payload, 'stock')
}

/** Section 2.4. */
export async function queryLogistics(
  http: Http,
  config: HaierConfig,
  order: { orderCode: string; deliveryRecordCode?: string; memberId?: number },
): Promise<TheirLogistics> {
  const answer = await http.json({
    method: 'POST',
    url: '/yilihuo/ylh-cloud-service-stock/api/page/stock/logistics/sass/get-thirdparty-logistics-info-by-order-code-auth',
    json: {
      orderCode: order.orderCode,
      deliveryRecordCode: order.deliveryRecordCode,
      memberId: order.memberId,
      sellerCode: config.customer_code,
      sellerPassword: config.seller_password.reveal(),
    },
  })
  return read(TheirLogistics, payloadOrNothing(answer, {}), 'logistics')
}

/** Section 2.5. Changes nothing and proves both the token and the account's password. */
export async function queryBalance(http: Http, config: HaierConfig): Promise<TheirBalance[]> {
  const answer = await http.json({
    method: 'POST',
    url: '/yilihuo/jsh-service-finance-mall/api/page/account/account-balance-manager/get-payer-account-balance-by-customer-code',
    json: {
      customerCode: config.customer_code,
      customerPassword: (config.customer_password ?? config.password).reveal(),
    },
  })
  return read(Balances, unwrap(answer), 'balance')
}

/** A wrapped success without data says that there is nothing; a bare null says nothing at all. */
export function payloadOrNothing(answer: unknown, nothing: unknown): unknown {
  return answer === null ? null : (unwrap(answer) ?? nothing)
}
