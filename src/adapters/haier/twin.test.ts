/** The twin is as strict as the vendor, and its catalogue is the same wherever it is made. */
import { afterEach, expect, it } from 'vitest'
import { startTwin, type TwinServer } from '../../http/twin-server.ts'
import { turnableClock } from '../../testing/adapter-harness.ts'
import { createWindow } from './twin-access.ts'
import { createCatalogue } from './twin-catalogue.ts'
import { haierTwin } from './twin.ts'

const servers: TwinServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

const paths = {
  listing:
    '/yilihuo/jsh-service-goods-mall-search/api/product-info/procurable-products-out/check-procurable-products',
  price:
    '/yilihuo/jsh-service-goods-price/api/goods-price/price-daily-sales/price-query/pt-out-list-price',
  stock: '/yilihuo/jsh-service-stock-mall/api/page/stock/get-available-stock-open',
  balance:
    '/yilihuo/jsh-service-finance-mall/api/page/account/account-balance-manager/get-payer-account-balance-by-customer-code',
  push: '/ylh-cloud-service-jst-order-dev/api/page/hmm/retailorder/receive-hmm-retail-order',
  reschedule: '/ylh-cloud-service-order-dev/api/page/retailorder/hmm/update-distribution-time',
  waybills:
    '/ylh-cloud-service-stock-dev/api/composite/stock/logistics/get-store-logistics-by-order-code',
}

async function start(options: Record<string, unknown> = {}) {
  const clock = turnableClock()
  const server = await startTwin(haierTwin, options, { clock })
  servers.push(server)
  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(server.url + path, {
      method: 'POST',
      body: body instanceof URLSearchParams ? body : JSON.stringify(body),
      headers: {
        ...(!(body instanceof URLSearchParams) && { 'content-type': 'application/json' }),
        ...headers,
      },
    })
    return { status: response.status, json: (await response.json()) as Record<string, unknown> }
  }
  const { client_id, client_secret } = server.config
  const grant = { client_id, client_secret, grant_type: 'client_credentials' }
  const login = async () => {
    const { json } = await post('/oauth2/auth', grant)
    return { authorization: `Bearer ${String(json.access_token)}` }
  }
  const ylhLogin = async () => {
    const { json } = await post(ylhTokenPath, ylhForm(), ylhHeaders)
    return { authorization: `Bearer ${String(json.access_token)}` }
  }
  return { server, clock, post, grant, login, ylhLogin, stats: () => server.twin.stats() }
}

const ylhTokenPath = '/ylh-cloud-mgt-auth-dev/oauth/token'
const ylhHeaders = {
  'system-name': 'ylh-open-api',
  authorization: `Basic ${Buffer.from('sandbox-ylh-client:sandbox-ylh-client-secret').toString('base64')}`,
}
const ylhForm = (more: Record<string, string> = {}) =>
  new URLSearchParams({
    grant_type: 'password',
    username: 'sandbox-user',
    password: 'sandbox-ylh-password',
    ...more,
  })

const listing = {
  customerCode: '8800633175',
  sendToCode: '8800633175',
  supplierCode: '1001',
  searchType: 'PTJSH',
  passWord: 'sandbox-password',
}
const codes = Array.from({ length: 21 }, (_, at) => `GA0SZC${at}`)
const price = {
  customerCode: '8800633175',
  sendToCode: '8800633175',
  productCodes: ['GA0SZC00U'],
  priceType: 'PT',
  passWord: 'sandbox-password',
}
const stock = {
  salesCode: '8800633175',
  senderCode: '8800633175',
  productCode: 'GA0SZC00U',
  countyCode: '110101',
  source: 'JSH-B',
  sellerPassword: 'sandbox-seller-password',
}

it.each([
  ['a wrong secret', { client_secret: 'x' }],
  ['a wrong id', { client_id: 'x' }],
  ['no grant type', { grant_type: undefined }],
])('gives no token for %s', async (_, change) => {
  const { post, grant } = await start()

  expect(await post('/oauth2/auth', { ...grant, ...change })).toMatchObject({
    status: 400,
    json: { success: false },
  })
})

it.each([
  ['no system name', {}, { authorization: ylhHeaders.authorization }, 401],
  ['a wrong Basic header', {}, { ...ylhHeaders, authorization: 'Basic eA==' }, 401],
  ['a wrong password', { password: 'x' }, ylhHeaders, 400],
  ['another grant', { grant_type: 'client_credentials' }, ylhHeaders, 400],
])('gives no YLH token for %s', async (_, form, headers, status) => {
  const { post } = await start()

  expect(await post(ylhTokenPath, ylhForm(form), headers)).toMatchObject({ status })
})

