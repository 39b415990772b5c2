/**
 * Run as a process of its own: asks a twin for the stock of its products with bare ky, 16 requests in flight, and prints
 * requests per second. Reads the config of the service from standard input.
 */
import { text } from 'node:stream/consumers'
import ky from 'ky'
import { systemClock } from '../../src/core/clock.ts'

const config = JSON.parse(await text(process.stdin)) as Record<string, string>
const inFlight = 16
const json = <T>(url: string, body: object, headers = {}) =>
  ky.post(url, { json: body, headers, retry: 0 }).json<T>()

const { access_token } = await json<{ access_token: string }>(`${config.token_url}`, {
  client_id: config.client_id,
  client_secret: config.client_secret,
  grant_type: 'client_credentials',
})
const headers = { authorization: `Bearer ${access_token}` }
const products = await json<{ productCode: string }[]>(
  `${config.base_url}/yilihuo/jsh-service-goods-mall-search/api/product-info/procurable-products-out/check-procurable-products`,
  {
    customerCode: config.customer_code,
    sendToCode: config.customer_code,
    supplierCode: '1001',
    searchType: 'PTJSH',
    passWord: config.password,
  },
  headers,
)
const stockUrl = `${config.base_url}/yilihuo/jsh-service-stock-mall/api/page/stock/get-available-stock-open`
const queue = products.values()
const startedMs = systemClock.monotonicMs()
await Promise.all(
  Array.from({ length: inFlight }, async () => {
    for (const { productCode } of queue) {
      await json(
        stockUrl,
        {
          salesCode: config.customer_code,
          senderCode: config.customer_code,
          productCode,
          countyCode: '110101',
          source: 'JSH-B',
          sellerPassword: config.seller_password,
        },
        headers,
      )
    }
  }),
)
const seconds = (systemClock.monotonicMs() - startedMs) / 1000
process.stdout.write(String(products.length / seconds))
