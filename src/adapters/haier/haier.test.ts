import { afterEach, expect, it, vi } from 'vitest'
import { IntegrationError } from '../../core/errors.ts'
import { startTwin, type TwinServer } from '../../http/twin-server.ts'
import { connectAdapter, turnableClock } from '../../testing/adapter-harness.ts'
import { createCatalogue } from './twin-catalogue.ts'
import { haierTwin } from './twin.ts'
import { haier } from './index.ts'

const servers: TwinServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function start(options: Record<string, unknown> = {}, config: Record<string, unknown> = {}) {
  const clock = turnableClock()
  const server = await startTwin(haierTwin, options, { clock })
  servers.push(server)
  const connect = (more: Record<string, unknown> = {}) =>
    connectAdapter(haier, { ...server.config, ...config, ...more }, { clock })
  return { server, clock, connect, ...(await connect()), stats: () => server.twin.stats() }
}

const catalogue = createCatalogue({ products: 200, seed: 1, quirks: false })
const quirky = createCatalogue({ products: 200, seed: 1, quirks: true })
const code = catalogue.code

it('lists the whole catalogue in batches', async () => {
  const { call } = await start({ products: 450 })

  const listed = await call('listProducts', {})

  expect(listed).toMatchObject({ count: 450, batches: { length: 3 } })
  const { items } = listed as { items: { code: string; model: string }[] }
  expect(items.map((item) => item.code)).toEqual(Array.from({ length: 450 }, (_, i) => code(i)))
  expect(items[0]).toMatchObject({
    group: '电热水器',
    brand: expect.stringMatching(/海尔|卡萨帝|统帅/),
    imageUrl: expect.stringContaining(code(0)),
    pageUrls: { length: 2 },
    isSales: true,
    noSalesReason: null,
  })
})

it('lists the asked products alone, and says nothing of unknown ones', async () => {
  const { call } = await start()

  const listed = await call('listProducts', { codes: [code(7), 'GA0ZZZZZZ', code(2)] })

  expect(listed).toMatchObject({ count: 2, items: [{ code: code(7) }, { code: code(2) }] })
})

it('takes an explicitly empty list for an empty list', async () => {
  const { call } = await start({ products: 0 })

  expect(await call('listProducts', {})).toMatchObject({ count: 0, batches: [] })
})

it.each([{ wrapped: false }, { wrapped: true }])(
  'reads prices, stock and balance ($wrapped wrapped)',
  async (options) => {
    const { call } = await start(options)
    const theirs = catalogue.price(3) as { supplyPrice: number; invoicePrice: number }

    const prices = await call('getPrices', { codes: [code(3)] })
    const stock = await call('getStock', { code: code(3) })
    const balance = await call('getBalance', {})

    expect(prices).toMatchObject({
      prices: [
        {
          code: code(3),
          supplyPrice: { minor: Math.round(theirs.supplyPrice * 100), currency: 'CNY' },
          invoicePrice: { minor: Math.round(theirs.invoicePrice * 100), currency: 'CNY' },
          isSales: true,
        },
      ],
    })
    expect(stock).toMatchObject({ code: code(3), county: '110101' })
    expect(balance).toMatchObject({
      accounts: [
        { account: '8800633175', balance: { minor: 12_500_050, currency: 'CNY' } },
        { account: '8800633176', balance: { minor: 0, currency: 'CNY' } },
      ],
    })
  },
)

it('adds up the warehouses and keeps their rows', async () => {
  const { call } = await start()
  const index = indexWhere((at) => Array.isArray(catalogue.stock(at, '370203')))
  const theirs = catalogue.stock(index, '370203') as { stock: string }[]

  const stock = await call('getStock', { code: code(index), county: '370203' })

  expect(theirs).toHaveLength(2)
  expect(stock).toMatchObject({
    county: '370203',
    quantity: theirs.reduce((sum, row) => sum + Number(row.stock), 0),
    warehouses: [
      { grade: '0', deliveryHours: '24', isTransshipped: false },
      { grade: '1', deliveryHours: '72', isTransshipped: true },
    ],
  })
})

it('says null, not zero, when the vendor says nothing about stock or a price', async () => {
  const { call } = await start({ quirks: true })

  const stock = await call('getStock', { code: quirky.code(5) })
  const unknown = await call('getStock', { code: 'GA0ZZZZZZ' })
  const { prices } = (await call('getPrices', {
    codes: [3, 7, 11].map(quirky.code),
  })) as { prices: unknown[] }

  expect(stock).toMatchObject({ quantity: null, warehouses: [] })
  expect(unknown).toMatchObject({ quantity: null, warehouses: [] })
  expect(prices).toHaveLength(3)
  for (const price of prices) expect(price).toMatchObject({ supplyPrice: null, invoicePrice: null })
})