it('gives no YLH token for JSON, and none at another environment’s address', async () => {
  const { post } = await start()

  expect(await post(ylhTokenPath, { grant_type: 'password' }, ylhHeaders)).toMatchObject({
    status: 401,
  })
  expect(await post('/ylh-cloud-mgt-auth/oauth/token', ylhForm(), ylhHeaders)).toMatchObject({
    status: 404,
  })
})

it('answers nobody without a good token', async () => {
  const { post, login, ylhLogin, clock, server, stats } = await start({ token_lifetime_s: 60 })
  const good = await login()
  const ofYlh = await ylhLogin()

  expect((await post(paths.stock, stock)).status).toBe(401)
  expect((await post(paths.stock, stock, { authorization: 'Bearer x' })).status).toBe(401)
  expect((await post(paths.stock, stock, ofYlh)).status).toBe(401)
  expect((await post(paths.waybills, ['SO.1'], good)).status).toBe(401)
  const bare = { authorization: good.authorization.slice('Bearer '.length) }
  expect((await post(paths.stock, stock, bare)).status).toBe(401)
  expect((await post(paths.stock, stock, good)).status).toBe(200)
  clock.advance(60_001)
  expect((await post(paths.stock, stock, good)).status).toBe(401)

  const fresh = await login()
  server.faults.add({ fault: 'expired-token', times: 1 })
  expect((await post(paths.stock, stock, fresh)).status).toBe(401)
  expect(stats()).toMatchObject({ unauthorized: 7, stock_calls: 1 })
})

it.each([
  ['listing', { ...listing, searchType: 'X' }],
  ['listing', { ...listing, sendToCode: undefined }],
  ['listing', { ...listing, passWord: undefined }],
  ['listing', { ...listing, productCodes: codes }],
  ['listing', { ...listing, productCodes: [] }],
  ['price', { ...price, priceType: 'X' }],
  ['price', { ...price, sendToCode: undefined }],
  ['price', { ...price, productCodes: codes }],
  ['price', { ...price, productCodes: undefined }],
  ['stock', { ...stock, source: 'X' }],
  ['stock', { ...stock, countyCode: '1101' }],
  ['stock', { ...stock, productCode: ['A', 'B'] }],
  ['balance', { customerCode: '8800633175' }],
] as const)('refuses the parameters of a %s query: %j', async (name, body) => {
  const { post, login } = await start()

  expect(await post(paths[name], body, await login())).toMatchObject({
    status: 400,
    json: { success: false, message: expect.stringContaining('参数错误') },
  })
})

it.each([
  ['listing', { ...listing, passWord: 'x' }, '密码错误'],
  ['price', { ...price, passWord: 'sandbox-seller-password' }, '密码错误'],
  ['stock', { ...stock, sellerPassword: 'sandbox-password' }, '密码错误'],
  ['stock', { ...stock, salesCode: '8800000000' }, '客户编码不存在'],
] as const)('refuses the account of a %s query', async (name, body, message) => {
  const { post, login } = await start()

  expect(await post(paths[name], body, await login())).toMatchObject({
    status: 200,
    json: { success: false, message },
  })
})

const push = {
  sourceSystem: 'CARAVAN',
  shopName: 's',
  sellerCode: '8800633175',
  consigneeName: 'n',
  consigneeMobile: 'm',
  onlineNo: 'o',
  soId: 's-1',
  totalQty: 1,
  totalAmt: 10.5,
  createTime: 1_795_140_000_000,
  province: 'p',
  city: 'c',
  area: 'a',
  detailAddress: 'd',
  deliveryInstall: 'false',
  itemList: [
    {
      productCode: createCatalogue({ products: 200, seed: 1, quirks: false }).code(0),
      itemQty: 1,
      retailPrice: 10.5,
      discountAmount: 0,
      actualPrice: 10.5,
    },
  ],
}

it.each([
  ['totalQty', 2],
  ['totalAmt', 10.51],
  ['totalAmt', 10.505],
  ['deliveryInstall', false],
  ['deliveryInstall', 'true'],
  ['distributionTime', 1_795_622_400_000],
  ['createTime', '2026-11-20'],
  ['consigneeName', undefined],
  ['sourceSystem', 'OTHER'],
  ['itemList', [{ ...push.itemList[0], itemQty: 2 }]],
  ['itemList', []],
])('refuses an order whose %s is %j', async (field, value) => {
  const { post, ylhLogin } = await start()
  const auth = await ylhLogin()

  expect(await post(paths.push, { ...push, [field]: value }, auth)).toMatchObject({ status: 400 })
  expect(await post(paths.push, push, auth)).toMatchObject({ json: { success: true } })
})

