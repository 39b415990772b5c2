/** Every oddity of the vendor's fields, read from recorded shapes of its answers. */
import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import type { Context } from '../../core/adapter.ts'
import { systemClock } from '../../core/clock.ts'
import { createCredentialCache } from '../../core/credentials.ts'
import type { HttpRequest, HttpStream } from '../../core/http.ts'
import { HaierConfig } from './config.ts'
import { haier } from './index.ts'
import { authorize } from './token.ts'

const config = HaierConfig.parse({
  client_id: 'id',
  client_secret: 'secret',
  customer_code: '8800633175',
  password: 'password',
  seller_password: 'seller',
  ylh_username: 'user',
  ylh_password: 'ylh-password',
  ylh_client_id: 'ylh-client',
  ylh_client_secret: 'ylh-secret',
  ylh_source_system: 'CARAVAN',
})

/** A context whose vendor gives one answer, and what it was asked. */
function vendorThatSays(answer: unknown) {
  const asked: HttpRequest[] = []
  const bytes = async function* () {
    yield Buffer.from(JSON.stringify(answer))
  }
  const context: Context<HaierConfig> = {
    config,
    clock: systemClock,
    signal: new AbortController().signal,
    idempotencyKey: 'key',
    session: () => Promise.reject(new Error('not used')),
    credentials: createCredentialCache(systemClock),
    http: {
      async json(request) {
        asked.push(request)
        return answer
      },
      send: () => Promise.reject(new Error('not used')),
      async stream(request): Promise<HttpStream> {
        asked.push(request)
        return { status: 200, headers: {}, bytes: bytes() }
      },
    },
  }
  return { context, asked, body: () => asked[0]?.json }
}

const fixture = async (name: string): Promise<unknown> =>
  JSON.parse(await readFile(new URL(`fixtures/${name}.json`, import.meta.url), 'utf8'))

const { getPrices, getStock, getLogistics, getBalance, listProducts } = haier.operations
const wrap = (data: unknown) => ({ success: true, code: 'success', msg: 'ok', data })
const yuan = (minor: number) => ({ minor, currency: 'CNY' })

async function listFrom(answer: unknown) {
  const vendor = vendorThatSays(answer)
  const items: unknown[] = []
  await listProducts!.run(vendor.context, {}, async (batch) => void items.push(...batch))
  return { items, ...vendor }
}

it('reads both spellings of the group, isSales as text or number, and a code that is a number', async () => {
  const { items } = await listFrom(await fixture('products-quirks'))

  expect(items).toEqual([
    {
      code: 'GA0SZC00U',
      model: 'EC6001-HT3',
      group: '电热水器',
      brand: '海尔',
      imageUrl: 'https://img.example.cn/GA0SZC00U/main.jpg',
      pageUrls: ['https://img.example.cn/GA0SZC00U/1.jpg'],
      isSales: true,
      noSalesReason: null,
    },
    {
      code: 'BB0AB1C00',
      model: 'BCD-501WLHTD79S9U1',
      group: '冰箱',
      brand: '卡萨帝',
      imageUrl: null,
      pageUrls: [],
      isSales: false,
      noSalesReason: '产品已停产',
    },
    {
      code: '100200300',
      model: '100200300',
      group: null,
      brand: null,
      imageUrl: null,
      pageUrls: [],
      isSales: null,
      noSalesReason: null,
    },
  ])
})

it.each([['bare'], ['wrapped']])(
  'reads prices that are numbers, text, null, blank or missing (%s)',
  async (form) => {
    const answer = await fixture('prices-quirks')
    const { context } = vendorThatSays(form === 'bare' ? answer : wrap(answer))

    const { prices } = await getPrices!.run(context, { codes: ['GA0SZC00U'] })

    expect(prices.map((price) => [price.supplyPrice, price.invoicePrice])).toEqual([
      [yuan(129_950), yuan(123_453)],
      [yuan(399_900), yuan(379_905)],
      [yuan(269_900), null],
      [null, null],
      [null, null],
      [null, null],
      [null, null],
    ])
    expect(prices.map((price) => price.rebateMoney)).toEqual([
      yuan(0),
      yuan(1000),
      null,
      null,
      null,
      null,
      null,
    ])
    expect(prices[3]?.reason).toBe('价格未生效')
    expect(prices.map((price) => price.isSales)).toEqual([
      true,
      true,
      null,
      null,
      null,
      false,
      null,
    ])
  },
)

