/**
 * Haier's open platform (catalogue, prices, stock, logistics, balance) and YLH (易理货), its retail order system.
 * They are two systems with credentials of their own behind one account. The interface description is handed out
 * with the account.
 */
import { defineAdapter } from '../../core/adapter.ts'
import { supplier } from '../../core/kinds/supplier.ts'
import {
  cancelRetailOrder,
  getDeliveryImages,
  getWaybills,
  pushRetailOrder,
  updateDistributionTime,
} from './api-orders.ts'
import { queryBalance, queryLogistics, queryPrices, queryStock, streamProducts } from './api.ts'
import { hooks } from './callback.ts'
import { endOfChinaDay } from './china-time.ts'
import { addressesOf, checkConfig, endpointsOf, HaierConfig } from './config.ts'
import { isCancelledAlready, isDuplicate, readFailure } from './failures.ts'
import { readListing } from './listing.ts'
import { toRetailOrder } from './orders.ts'
import { authorize, renew } from './token.ts'
import { toBalance, toPrice, toProduct, toShipments, toStock, toWaybill } from './translate.ts'
import { haierTwin } from './twin.ts'

export const haier = defineAdapter({
  id: 'haier',
  kind: supplier,
  title: 'Haier',
  docs: 'https://openplat-bj-aliyun.haier.net',
  config: HaierConfig,
  checkConfig,
  // Published: 100 requests a second for an account, 30 s. In flight: what a second of slow answers needs.
  limits: { timeoutMs: 30_000, perSecond: 100, concurrent: 16 },
  http: {
    baseUrl: (config) => endpointsOf(config).baseUrl,
    endpoints: addressesOf,
    authorize,
    readFailure,
    renew,
  },
  operations: {
    listProducts: {
      repeat: 'safe',
      async run({ http, config }, { codes }, emit) {
        const bytes = await streamProducts(http, config, codes)
        return { count: await readListing(bytes, (products) => emit(products.map(toProduct))) }
      },
    },
    getPrices: {
      repeat: 'safe',
      async run({ http, config }, { codes }) {
        return { prices: (await queryPrices(http, config, codes)).map(toPrice) }
      },
    },
    getStock: {
      repeat: 'safe',
      async run({ http, config }, { code, county = config.county_code }) {
        return toStock(await queryStock(http, config, code, county), { code, county })
      },
    },
    getLogistics: {
      repeat: 'safe',
      async run({ http, config }, order) {
        return { shipments: toShipments(await queryLogistics(http, config, order)) }
      },
    },
    getBalance: {
      repeat: 'safe',
      async run({ http, config }) {
        return { accounts: (await queryBalance(http, config)).map(toBalance) }
      },
    },
    pushOrder: {
      repeat: 'keyed', // the key is soId: a repeat is rejected as a duplicate, which says that the order had arrived
      async run({ http, config }, order) {
        const subOrderNo = order.subOrderNo
        try {
          const theirs = await pushRetailOrder(http, config, toRetailOrder(order, config))
          return { supplierOrderNo: theirs.retailOrderNo, subOrderNo, wasKnown: false }
        } catch (error) {
          if (!isDuplicate(error)) throw error
          return { supplierOrderNo: null, subOrderNo, wasKnown: true }
        }
      },
    },
    cancelOrder: {
      repeat: 'keyed', // soId again: it is never used twice, and what is cancelled stays so
      async run({ http, config }, { subOrderNo, reason, cancelledAt }) {
        const cancelTime = Date.parse(cancelledAt)
        try {
          await cancelRetailOrder(http, config, {
            soId: subOrderNo,
            cancelTime,
            cancelReason: reason,
          })
        } catch (error) {
          if (!isCancelledAlready(error)) throw error
        }
        return { subOrderNo }
      },
    },
    rescheduleOrder: {
      repeat: 'keyed', // it sets days, it does not shift them: the same request twice ends in the same state
      async run({ http, config }, { supplierOrderNo, deliverOn, installOn }) {
        await updateDistributionTime(http, config, {
          retailOrderNo: supplierOrderNo,
          distributionTime: endOfChinaDay(deliverOn),
          installTime: endOfChinaDay(installOn),
        })
        return { supplierOrderNo }
      },
    },
    getDeliveryPhotos: {
      repeat: 'safe',
      async run({ http, config }, { orderNo }) {
        return { photos: await getDeliveryImages(http, config, orderNo) }
      },
    },
    getWaybills: {
      repeat: 'safe',
      async run({ http, config }, { orderCodes }) {
        return { waybills: (await getWaybills(http, config, orderCodes)).map(toWaybill) }
      },
    },
  },
  async check({ http, config }) {
    const accounts = await queryBalance(http, config)
    const saw = accounts.length === 1 ? '1 paying account' : `${accounts.length} paying accounts`
    // There is no call that proves them and changes nothing: prices are asked for by product.
    return `${saw}; password and seller_password were not tried`
  },
  hooks,
  twin: haierTwin,
})