it.each([false, true])(
  'reads a quirky catalogue to the same products (wrapped: %s)',
  async (wrapped) => {
    const plain = await start()
    const odd = await start({ quirks: true, wrapped })

    const [left, right] = await Promise.all([
      plain.call('listProducts', {}),
      odd.call('listProducts', {}),
    ])

    expect((right as { items: unknown }).items).toEqual((left as { items: unknown }).items)
  },
)

it('reads a quirky price list to the same amounts wherever there are any', async () => {
  const plain = await start()
  const odd = await start({ quirks: true })
  const codes = [0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14].map(code)

  const left = await plain.call('getPrices', { codes })
  const right = (await odd.call('getPrices', { codes })) as { prices: { rebateType: string }[] }

  const amounts = ({ prices }: { prices: object[] }) =>
    prices.map((price) => ({ ...price, stockRebate: null, rebateType: null }))
  expect(amounts(right)).toEqual(amounts(left as { prices: object[] }))
  expect(new Set(right.prices.map((price) => price.rebateType))).toContain('FHQ')
})

it('asks with the configured county and ship-to code', async () => {
  const { connect } = await start()

  const stock = await (await connect({ county_code: '440106' })).call('getStock', { code: code(1) })

  expect(stock).toMatchObject({ county: '440106' })
})

it('checks the account by its balance', async () => {
  const { check, connect, stats } = await start()

  expect(await check()).toBe('2 paying accounts; password and seller_password were not tried')
  const other = await connect({ customer_password: 'wrong' })
  await expect(other.check()).rejects.toMatchObject({
    kind: 'auth',
    code: 'PASSWORD_ERROR',
    message: '密码错误',
    hint: 'Check password, customer_password and seller_password.',
  })
  expect(stats()).toMatchObject({ balance_calls: 2, stock_calls: 0 })
})

it('fetches one token for many calls at once', async () => {
  const { call, stats } = await start()

  await Promise.all(Array.from({ length: 30 }, (_, at) => call('getStock', { code: code(at) })))

  expect(stats()).toMatchObject({ token_calls: 1, stock_calls: 30, max_per_product: 1 })
})

it('renews a token once when many calls find it expired', async () => {
  const { call, server, stats } = await start()
  await call('getBalance', {})
  server.faults.add({ fault: 'expired-token', times: 1, path: 'get-available-stock' })

  await Promise.all(Array.from({ length: 30 }, (_, at) => call('getStock', { code: code(at) })))

  expect(stats()).toMatchObject({ token_calls: 2, stock_calls: 30 })
  expect(stats().unauthorized).toBeGreaterThan(0)
})

it('keeps the new token when a late 401 speaks of the old one', async () => {
  const { call, server, stats } = await start()
  await call('getBalance', {})
  server.twin.vendorFault?.('expired-token', {} as never)
  server.faults.add({ fault: 'latency', delay_ms: 200, times: 1, path: 'get-available-stock' })

  const late = call('getStock', { code: code(1) })
  await call('getPrices', { codes: [code(2)] })
  await late

  expect(stats()).toMatchObject({ token_calls: 2, unauthorized: 2 })
})

it('gives up after one renewal', async () => {
  const { call, stats } = await start({ auth_scheme: 'raw' }, { auth_scheme: 'bearer' })

  await expect(call('getBalance', {})).rejects.toMatchObject({
    kind: 'auth',
    status: 401,
    message: 'the token was not accepted: token无效或已过期',
    hint: expect.stringContaining('auth_scheme'),
  })
  expect(stats()).toMatchObject({ token_calls: 2, unauthorized: 2 })
})

it('sends the bare token when the gateway wants it', async () => {
  const { call } = await start({ auth_scheme: 'raw' })

  expect(await call('getBalance', {})).toMatchObject({ accounts: { length: 2 } })
})

it('refreshes 600 s before the end of a token', async () => {
  const { call, clock, stats } = await start({ token_lifetime_s: 3600 })
  await call('getBalance', {})

  clock.advance(2_995_000)
  await call('getBalance', {})
  expect(stats()).toMatchObject({ token_calls: 1 })
  clock.advance(10_000)
  await call('getBalance', {})

  expect(stats()).toMatchObject({ token_calls: 2, unauthorized: 0 })
})