it('reads stockRebatePolicy as a number, a numeric text or a word', async () => {
  const { context } = vendorThatSays(await fixture('prices-quirks'))

  const { prices } = await getPrices!.run(context, { codes: ['GA0SZC00U'] })

  expect(prices.map((price) => [price.stockRebate, price.rebateType])).toEqual([
    ['0.05', null],
    ['0.05', null],
    [null, 'COM'],
    [null, 'FHQ'],
    [null, 'BF'],
    [null, 'DTDBF'],
    [null, null],
  ])
})

it('adds up stock that is text here and a number there', async () => {
  const { context, body } = vendorThatSays(await fixture('stock-two-warehouses'))

  const stock = await getStock!.run(context, { code: 'GA0SZC00U' })

  expect(stock).toMatchObject({ quantity: 15, county: '110101' })
  expect(stock.warehouses).toEqual([
    {
      warehouse: 'WQD01',
      quantity: 12,
      grade: '0',
      orderCutOff: '16:00:00',
      deliveryAt: '2026-11-22 18:00:00',
      deliveryHours: '24',
      isTransshipped: false,
    },
    {
      warehouse: 'WJN02',
      quantity: 3,
      grade: '1',
      orderCutOff: null,
      deliveryAt: null,
      deliveryHours: null,
      isTransshipped: null,
    },
  ])
  expect(body()).toEqual({
    salesCode: '8800633175',
    senderCode: '8800633175',
    productCode: 'GA0SZC00U',
    countyCode: '110101',
    source: 'JSH-B',
    sellerPassword: 'seller',
  })
})

it.each([
  ['null', null],
  ['wrapped null', wrap(null)],
  ['a wrapping without data', { success: true, code: 200, message: 'ok' }],
  ['an empty list', []],
  ['an empty object', {}],
  ['a warehouse without a figure', { secCode: 'W1', stock: null }],
  ['a figure that is not one', { secCode: 'W1', stock: '-' }],
  ['one figure of two', [{ secCode: 'W1', stock: 5 }, { secCode: 'W2' }]],
])('knows no stock from %s', async (_, answer) => {
  const { context } = vendorThatSays(answer)

  expect(await getStock!.run(context, { code: 'A' })).toMatchObject({ quantity: null })
})

it('makes no warehouse of an empty object', async () => {
  const { context } = vendorThatSays([{}, { secCode: 'W1', stock: 4 }])

  const stock = await getStock!.run(context, { code: 'A' })

  expect(stock).toMatchObject({ quantity: 4, warehouses: [{ warehouse: 'W1' }] })
})

it('knows a stock of zero when the vendor says zero', async () => {
  const { context } = vendorThatSays({ secCode: 'W1', stock: '0' })

  expect(await getStock!.run(context, { code: 'A' })).toMatchObject({ quantity: 0 })
})

it.each([
  ['prices', () => getPrices!.run(vendorThatSays(wrap(null)).context, { codes: ['A'] })],
  ['balance', () => getBalance!.run(vendorThatSays(null).context, {})],
  ['balance', () => getBalance!.run(vendorThatSays({ success: true }).context, {})],
  ['logistics', () => getLogistics!.run(vendorThatSays(null).context, { orderCode: 'A' })],
])('does not take a missing answer for no %s', async (_, run) => {
  await expect(run()).rejects.toMatchObject({
    kind: 'bad_response',
    message: expect.stringContaining('the answer holds no'),
  })
})

