import { formatMinor } from '../core/money.ts'
import { writeFileAtomically } from '../formats/atomic-file.ts'
import { type CsvCell, writeCsv } from '../formats/csv.ts'
import { type StoredProduct, streamProducts } from '../store/catalog/read-products.ts'
import { listTerms } from '../store/catalog/read-terms.ts'
import type { Db } from '../store/schema.ts'
import type { ProductRow } from './answers/exports.ts'
import type { App } from './app.ts'
import { refuseUnknownSource } from './sources.ts'

export type ProductExport = { format: 'csv' | 'json'; to?: string; source?: string }

/** Writes all products to a file, whole or not at all, or hands them out piece by piece. */
export async function exportProducts(
  app: App,
  { format, to, source }: ProductExport,
  out: (text: string) => void,
): Promise<{ file: string | null; count: number }> {
  const { db } = await app.state()
  if (source) await refuseUnknownSource(db, source)
  let count = 0
  const groups = await groupNames(db, source)
  async function* rows(): AsyncGenerator<ProductRow> {
    for await (const page of streamProducts(db, { source })) {
      count += page.length
      yield* page.map((product) => toRow(product, groups))
    }
  }
  const pieces = format === 'csv' ? writeCsv(columns, csvRows(rows())) : jsonArray(rows())
  if (to) await writeFileAtomically(to, pieces, { signal: app.signal })
  else for await (const piece of pieces) out(piece)
  return { file: to ?? null, count }
}

const columns = [
  'source',
  'code',
  'name',
  'model',
  'article',
  'barcode',
  'brand',
  'group',
  'currency',
  'supply_price',
  'invoice_price',
  'market_price',
  'stock_rebate',
  'rebate_type',
  'rebate_money',
  'stock',
  'is_sales',
  'no_sales_reason',
  'image_url',
  'status',
  'updated_at',
] as const satisfies (keyof ProductRow)[]

async function* csvRows(rows: AsyncIterable<ProductRow>): AsyncGenerator<CsvCell[]> {
  for await (const row of rows) yield columns.map((column) => row[column])
}

/** One JSON array, an element a line, written as it is read. */
async function* jsonArray(rows: AsyncIterable<ProductRow>): AsyncGenerator<string> {
  let start = '[\n'
  for await (const row of rows) {
    yield start + JSON.stringify(row)
    start = ',\n'
  }
  yield start === '[\n' ? '[]\n' : '\n]\n'
}

/** 1C names groups by id, and may send them later than the products. */
async function groupNames(db: Db, source: string | undefined): Promise<Map<string, string>> {
  const groups = await listTerms(db, 'product_groups', source)
  return new Map(
    groups.map(({ source: from, external_id, name }) => [`${from} ${external_id}`, name]),
  )
}

function toRow(product: StoredProduct, groups: ReadonlyMap<string, string>): ProductRow {
  const { currency } = product
  const money = (minor: number | null) =>
    minor === null || currency === null ? null : formatMinor(minor, currency)
  return {
    source: product.source,
    code: product.externalId,
    name: product.name,
    model: product.model,
    article: product.article,
    barcode: product.barcode,
    brand: product.brand,
    group: product.groupName ?? groups.get(`${product.source} ${groupId(product)}`) ?? null,
    currency,
    supply_price: money(product.supplyPrice),
    invoice_price: money(product.invoicePrice),
    market_price: money(product.marketPrice),
    stock_rebate: product.stockRebate,
    rebate_type: product.rebateType,
    rebate_money: money(product.rebateMoney),
    stock: product.stock,
    is_sales: product.isSales,
    no_sales_reason: product.noSalesReason,
    image_url: product.imageUrl,
    status: product.status,
    updated_at: product.updatedAt,
  }
}

const groupId = ({ details }: StoredProduct): string =>
  Array.isArray(details.groupIds) ? String(details.groupIds[0]) : ''
