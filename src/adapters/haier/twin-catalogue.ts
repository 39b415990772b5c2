/**
 * A made-up catalogue of any size. Everything about a product follows from the seed and its number, so that nothing
 * is kept: 100 000 products cost as much memory as one.
 */

type Category = { prefix: string; group: string; model: (n: number) => string; fen: number }

const categories: Category[] = [
  {
    prefix: 'GA',
    group: '电热水器',
    model: (n) => `EC${50 + (n % 5) * 10}01-HT${n}`,
    fen: 119_900,
  },
  { prefix: 'BB', group: '冰箱', model: (n) => `BCD-${400 + (n % 250)}WL${n}`, fen: 399_900 },
  { prefix: 'CE', group: '洗衣机', model: (n) => `EG${80 + (n % 5) * 10}MATE${n}`, fen: 269_900 },
  { prefix: 'AA', group: '空调', model: (n) => `KFR-${26 + (n % 3) * 9}GW/${n}`, fen: 289_900 },
  { prefix: 'BG', group: '冷柜', model: (n) => `BC/BD-${100 + (n % 300)}H${n}`, fen: 149_900 },
  { prefix: 'FA', group: '洗碗机', model: (n) => `EYBW${n}`, fen: 459_900 },
]
const brands = ['海尔', '卡萨帝', '统帅']
const rebateTypes = ['COM', 'FHQ', 'BF', 'DTDBF']

export type CatalogueOptions = { products: number; seed: number; quirks: boolean }

export type Catalogue = {
  size: number
  code(index: number): string
  /** The number of a code; undefined when the catalogue has no such product. */
  indexOf(code: string): number | undefined
  /** The reply for one product in a listing. */
  product(index: number): Record<string, unknown>
  isSold(index: number): boolean
  /** The reply for one product in a price query. */
  price(index: number): Record<string, unknown>
  /** The payload of a stock query: one object, a list, or null where the vendor does not say. */
  stock(index: number, county: string): unknown
}

/** Codes have five letters or digits that carry the number: 36^5 of them, visited in a scattered order. */
const space = 36 ** 5
const stride = 7_368_787
const backStride = Number(inverse(BigInt(stride), BigInt(space)))

export function createCatalogue({ products, seed, quirks }: CatalogueOptions): Catalogue {
  const noise = (index: number, salt: number) => mix(seed, index, salt)
  const shift = mix(seed, 0, 99) % space
  const categoryOf = (index: number) => categories[index % categories.length]!
  const isSold = (index: number) => noise(index, 1) % 20 !== 0
  const scatter = (index: number) => (index * stride + shift) % space

  function code(index: number): string {
    const body = scatter(index).toString(36).toUpperCase().padStart(5, '0')
    return `${categoryOf(index).prefix}0${body}${String.fromCharCode(65 + (scatter(index) % 26))}`
  }

  function indexOf(text: string): number | undefined {
    const body = /^[A-Z]{2}0([0-9A-Z]{5})[A-Z]$/.exec(text)?.[1]
    if (body === undefined) return undefined
    const index = (((parseInt(body, 36) - shift + space) % space) * backStride) % space
    return index < products && code(index) === text ? index : undefined
  }

  function product(index: number): Record<string, unknown> {
    const { group, model } = categoryOf(index)
    const own = code(index)
    const sold = isSold(index)
    return {
      productCode: own,
      productModel: model(index),
      [quirks && index % 2 === 1 ? 'productGroupName' : 'productGroupNamd']: group,
      productBrandName: brands[noise(index, 2) % brands.length],
      productImageUrl: `https://img.example.cn/haier/${own}/main.jpg`,
      productLageUrls: [1, 2].map((page) => `https://img.example.cn/haier/${own}/${page}.jpg`),
      isSales: quirks && index % 3 === 1 ? Number(sold) : String(Number(sold)),
      ...(!sold && { noSalesReason: '产品已停产' }),
    }
  }

  function price(index: number): Record<string, unknown> {
    const supply = categoryOf(index).fen + (noise(index, 3) % 200_000)
    const permille = (noise(index, 4) % 8) * 10
    const rebate = noise(index, 5) % 3 === 0 ? (noise(index, 6) % 20) * 500 : 0
    const invoice = Math.round((supply * (1000 - permille)) / 1000) - rebate
    const entry = { productCode: code(index), isSales: String(Number(isSold(index))) }
    const yuan = (fen: number) => (quirks && index % 2 === 0 ? (fen / 100).toFixed(2) : fen / 100)
    const amounts = { rebateMoney: yuan(rebate), stockRebatePolicy: policy(index, permille) }
    const missing = quirks ? missingPrices[index % 25] : undefined
    if (missing) return { ...entry, ...amounts, ...missing, reason: '价格未生效' }
    return { ...entry, ...amounts, supplyPrice: yuan(supply), invoicePrice: yuan(invoice) }
  }

  function policy(index: number, permille: number): unknown {
    if (!quirks || index % 3 === 0) return permille / 1000
    return index % 3 === 1 ? String(permille / 1000) : rebateTypes[index % 4]
  }

  function stock(index: number, county: string): unknown {
    if (quirks && index % 25 === 5) return null
    const salt = 10 + Number(county)
    const rows = [warehouse(index, salt, '0')]
    if (noise(index, 7) % 3 === 0) rows.push(warehouse(index, salt + 1_000_000, '1'))
    return rows.length === 1 ? rows[0] : rows
  }

  function warehouse(index: number, salt: number, warehouseGrade: string) {
    const quantity = noise(index, salt) % 60
    return {
      secCode: `W${warehouseGrade}${String(noise(0, salt) % 1000).padStart(3, '0')}`,
      stock: quirks && index % 2 === 1 ? quantity : String(quantity),
      warehouseGrade,
      timelinessData: {
        cutTime: '16:00:00',
        achieveUserOrderCut: '2026-12-01 18:00:00',
        hour: warehouseGrade === '0' ? '24' : '72',
        isTranfer: warehouseGrade,
      },
    }
  }

  return { size: products, code, indexOf, product, isSold, price, stock }
}

/** The three ways of having no price, for a share of the products. */
const missingPrices: Record<number, Record<string, unknown>> = {
  3: {},
  7: { supplyPrice: null, invoicePrice: null },
  11: { supplyPrice: '', invoicePrice: '' },
}

/** 32 bits that look random and depend on all three numbers: the finisher of MurmurHash3. */
function mix(seed: number, index: number, salt: number): number {
  let hash = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35)
  hash ^= Math.imul(salt + 1, 0x27d4eb2f)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** The number that undoes a multiplication modulo `modulus`, by Euclid's algorithm. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [rest, next, factor, nextFactor] = [modulus, value, 0n, 1n]
  while (next > 0n) {
    const times = rest / next
    ;[rest, next] = [next, rest - times * next]
    ;[factor, nextFactor] = [nextFactor, factor - times * nextFactor]
  }
  return ((factor % modulus) + modulus) % modulus
}