it('refuses more than 100 waybills, and days that do not end at 23:59:59', async () => {
  const { post, ylhLogin } = await start()
  const auth = await ylhLogin()
  const many = Array.from({ length: 101 }, (_, at) => `SO.${at}`)
  const day = {
    retailOrderNo: 'x',
    distributionTime: 1_795_622_399_000,
    installTime: 1_795_622_398_000,
  }

  expect((await post(paths.waybills, many, auth)).status).toBe(400)
  expect((await post(paths.reschedule, day, auth)).status).toBe(400)
})

it('answers GET and unknown paths with 404', async () => {
  const { server, post } = await start()

  expect((await fetch(server.url + paths.stock)).status).toBe(404)
  expect((await post('/yilihuo/other', {})).status).toBe(404)
})

it('lets so many requests pass in any second', async () => {
  const clock = turnableClock()
  const held = { ...clock, monotonicMs: () => atMs }
  let atMs = 0
  const mayPass = createWindow(2, held)

  const passed = [0, 400, 500, 999, 1000, 1001, 1399, 1400].map((ms) => {
    atMs = ms
    return mayPass()
  })

  expect(passed).toEqual([true, true, false, false, true, false, false, true])
})

it('says 429 with a Retry-After when it is asked too fast', async () => {
  const { server, post, stats } = await start({ per_second: 2 })
  await post('/yilihuo/other', {})
  await post('/yilihuo/other', {})

  const response = await fetch(server.url, { method: 'POST' })

  expect(response.status).toBe(429)
  expect(response.headers.get('retry-after')).toBe('1')
  expect(stats()).toMatchObject({ rate_limited: 1 })
})

it('counts how often each product was asked for', async () => {
  const { post, login, stats } = await start()
  const auth = await login()
  const { code } = createCatalogue({ products: 200, seed: 1, quirks: false })

  await post(paths.stock, { ...stock, productCode: code(0) }, auth)
  await post(paths.stock, { ...stock, productCode: code(0) }, auth)
  await post(paths.price, { ...price, productCodes: [code(0), code(1)] }, auth)
  await post(paths.listing, listing, auth)

  expect(stats()).toMatchObject({
    listing_calls: 1,
    price_calls: 1,
    stock_calls: 2,
    products_listed: 200,
    products_priced: 2,
    distinct_priced: 2,
    products_stocked: 2,
    distinct_stocked: 1,
    max_per_product: 2,
  })
})

it('makes the same catalogue from the same seed, whatever its size', () => {
  const small = createCatalogue({ products: 50, seed: 7, quirks: true })
  const large = createCatalogue({ products: 100_000, seed: 7, quirks: true })
  const other = createCatalogue({ products: 50, seed: 8, quirks: true })

  for (let at = 0; at < 50; at++) {
    expect(large.product(at)).toEqual(small.product(at))
    expect(large.price(at)).toEqual(small.price(at))
    expect(large.stock(at, '110101')).toEqual(small.stock(at, '110101'))
  }
  expect(other.code(0)).not.toBe(small.code(0))
})

it('gives every product a code of its own and finds it by it', () => {
  const catalogue = createCatalogue({ products: 20_000, seed: 3, quirks: false })
  const all = Array.from({ length: catalogue.size }, (_, at) => catalogue.code(at))

  expect(new Set(all).size).toBe(20_000)
  expect(all.every((code) => /^[A-Z]{2}0[0-9A-Z]{5}[A-Z]$/.test(code))).toBe(true)
  expect(all.every((code, at) => catalogue.indexOf(code) === at)).toBe(true)
  expect(catalogue.indexOf('GA0ZZZZZZ')).toBeUndefined()
  expect(catalogue.indexOf('nothing')).toBeUndefined()
})

it('has every product priced and stocked unless it plays the oddities', () => {
  const plain = createCatalogue({ products: 500, seed: 1, quirks: false })
  const odd = createCatalogue({ products: 500, seed: 1, quirks: true })
  const each = Array.from({ length: 500 }, (_, at) => at)

  expect(each.every((at) => typeof plain.price(at).supplyPrice === 'number')).toBe(true)
  expect(each.every((at) => plain.stock(at, '110101') !== null)).toBe(true)
  expect(each.filter((at) => !odd.price(at).supplyPrice)).toHaveLength(60)
  expect(each.filter((at) => odd.stock(at, '110101') === null)).toHaveLength(20)
})