it('trusts a short token for 300 s, and recovers when that was too long', async () => {
  const { call, clock, stats } = await start({ token_lifetime_s: 100 })
  await call('getBalance', {})

  clock.advance(299_000)
  await call('getBalance', {})

  expect(stats()).toMatchObject({ token_calls: 2, unauthorized: 1, balance_calls: 2 })
})

it('finds the token in all four places', async () => {
  const { call, connect, stats } = await start({ quirks: true })

  const others = await Promise.all([connect(), connect(), connect()])

  for (const each of [call, ...others.map((other) => other.call)]) {
    expect(await each('getBalance', {})).toMatchObject({ accounts: { length: 2 } })
  }

  expect(stats()).toMatchObject({ token_calls: 4, unauthorized: 0 })
})

it('says which credentials a refused token request was about', async () => {
  const { connect } = await start()

  const other = await connect({ client_secret: 'wrong' })
  await expect(other.call('getBalance', {})).rejects.toMatchObject({
    kind: 'auth',
    outcome: 'not_done',
    status: 400,
    code: 'invalid_client',
    message: expect.stringContaining('client_id或client_secret错误'),
    hint: expect.stringContaining('client_secret'),
  })
})

it('is not cancelled together with the call that began the refresh', async () => {
  const { call, server } = await start()
  server.faults.add({ fault: 'latency', delay_ms: 300, times: 1, path: '/oauth2/auth' })
  const impatient = new AbortController()

  const first = call('getBalance', {}, impatient.signal)
  const second = call('getBalance', {})
  await vi.waitFor(() => expect(server.faults.list()).toEqual([])) // the token request has arrived
  impatient.abort(new IntegrationError({ kind: 'cancelled', message: 'the call was cancelled' }))

  await expect(first).rejects.toMatchObject({ kind: 'cancelled' })
  expect(await second).toMatchObject({ accounts: { length: 2 } })
})

it('shows the vendor’s words when an answer of HTTP 200 is a failure', async () => {
  const { call, server } = await start()
  server.faults.add({ fault: 'business-error', path: 'yilihuo' })

  const failure = { kind: 'rejected', code: 'CUSTOMER_FROZEN', message: /客户状态异常/ }
  for (const [operation, input] of [
    ['listProducts', {}],
    ['getPrices', { codes: [code(0)] }],
    ['getStock', { code: code(0) }],
  ] as const) {
    await expect(call(operation, input)).rejects.toMatchObject({
      ...failure,
      message: expect.stringMatching(failure.message),
    })
  }
})

it('waits and asks again when the vendor limits', async () => {
  const { call, server, stats } = await start()
  server.faults.add({ fault: 'rate-limited', retry_after: 0, times: 1, path: 'get-available' })

  expect(await call('getStock', { code: code(1) })).toMatchObject({ code: code(1) })
  expect(stats()).toMatchObject({ stock_calls: 1 })
})

it('discards a listing that breaks off and reads it again', async () => {
  const { call, server } = await start({ products: 300 })
  server.faults.add({ fault: 'reset-in-body', times: 1, path: 'procurable' })

  expect(await call('listProducts', {})).toMatchObject({ count: 300, items: { length: 300 } })
})

it.each(['html', 'garbage'] as const)('does not take %s for an empty catalogue', async (fault) => {
  const { call, server } = await start()
  server.faults.add({ fault, path: 'procurable' })

  await expect(call('listProducts', {})).rejects.toMatchObject({ kind: 'bad_response' })
})

it('writes no secret and no token into the call log', async () => {
  const { call, connect, server, logged } = await start()
  const other = await connect({
    client_secret: 'wrong-client-secret',
    customer_password: 'wrong-pw',
  })
  await call('getBalance', {})
  await call('getStock', { code: code(1) })
  server.faults.add({ fault: 'business-error', times: 1, path: 'pt-out-list-price' })
  await call('getPrices', { codes: [code(1)] }).catch(() => undefined)
  await other.call('getBalance', {}).catch(() => undefined)

  const log = (await logged()) + (await other.logged())

  expect(log).toContain('get-available-stock-open')
  expect(log).toContain('客户状态异常')
  for (const secret of ['sandbox-client', 'password', 'wrong-', 'haier-1', 'Bearer']) {
    expect(log).not.toContain(secret)
  }
})

it('asks all that is needed of a config', () => {
  expect(haier.limits).toEqual({ timeoutMs: 30_000, perSecond: 100, concurrent: 16 })
  expect(Object.keys(haier.operations)).toHaveLength(10)
})

function indexWhere(is: (index: number) => boolean): number {
  return Array.from({ length: 200 }, (_, at) => at).findIndex(is)
}
