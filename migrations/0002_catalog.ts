import type { CreateTableBuilder, Kysely } from 'kysely'
import { bigInteger, countedKey, strict } from '../src/store/dialect.ts'

/**
 * What suppliers and 1C tell us about goods and customers. One row for each outside record (`source`, `external_id`);
 * nothing is ever deleted, only marked. JSON stands in text columns, money in minor units, quantities as decimal text.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await goods(db)
  await offers(db)
  await dictionaries(db)
  await partners(db)
  await runDetails(db)
}

async function goods(db: Kysely<unknown>): Promise<void> {
  await record(db, 'products')
    .addColumn('catalog_id', 'text') // the listing it belongs to; a full one marks only its own
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('search', 'text', (column) => column.notNull())
    .addColumn('model', 'text')
    .addColumn('full_name', 'text')
    .addColumn('article', 'text')
    .addColumn('code', 'text')
    .addColumn('barcode', 'text')
    .addColumn('brand', 'text')
    .addColumn('group_name', 'text')
    .addColumn('unit', 'text')
    .addColumn('description', 'text')
    .addColumn('vat_rate', 'text')
    .addColumn('currency', 'text')
    .addColumn('supply_price', bigInteger)
    .addColumn('invoice_price', bigInteger)
    .addColumn('market_price', bigInteger)
    .addColumn('stock_rebate', 'text')
    .addColumn('rebate_type', 'text')
    .addColumn('rebate_money', bigInteger)
    .addColumn('image_url', 'text')
    .addColumn('page_urls', 'text', (column) => column.notNull())
    .addColumn('is_sales', 'integer')
    .addColumn('no_sales_reason', 'text')
    .addColumn('details', 'text', (column) => column.notNull())
    .addColumn('synced_at', 'text', (column) => column.notNull())
    .execute()
}

async function offers(db: Kysely<unknown>): Promise<void> {
  await record(db, 'offers')
    .addColumn('product_external_id', 'text', (column) => column.notNull())
    .addColumn('name', 'text')
    .addColumn('search', 'text', (column) => column.notNull())
    .addColumn('article', 'text')
    .addColumn('barcode', 'text')
    .addColumn('characteristics', 'text', (column) => column.notNull())
    .addColumn('currency', 'text')
    .addColumn('supply_price', bigInteger)
    .addColumn('invoice_price', bigInteger)
    .addColumn('market_price', bigInteger)
    .addColumn('details', 'text', (column) => column.notNull())
    .execute()
  await byColumns(db, 'offers', ['source', 'product_external_id'])

  await record(db, 'offer_prices')
    .addColumn('offer_external_id', 'text', (column) => column.notNull())
    .addColumn('price_type_external_id', 'text', (column) => column.notNull())
    .addColumn('min_quantity', 'text')
    .addColumn('unit', 'text')
    .addColumn('ratio', 'text')
    .addColumn('price', 'text') // decimal as in the file, for a pack of `ratio` units
    .addColumn('minor', bigInteger) // null when the currency or the figure cannot be read
    .addColumn('currency', 'text')
    .addColumn('currency_raw', 'text')
    .addColumn('details', 'text', (column) => column.notNull())
    .execute()
  await byColumns(db, 'offer_prices', ['source', 'offer_external_id'])

  await record(db, 'stock', ['county'])
    .addColumn('county', 'text', (column) => column.notNull())
    .addColumn('product_external_id', 'text', (column) => column.notNull())
    .addColumn('quantity', 'text') // null is unknown, which is not zero; never negative
    .addColumn('raw_quantity', 'text')
    .addColumn('warehouses', 'text', (column) => column.notNull())
    .addColumn('observed_at', 'text', (column) => column.notNull())
    .execute()
  await byColumns(db, 'stock', ['source', 'product_external_id'])
}

async function dictionaries(db: Kysely<unknown>): Promise<void> {
  await record(db, 'product_groups')
    .addColumn('parent_external_id', 'text')
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('search', 'text', (column) => column.notNull())
    .addColumn('details', 'text', (column) => column.notNull())
    .execute()
  await record(db, 'properties')
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('search', 'text', (column) => column.notNull())
    .addColumn('value_type', 'text', (column) => column.notNull())
    .addColumn('applies_to', 'text', (column) => column.notNull())
    .addColumn('variants', 'text', (column) => column.notNull())
    .addColumn('details', 'text', (column) => column.notNull())
    .execute()
  await record(db, 'price_types')
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('currency', 'text')
    .addColumn('currency_raw', 'text')
    .addColumn('is_tax_included', 'integer')
    .addColumn('details', 'text', (column) => column.notNull())
    .execute()
  await record(db, 'warehouses')
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('address', 'text')
    .addColumn('details', 'text', (column) => column.notNull())
    .execute()
  await record(db, 'units')
    .addColumn('code', 'text')
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('full_name', 'text')
    .addColumn('international', 'text')
    .addColumn('details', 'text', (column) => column.notNull())
    .execute()
}

async function partners(db: Kysely<unknown>): Promise<void> {
  await record(db, 'customers')
    .addColumn('onec_id', 'text')
    .addColumn('kind', 'text', (column) => column.notNull()) // legal, sole_proprietor or person
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('search', 'text', (column) => column.notNull())
    .addColumn('full_name', 'text')
    .addColumn('tax_id', 'text')
    .addColumn('kpp', 'text')
    .addColumn('okpo', 'text')
    .addColumn('email', 'text')
    .addColumn('phone', 'text') // normalised, +7XXXXXXXXXX
    .addColumn('phone_raw', 'text')
    .addColumn('last_name', 'text')
    .addColumn('first_name', 'text')
    .addColumn('middle_name', 'text')
    .addColumn('legal_address', 'text')
    .addColumn('address', 'text')
    .addColumn('contacts', 'text', (column) => column.notNull())
    .addColumn('accounts', 'text', (column) => column.notNull())
    .addColumn('details', 'text', (column) => column.notNull())
    .addColumn('findings', 'text', (column) => column.notNull())
    .execute()
  await byColumns(db, 'customers', ['tax_id'])
  await byColumns(db, 'customers', ['email'])

  await record(db, 'order_statuses')
    .addColumn('number', 'text')
    .addColumn('onec_id', 'text')
    .addColumn('onec_number', 'text')
    .addColumn('onec_date', 'text')
    .addColumn('operation', 'text')
    .addColumn('status_raw', 'text')
    .addColumn('is_posted', 'integer')
    .addColumn('is_cancelled', 'integer')
    .addColumn('is_deleted', 'integer')
    .addColumn('paid_at', 'text')
    .addColumn('shipped_at', 'text')
    .addColumn('sum', bigInteger)
    .addColumn('currency', 'text')
    .addColumn('details', 'text', (column) => column.notNull())
    .execute()
  await byColumns(db, 'order_statuses', ['source', 'number'])
}

/** What a run did to each table, and what it found odd. A kind of finding has a bounded number of rows; `total` counts all of it. */
async function runDetails(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('import_findings')
    .addColumn('run_id', 'text', (column) => column.notNull())
    .addColumn('seq', 'integer', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('file', 'text')
    .addColumn('key', 'text')
    .addColumn('text', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('import_findings_key', ['run_id', 'seq'])
    .modifyEnd(strict)
    .execute()
  await db.schema
    .createTable('import_finding_totals')
    .addColumn('run_id', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('total', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('import_finding_totals_key', ['run_id', 'kind'])
    .modifyEnd(strict)
    .execute()
  await db.schema
    .createTable('import_counts')
    .addColumn('run_id', 'text', (column) => column.notNull())
    .addColumn('entity', 'text', (column) => column.notNull()) // name of the table
    .addColumn('created', 'integer', (column) => column.notNull())
    .addColumn('updated', 'integer', (column) => column.notNull())
    .addColumn('unchanged', 'integer', (column) => column.notNull())
    .addColumn('failed', 'integer', (column) => column.notNull())
    .addColumn('marked', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('import_counts_key', ['run_id', 'entity'])
    .modifyEnd(strict)
    .execute()
}

/** A table with what every outside record has. `alsoKey`: further columns that tell its rows apart. */
function record(
  db: Kysely<unknown>,
  table: string,
  alsoKey: string[] = [],
): CreateTableBuilder<string, string> {
  return db.schema
    .createTable(table)
    .addColumn('id', 'integer', countedKey)
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('external_id', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull()) // active or marked
    .addColumn('marked_at', 'text')
    .addColumn('marked_reason', 'text')
    .addColumn('content_hash', 'text', (column) => column.notNull())
    .addColumn('revision', 'integer', (column) => column.notNull()) // 1, then one more for each change
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('updated_at', 'text', (column) => column.notNull())
    .addUniqueConstraint(`${table}_key`, ['source', 'external_id', ...alsoKey] as never)
    .modifyEnd(strict)
}

async function byColumns(db: Kysely<unknown>, table: string, columns: string[]): Promise<void> {
  await db.schema
    .createIndex([table, ...columns].join('_'))
    .on(table)
    .columns(columns)
    .execute()
}
