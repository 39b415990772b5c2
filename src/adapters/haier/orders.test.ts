import { afterEach, expect, it } from 'vitest'
import { startTwin, type TwinServer } from '../../http/twin-server.ts'
import { connectAdapter } from '../../testing/adapter-harness.ts'
import { endOfChinaDay } from './china-time.ts'
import { HaierConfig } from './config.ts'
import { haier } from './index.ts'
import { toRetailOrder } from './orders.ts'
import { createCatalogue } from './twin-catalogue.ts'
import { haierTwin } from './twin.ts'

const servers: TwinServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function start(options: Record<string, unknown> = {}, config: Record<string, unknown> = {}) {
  const server = await startTwin(haierTwin, options)
  servers.push(server)
  const connected = await connectAdapter(
    haier,
    { ...server.config, ...config },
    { timeoutMs: 2000 },
  )
  return { server, ...connected, stats: () => server.twin.stats() }
}

const { code } = createCatalogue({ products: 200, seed: 1, quirks: false })
const yuan = (minor: number) => ({ minor, currency: 'CNY' })

const order = {
  platformOrderNo: 'P-100',
  subOrderNo: 'P-100-1',
  consigneeName: '张三',
  consigneeMobile: '13800000000',
  province: '山东省',
  city: '青岛市',
  area: '崂山区',
  detailAddress: '海尔路1号',
  createdAt: '2026-11-20T02:00:00.000Z',
  deliverOn: '2026-11-25',
  installOn: '2026-11-25',
  lines: [
    {
      productCode: code(0),
      retailPrice: yuan(129_999),
      actualPrice: yuan(119_990),
      discount: yuan(10_009),
    },
    { productCode: code(1), retailPrice: yuan(0), actualPrice: yuan(0), isGift: true },
  ],
}

it('puts an order into the vendor’s words', async () => {
  const { service } = await start()

  expect(toRetailOrder(order, HaierConfig.parse(service.config))).toEqual({
    shopName: '海尔沙箱店',
    consigneeName: '张三',
    consigneeMobile: '13800000000',
    onlineNo: 'P-100',
    soId: 'P-100-1',
    totalQty: 2,
    totalAmt: 1199.9,
    createTime: 1_795_140_000_000,
    province: '山东省',
    city: '青岛市',
    area: '崂山区',
    detailAddress: '海尔路1号',
    distributionTime: 1_795_622_399_000,
    installTime: 1_795_622_399_000,
    deliveryInstall: 'true',
    itemList: [
      {
        productCode: code(0),
        itemQty: 1,
        retailPrice: 1299.99,
        discountAmount: 100.09,
        actualPrice: 1199.9,
      },
      {
        productCode: code(1),
        itemQty: 1,
        retailPrice: 0,
        discountAmount: 0,
        actualPrice: 0,
        isGift: true,
      },
    ],
  })
})

it('ends a day at 23:59:59 in China', () => {
  expect(new Date(endOfChinaDay('2026-11-25')).toISOString()).toBe('2026-11-25T15:59:59.000Z')
})

it.each([
  [{ deliverOn: '2026-11-25', installOn: '2026-11-25' }, 'true'],
  [{ deliverOn: '2026-11-25', installOn: '2026-11-26' }, 'false'],
  [{ deliverOn: '2026-11-25', installOn: undefined }, 'false'],
  [{ deliverOn: undefined, installOn: '2026-11-25' }, 'false'],
  [{ deliverOn: undefined, installOn: undefined }, 'false'],
])('says deliveryInstall as a text: %j is %j', async (days, deliveryInstall) => {
  const { call, service } = await start()

  const theirs = toRetailOrder({ ...order, ...days }, HaierConfig.parse(service.config))

  expect(theirs.deliveryInstall).toBe(deliveryInstall)
  await expect(call('pushOrder', { ...order, ...days })).resolves.toMatchObject({ wasKnown: false })
})

it.each(['test', 'stage', 'production'])(
  'takes an order through its life (%s)',
  async (environment) => {
    const { call, stats } = await start({ environment })

    const pushed = (await call('pushOrder', order)) as { supplierOrderNo: string }
    const { supplierOrderNo } = pushed
    const days = { supplierOrderNo, deliverOn: '2026-11-27', installOn: '2026-11-28' }
    const moved = await call('rescheduleOrder', days)
    const photos = await call('getDeliveryPhotos', { orderNo: supplierOrderNo })
    const waybills = await call('getWaybills', { orderCodes: [supplierOrderNo, 'SO.1'] })
    const logistics = await call('getLogistics', { orderCode: supplierOrderNo })
    const cancel = {
      subOrderNo: order.subOrderNo,
      reason: '客户不要了',
      cancelledAt: order.createdAt,
    }
    const cancelled = await call('cancelOrder', cancel)

    expect(pushed).toMatchObject({ subOrderNo: 'P-100-1', wasKnown: false })
    expect(supplierOrderNo).toMatch(/^SO\.\d{8}\.000001$/)
    expect(moved).toEqual({ supplierOrderNo })
    expect(photos).toMatchObject({ photos: { length: 2 } })
    expect(waybills).toMatchObject({
      waybills: [{ orderCode: supplierOrderNo, company: '日日顺' }],
    })
    expect(logistics).toMatchObject({ shipments: [{ source: 'warehouse', status: '配送中' }] })
    expect(cancelled).toEqual({ subOrderNo: 'P-100-1' })
    expect(stats()).toMatchObject({
      ylh_token_calls: 1,
      token_calls: 1,
      push_calls: 1,
      cancel_calls: 1,
      reschedule_calls: 1,
      photos_calls: 1,
      waybills_calls: 1,
      orders: 1,
      orders_cancelled: 1,
      orders_rescheduled: 1,
    })
  },
)