it('reads a balance that is one object', async () => {
  const { context } = vendorThatSays({ payerAccountCode: '88', payerAccountBalance: '-12.3' })

  expect(await getBalance!.run(context, {})).toEqual({
    accounts: [
      { account: '88', accountName: null, group: null, groupName: null, balance: yuan(-1230) },
    ],
  })
})

it('reads the lists of shipments that are there', async () => {
  const { context } = vendorThatSays(await fixture('logistics'))

  const { shipments } = await getLogistics!.run(context, { orderCode: 'SO.20190106.000003' })

  expect(shipments).toEqual([
    {
      source: 'warehouse',
      company: '日日顺',
      number: 'RRS001',
      status: '配送中',
      traces: [{ time: '2026-11-21 10:00:00', status: '已出库' }],
    },
    { source: 'carrier', company: '顺丰', number: '123456789', status: null, traces: [] },
  ])
})

it('asks for products in the vendor’s words', async () => {
  const { body } = await listFrom([])

  expect(body()).toEqual({
    customerCode: '8800633175',
    sendToCode: '8800633175',
    supplierCode: '1001',
    searchType: 'PTJSH',
    passWord: 'password',
  })
})

it('finds the token in each of its four places', async () => {
  const answers = (await fixture('token-places')) as unknown[]

  const headers = await Promise.all(
    answers.map(async (answer) => {
      const { context } = vendorThatSays(answer)
      const request = requestTo('https://openplat-bj-aliyun.haier.net/yilihuo/x')
      await authorize(request, context)
      return request.headers.authorization
    }),
  )

  expect(headers).toEqual(['Bearer t1', 'Bearer t2', 'Bearer t3', 'Bearer t4'])
})

it('asks for a token as JSON with ten seconds, and without a token', async () => {
  const { context, asked } = vendorThatSays({ token: 't' })

  await authorize(requestTo('https://openplat-bj-aliyun.haier.net/yilihuo/x'), context)

  expect(asked).toEqual([
    {
      method: 'POST',
      url: 'https://openplat-bj-aliyun.haier.net/oauth2/auth',
      authorize: false,
      timeoutMs: 10_000,
      json: { client_id: 'id', client_secret: 'secret', grant_type: 'client_credentials' },
    },
  ])
})

it('asks YLH for its token with a form, the system name and a Basic header', async () => {
  const { context, asked } = vendorThatSays({ access_token: 'y', token_type: 'Bearer' })
  const request = requestTo('https://www.yilihuo.com/ylh-cloud-service-order/api/x')

  await authorize(request, context)

  expect(request.headers.authorization).toBe('Bearer y')
  expect(asked[0]).toMatchObject({
    url: 'https://www.yilihuo.com/ylh-cloud-mgt-auth/oauth/token',
    form: { grant_type: 'password', username: 'user', password: 'ylh-password' },
    headers: {
      'system-name': 'ylh-open-api',
      authorization: 'Basic eWxoLWNsaWVudDp5bGgtc2VjcmV0',
    },
  })
})

it('keeps the token of Haier for what looks like YLH below its own address', async () => {
  const { context, asked } = vendorThatSays({ token: 't' })
  const url = 'https://openplat-bj-aliyun.haier.net/yilihuo/ylh-cloud-service-stock/api/x'

  await authorize(requestTo(url), context)

  expect(asked[0]?.url).toContain('/oauth2/auth')
})

it('does not go on without a token', async () => {
  const { context } = vendorThatSays({ success: true, data: {} })

  await expect(authorize(requestTo('https://x.example/y'), context)).rejects.toMatchObject({
    kind: 'bad_response',
    outcome: 'not_done',
    message: expect.stringContaining('no token'),
  })
})

const requestTo = (url: string) => ({
  method: 'POST',
  url: new URL(url),
  headers: {} as Record<string, string>,
  body: new Uint8Array(),
})
