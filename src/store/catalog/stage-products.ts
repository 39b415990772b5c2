/** Products on their way into the staging tables: those the table has just so already do not enter. */
import { CompiledQuery } from 'kysely'
import { valuesOf } from '../dialect.ts'
import type { Db } from '../schema.ts'
import { hashCells, hashedColumns, hashOf, searchText, type Cell } from './content.ts'
import { productColumns, productSpec, searchedColumns, type CatalogProduct } from './products.ts'
import { stageSeen } from './stage-seen.ts'
import { fileColumns, indexStaged, staged, stagedProductColumns } from './staging.ts'

/** A product in the form in which it is staged. Made at once when it is read, while its texts are still at hand. */
export type StagedProduct = {
  externalId: string
  catalogId: string | null
  markedFor?: string
  /** Its content, in the order of `hashedColumns`. */
  cells: readonly Cell[]
  hash: string
}

const contentColumns = hashedColumns(productSpec)
const blanks: readonly Cell[] = contentColumns.map((column) => productSpec.blank[column])

/** A field that is left out counts as none: the product is taken for whole. */
export function toStaged(product: CatalogProduct): StagedProduct {
  const told = productColumns(product)
  const cells = contentColumns.map((column, index) => told[column] ?? blanks[index] ?? null)
  return {
    externalId: product.externalId,
    catalogId: product.catalogId ?? null,
    markedFor: product.markedFor,
    cells,
    hash: hashCells(cells),
  }
}

/**
 * Stages products. One that is marked keeps the content it has in the table. What the table has just so already is only
 * noted as seen.
 */
export async function stageProducts(
  db: Db,
  source: string,
  products: readonly StagedProduct[],
  at: Date,
): Promise<void> {
  for (const some of withoutRepeats(products)) await stageSome(db, source, some, at)
}

/** The list in pieces, none of which names a product twice, so that a later word overrides an earlier one. */
function withoutRepeats(products: readonly StagedProduct[]): (readonly StagedProduct[])[] {
  const pieces: StagedProduct[][] = []
  let ids = new Set<string>()
  for (const product of products) {
    if (pieces.length === 0 || ids.has(product.externalId)) {
      pieces.push([])
      ids = new Set()
    }
    ids.add(product.externalId)
    pieces.at(-1)?.push(product)
  }
  return pieces
}

async function stageSome(
  db: Db,
  source: string,
  products: readonly StagedProduct[],
  at: Date,
): Promise<void> {
  const known = await knownHashes(
    db,
    source,
    products.map(({ externalId }) => externalId),
  )
  const rows: Cell[][] = []
  const changed: string[] = []
  const same: string[] = []
  for (const product of products) {
    const { externalId, markedFor } = product
    const isMarked = markedFor !== undefined
    const present = isMarked ? await presentCells(db, source, externalId) : undefined
    const cells = present ?? product.cells
    const hash = isMarked ? hashOf('marked', hashCells(cells)) : product.hash
    const isSame = known.get(externalId) === hash
    ;(isSame ? same : changed).push(externalId)
    if (!isSame) rows.push(toRow(product, cells, hash, at))
  }
  await stageSeen(db, same, false)
  await stageSeen(db, changed, true)
  await insertRows(db, rows)
}

async function knownHashes(
  db: Db,
  source: string,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const rows = await db
    .selectFrom('products')
    .select(['external_id', 'content_hash'])
    .where('source', '=', source)
    .where('external_id', 'in', valuesOf(ids))
    .execute()
  return new Map(rows.map((row) => [row.external_id, row.content_hash]))
}

/** What this exchange or, failing that, the table says of a product now. */
async function presentCells(
  db: Db,
  source: string,
  externalId: string,
): Promise<readonly Cell[] | undefined> {
  await indexStaged(db)
  const waiting = await staged(db)
    .selectFrom('staged_products')
    .select(fileColumns)
    .where('external_id', '=', externalId)
    .orderBy('seq', 'desc')
    .executeTakeFirst()
  if (waiting) return contentColumns.map((column) => cellOf(waiting, column))
  const row = await db
    .selectFrom('products')
    .select(contentColumns)
    .where('source', '=', source)
    .where('external_id', '=', externalId)
    .executeTakeFirst()
  return row && contentColumns.map((column) => row[column])
}

const cellOf = (row: Record<(typeof fileColumns)[number], Cell>, column: string): Cell =>
  row[column as (typeof fileColumns)[number]] ?? null

const fileCells = fileColumns.map((column) => contentColumns.indexOf(column))
const searchedCells = searchedColumns.map((column) => contentColumns.indexOf(column))

/** In the order of `stagedProductColumns`. */
function toRow(
  { externalId, markedFor }: StagedProduct,
  cells: readonly Cell[],
  hash: string,
  at: Date,
): Cell[] {
  const now = at.toISOString()
  const search = searchText(...searchedCells.map((index) => cells[index] as string | null))
  const isMarked = markedFor !== undefined
  const standing = isMarked ? ['marked', now, markedFor] : ['active', null, null]
  const told = fileCells.map((index) => cells[index] ?? null)
  return [externalId, ...standing, hash, search, now, ...told]
}

/** Row counts of one statement: few, so that few statements are prepared. */
const statementRows = [100, 10, 1]

async function insertRows(db: Db, rows: readonly Cell[][]): Promise<void> {
  for (let from = 0; from < rows.length;) {
    const left = rows.length - from
    const size = statementRows.find((count) => count <= left) ?? 1
    await db.executeQuery(CompiledQuery.raw(insertOf(size), rows.slice(from, from + size).flat()))
    from += size
  }
}

const inserts = new Map<number, string>()

/** Written by hand, once: building it with kysely each time costs more than running it. */
function insertOf(rows: number): string {
  const known = inserts.get(rows)
  if (known) return known
  const marks = `(${stagedProductColumns.map(() => '?').join(', ')})`
  const values = Array.from({ length: rows }, () => marks).join(', ')
  const text = `insert into staged_products (${stagedProductColumns.join(', ')}) values ${values}`
  inserts.set(rows, text)
  return text
}