it('knows from the rejection of a duplicate that the order had arrived', async () => {
  const { call, stats } = await start()
  await call('pushOrder', order)

  expect(await call('pushOrder', order)).toEqual({
    supplierOrderNo: null,
    subOrderNo: 'P-100-1',
    wasKnown: true,
  })
  expect(stats()).toMatchObject({ orders: 1 })
})

it.each(['act-then-timeout', 'act-then-reset', 'reset-in-body'] as const)(
  'pushes once although the vendor acts and then shows %s',
  async (fault) => {
    const { call, server, stats } = await start()
    server.faults.add({ fault, times: 1, path: 'receive-hmm-retail-order', delay_ms: 10 })

    expect(await call('pushOrder', order)).toMatchObject({ wasKnown: true })
    expect(stats()).toMatchObject({ push_calls: 2, orders: 1 })
  },
)

it('cancels once although the vendor acts and then goes silent', async () => {
  const { call, server, stats } = await start()
  await call('pushOrder', order)
  server.faults.add({ fault: 'act-then-reset', times: 1, path: 'cancel-hmm-retail-order' })

  const cancel = { subOrderNo: 'P-100-1', reason: 'x', cancelledAt: order.createdAt }
  expect(await call('cancelOrder', cancel)).toEqual({ subOrderNo: 'P-100-1' })
  expect(stats()).toMatchObject({ cancel_calls: 2, orders_cancelled: 1 })
})

it('does not take another rejection for a duplicate', async () => {
  const { call } = await start()
  const unknown = { ...order, lines: [{ ...order.lines[0], productCode: 'NOPE' }] }

  await expect(call('pushOrder', unknown)).rejects.toMatchObject({
    kind: 'rejected',
    outcome: 'not_done',
    message: '商品编码不存在: NOPE',
  })
})

it.each([
  ['cancelOrder', { subOrderNo: 'no', reason: 'x', cancelledAt: order.createdAt }],
  ['rescheduleOrder', { supplierOrderNo: 'no', deliverOn: '2026-11-27', installOn: '2026-11-27' }],
  ['getDeliveryPhotos', { orderNo: 'no' }],
])('%s of an order nobody knows is rejected', async (operation, input) => {
  const { call } = await start()

  await expect(call(operation, input)).rejects.toMatchObject({
    kind: 'rejected',
    message: '查无此单',
  })
})

it.each(['pushOrder', 'cancelOrder', 'rescheduleOrder', 'getDeliveryPhotos', 'getWaybills'])(
  '%s without an account in the order system names what is missing',
  async (operation) => {
    const none = { ylh_password: undefined, ylh_client_secret: undefined }
    const { call, stats } = await start({}, none)
    const inputs: Record<string, unknown> = {
      pushOrder: order,
      cancelOrder: { subOrderNo: 'a', reason: 'b', cancelledAt: order.createdAt },
      rescheduleOrder: { supplierOrderNo: 'a', deliverOn: '2026-11-27', installOn: '2026-11-27' },
      getDeliveryPhotos: { orderNo: 'a' },
      getWaybills: { orderCodes: ['a'] },
    }

    await expect(call(operation, inputs[operation])).rejects.toMatchObject({
      kind: 'config',
      outcome: 'not_done',
      hint: expect.stringContaining('Set ylh_password, ylh_client_secret.'),
    })
    expect(stats()).toMatchObject({ ylh_token_calls: 0 })
  },
)

it('needs a shop name from the order or the config', async () => {
  const { call } = await start({}, { ylh_shop_name: undefined })

  await expect(call('pushOrder', order)).rejects.toMatchObject({
    kind: 'config',
    hint: expect.stringContaining('ylh_shop_name'),
  })
  expect(await call('pushOrder', { ...order, shopName: '一号店' })).toMatchObject({
    wasKnown: false,
  })
})

it('refuses an amount in another currency before anything is sent', async () => {
  const { call, stats } = await start()
  const line = { ...order.lines[0], actualPrice: { minor: 100, currency: 'RUB' } }

  await expect(call('pushOrder', { ...order, lines: [line] })).rejects.toMatchObject({
    kind: 'rejected',
    message: expect.stringContaining('RUB'),
  })
  expect(stats()).toMatchObject({ push_calls: 0 })
})

it('renews the token of the order system alone', async () => {
  const { call, server, stats } = await start()
  await call('getBalance', {})
  await call('getWaybills', { orderCodes: ['SO.1'] })
  server.faults.add({ fault: 'expired-token', times: 1, path: 'get-store-logistics' })

  await call('getWaybills', { orderCodes: ['SO.1'] })

  expect(stats()).toMatchObject({ ylh_token_calls: 2, token_calls: 1, unauthorized: 1 })
})

it('says that nothing was sent when the token of the order system is refused', async () => {
  const { call } = await start({}, { ylh_password: 'wrong' })

  await expect(call('pushOrder', order)).rejects.toMatchObject({
    kind: 'auth',
    outcome: 'not_done',
    message: expect.stringContaining('用户名或密码错误'),
    hint: expect.stringContaining('ylh_password'),
  })
})

it.each([
  ['reset', 'unavailable'],
  ['html', 'bad_response'],
] as const)('says that nothing was sent when the token request meets %s', async (fault, kind) => {
  const { call, server, stats } = await start()
  server.faults.add({ fault, path: 'oauth/token' })

  await expect(call('pushOrder', order)).rejects.toMatchObject({ kind, outcome: 'not_done' })
  expect(stats()).toMatchObject({ push_calls: 0 })
})
