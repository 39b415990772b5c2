/**
 * Where an exchange waits until all of it was read and found sound: temporary tables of this connection. They lie in a
 * file of their own that SQLite removes by itself, so reading takes no lock on the state, and a file that breaks off or
 * a killed process leaves the catalogue exactly as it was. Each outside record has one row here, however many files
 * speak of it.
 */
import type { Kysely } from 'kysely'
import type { RecordTables } from '../schema-catalog.ts'
import type { Db } from '../schema.ts'
import { withoutTemporaryJournal } from '../dialect.ts'
import { hashedColumns } from './content.ts'
import { productSpec } from './products.ts'

export type StagingTables = {
  /** Whole rows, ready to be moved. */
  staged_products: Omit<
    RecordTables['products'],
    'id' | 'source' | 'revision' | 'created_at' | 'updated_at'
  >
  /** Statements (merge.ts) as JSON, by the table they are for. */
  staged_records: { entity: string; external_id: string; body: string }
  /** Every product the exchange named. */
  staged_seen: { external_id: string }
}

/** The state together with the staging tables of this connection. */
export const staged = (db: Db): Kysely<StagingTables & Pick<RecordTables, 'products'>> =>
  db as unknown as Kysely<StagingTables & Pick<RecordTables, 'products'>>

/** What makes the content of a product, in the order of its hash. */
export const contentColumns = hashedColumns(productSpec)

/** Columns of a staged product, in the order in which it is inserted. */
export const stagedProductColumns: readonly (keyof StagingTables['staged_products'])[] = [
  'external_id',
  'status',
  'marked_at',
  'marked_reason',
  'content_hash',
  'search',
  'synced_at',
  ...contentColumns,
]

const integerColumns: readonly string[] = [
  'supply_price',
  'invoice_price',
  'market_price',
  'rebate_money',
  'is_sales',
]

/** Empty staging tables, whatever an earlier exchange left. */
export async function beginStaging(db: Db): Promise<void> {
  await endStaging(db)
  await withoutTemporaryJournal.execute(db)
  const { schema } = db
  // Products come by the ten thousand: they are appended, and indexed when all are there.
  let products = schema.createTable('staged_products').temporary()
  for (const column of stagedProductColumns) {
    products = products.addColumn(column, integerColumns.includes(column) ? 'integer' : 'text')
  }
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
    .addColumn('external_id', 'text', (column) => column.primaryKey())
    .execute()
}

/** Makes staged products findable by their id. Does nothing the second time. */
export async function indexStaged({ schema }: Db): Promise<void> {
  await schema
    .createIndex('staged_products_id')
    .ifNotExists()
    .unique()
    .on('staged_products')
    .column('external_id')
    .execute()
}

const tables = ['staged_products', 'staged_records', 'staged_seen']

/** Throws the staged exchange away. */
export async function endStaging({ schema }: Db): Promise<void> {
  for (const table of tables) await schema.dropTable(table).ifExists().execute()
}
