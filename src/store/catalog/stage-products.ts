/** Products on their way into the staging tables: those the table has just so already do not enter. */
import { CompiledQuery } from 'kysely'
import { valuesOf } from '../dialect.ts'
import type { Db } from '../schema.ts'
import { hashCells, hashOf, searchText, type Cell } from './content.ts'
import { productColumns, productSpec, type CatalogProduct } from './products.ts'
import { stageSeen } from './stage-seen.ts'
import { contentColumns, indexStaged, staged, stagedProductColumns } from './staging.ts'

/**
 * Stages whole products: a field that is left out counts as none. One that is marked keeps the content it has in the
 * table. Returns how many are in the table just so already; those are not staged.
 */
export async function stageProducts(
  db: Db,
  source: string,
  products: readonly CatalogProduct[],
  at: Date,
): Promise<number> {
  let unchanged = 0
  for (const some of withoutRepeats(products)) unchanged += await stageSome(db, source, some, at)
  return unchanged
}

/** The list in pieces, none of which names a product twice, so that a later word overrides an earlier one. */
function withoutRepeats(products: readonly CatalogProduct[]): (readonly CatalogProduct[])[] {
  const pieces: CatalogProduct[][] = []
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
  products: readonly CatalogProduct[],
  at: Date,
): Promise<number> {
  const ids = products.map(({ externalId }) => externalId)
  const isRepeat = (await stageSeen(db, ids)) < ids.length
  if (isRepeat) await indexStaged(db)
  const known = await knownHashes(db, source, ids)
  const rows: Cell[][] = []
  for (const product of products) {
    const { externalId, markedFor } = product
    const present =
      markedFor !== undefined && (isRepeat || known.has(externalId))
        ? await presentCells(db, source, externalId, isRepeat)
        : undefined
    const cells = present ?? wholeCells(product)
    const hash = hashOf(markedFor === undefined ? 'active' : 'marked', hashCells(cells))
    if (known.get(externalId) !== hash) rows.push(toRow(product, cells, hash, at))
  }
  // Whatever an earlier file of the exchange said of them.
  if (isRepeat) {
    await staged(db).deleteFrom('staged_products').where('external_id', 'in', valuesOf(ids)).execute()
  }
  await insertRows(db, rows)
  return products.length - rows.length
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

const blanks: readonly Cell[] = contentColumns.map((column) => productSpec.blank[column])

function wholeCells(product: CatalogProduct): Cell[] {
  const told = productColumns(product)
  return contentColumns.map((column, index) => told[column] ?? blanks[index] ?? null)
}

/** What this exchange or, failing that, the table says of a product now. */
async function presentCells(
  db: Db,
  source: string,
  externalId: string,
  mayBeStaged: boolean,
): Promise<Cell[] | undefined> {
  const waiting = mayBeStaged
    ? await staged(db)
        .selectFrom('staged_products')
        .select(contentColumns)
        .where('external_id', '=', externalId)
        .executeTakeFirst()
    : undefined
  const row =
    waiting ??
    (await db
      .selectFrom('products')
      .select(contentColumns)
      .where('source', '=', source)
      .where('external_id', '=', externalId)
      .executeTakeFirst())
  return row && contentColumns.map((column) => row[column])
}

const nameAt = contentColumns.indexOf('name')
const searched = (['article', 'code', 'barcode'] as const).map((one) => contentColumns.indexOf(one))

/** In the order of `stagedProductColumns`. */
function toRow(
  { externalId, markedFor }: CatalogProduct,
  cells: readonly Cell[],
  hash: string,
  at: Date,
): Cell[] {
  const now = at.toISOString()
  const search = productSpec.derive?.(cells as never)
  return [externalId, now, hash, ...cells]
}
