/** The ways of writing products that are measured against each other. */
import type { Handle } from '../../src/store/sqlite.ts'
import { saveProducts } from '../../src/store/catalog/products.ts'
import type { Db } from '../../src/store/schema.ts'
import { writeBatches } from '../../src/store/transaction.ts'
import { upsertRows } from '../../src/store/upsert.ts'
import { benchSource, catalogProduct, productRow, type ProductRow } from './state-rows.ts'

/** Writes `count` products as they are after `generation` changes. */
export type Writer = (count: number, generation: number) => Promise<void>

/** Rows of one transaction, for all of them. */
const batchRows = 500

/** One prepared statement, run for each row: what SQLite gives to JavaScript without any layer. */
export function preparedLoop(handle: Handle): Writer {
  const columns = Object.keys(productRow(0, 0)) as (keyof ProductRow)[]
  const changing = columns.filter((name) => !['source', 'external_id', 'created_at'].includes(name))
  const upsert = handle.prepare<unknown[]>(
    `insert into products (${columns.join(', ')}, revision) values (${columns.map(() => '?').join(', ')}, 1)
     on conflict (source, external_id) do update set
       ${changing.map((name) => `${name} = excluded.${name}`).join(', ')}, revision = products.revision + 1
     where products.content_hash is not excluded.content_hash`,
  )
  const begin = handle.prepare('begin immediate')
  const commit = handle.prepare('commit')
  return async (count, generation) => {
    for (let from = 0; from < count; from += batchRows) {
      begin.run()
      for (let index = from; index < Math.min(count, from + batchRows); index++) {
        const row = productRow(index, generation)
        upsert.run(columns.map((name) => row[name]))
      }
      commit.run()
    }
  }
}

/** The bulk upsert every repository function writes with. */
export const throughUpsert =
  (db: Db): Writer =>
  (count, generation) =>
    writeBatches(
      db,
      made(count, (index) => productRow(index, generation)),
      (tx, rows) =>
        upsertRows(tx, 'products', rows, {
          key: ['source', 'external_id'],
          guard: 'content_hash',
        }),
      { size: batchRows },
    )

/** The repository function of a sync: reads what is stored, merges field by field, hashes, writes. */
export const throughRepository =
  (db: Db): Writer =>
  (count, generation) =>
    writeBatches(
      db,
      made(count, (index) => catalogProduct(index, generation)),
      (tx, products) => saveProducts(tx, benchSource, products, new Date(generation)),
      { size: batchRows },
    )

function* made<T>(count: number, make: (index: number) => T): Generator<T> {
  for (let index = 0; index < count; index++) yield make(index)
}
