/**
 * Where an exchange waits until all of it was read and found sound: temporary tables of this connection. They lie in a
 * file of their own that SQLite removes by itself, so reading takes no lock on the state, and a file that breaks off or
 * a killed process leaves the catalogue exactly as it was. Each outside record has one row here, however many files
 * speak of it.
 */
import type { Generated, Kysely } from 'kysely'
import type { RecordTables } from '../schema-catalog.ts'
import type { Db } from '../schema.ts'
import { withoutTemporaryJournal } from '../dialect.ts'
import type { Content } from './content.ts'

export type StagingTables = {
  /** Rows ready to be moved, the columns a file of 1C can fill; of a product named twice the later row counts. */
  staged_products: { seq: Generated<number> } & Pick<
    RecordTables['products'],
    | 'external_id'
    | 'status'
    | 'marked_at'
    | 'marked_reason'
    | 'content_hash'
    | 'search'
    | 'synced_at'
    | FileColumn
  >
  /** Statements (merge.ts) as JSON, by the table they are for. */
  staged_records: { entity: string; external_id: string; body: string }
  /** Every product the exchange named, in that order, and whether it stands in `staged_products`. */
  staged_seen: { seq: Generated<number>; external_id: string; is_staged: 0 | 1 }
}

/** The state together with the staging tables of this connection. */
export const staged = (db: Db): Kysely<StagingTables & Pick<RecordTables, 'products'>> =>
  db as unknown as Kysely<StagingTables & Pick<RecordTables, 'products'>>

/** Columns that a file of 1C can fill. The others are prices and the like, which files do not say of products. */
export const fileColumns = [
  'catalog_id',
  'name',
  'full_name',
  'article',
  'code',
  'barcode',
  'brand',
  'unit',
  'description',
  'vat_rate',
  'image_url',
  'page_urls',
  'details',
] as const satisfies (keyof Content<'products'>)[]
type FileColumn = (typeof fileColumns)[number]

/** Columns of a staged product, in the order in which it is inserted. */
export const stagedProductColumns = [
  'external_id',
  'status',
  'marked_at',
  'marked_reason',
  'content_hash',
  'search',
  'synced_at',
  ...fileColumns,
] as const

/**
 * Empty staging tables, whatever an earlier exchange left. Products and what was seen come by the ten thousand: they are
 * appended, and indexed only when all are there, which takes a tenth of the time.
 */
export async function beginStaging(db: Db): Promise<void> {
  await endStaging(db)
  await withoutTemporaryJournal.execute(db)
  const { schema } = db
  let products = schema
    .createTable('staged_products')
    .temporary()
    .addColumn('seq', 'integer', (column) => column.primaryKey())
  for (const column of stagedProductColumns) products = products.addColumn(column, 'text')
  await products.execute()
  await schema
    .createTable('staged_records')
    .temporary()
    .addColumn('entity', 'text', (column) => column.notNull())
    .addColumn('external_id', 'text', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('staged_records_key', ['entity', 'external_id'])
    .execute()
  await schema
    .createTable('staged_seen')
    .temporary()
    .addColumn('seq', 'integer', (column) => column.primaryKey())
    .addColumn('external_id', 'text')
    .addColumn('is_staged', 'integer')
    .execute()
}

/** Makes staged products findable by their id. Does nothing the second time. */
export async function indexStaged({ schema }: Db): Promise<void> {
  await schema
    .createIndex('staged_products_id')
    .ifNotExists()
    .on('staged_products')
    .column('external_id')
    .execute()
}

const tables = ['staged_products', 'staged_records', 'staged_seen']

/** Throws the staged exchange away. */
export async function endStaging({ schema }: Db): Promise<void> {
  for (const table of tables) await schema.dropTable(table).ifExists().execute()
}
