/**
 * The one place where SQLite and PostgreSQL differ in what the store says to them. Everything else keeps to what means
 * the same in both: `text` and `integer` columns, `returning`, `on conflict`, row values, `is distinct from`.
 */
import { sql, type ColumnDefinitionBuilder, type Kysely, type RawBuilder } from 'kysely'
import type { Db } from './schema.ts'

/** Ends a `create table`: SQLite then refuses a value of the wrong type, as PostgreSQL does by itself. */
export const strict: RawBuilder<unknown> = sql`strict`

/** An integer beyond 32 bits: SQLite's `integer` holds 64, PostgreSQL's does not. */
export const bigInteger = sql`integer`

/** An integer key that the database counts up and never gives out twice. */
export const countedKey = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder =>
  column.primaryKey().autoIncrement()

/** Most parameters one statement may have: SQLite's limit is 32 766, PostgreSQL's 65 535. */
export const maxParameters = 32_000

/** Number of the last migration that was applied. */
export async function readVersion<T>(db: Kysely<T>): Promise<number> {
  const { rows } = await sql<{ user_version: number }>`pragma user_version`.execute(db)
  return rows[0]?.user_version ?? 0
}

/** Belongs into the transaction of the migration. */
export async function writeVersion<T>(tx: Kysely<T>, version: number): Promise<void> {
  await sql`pragma user_version = ${sql.lit(version)}`.execute(tx)
}

/** Writes a compact, consistent copy to a path that is free. */
export async function copyInto<T>(db: Kysely<T>, target: string): Promise<void> {
  await sql`vacuum into ${target}`.execute(db)
}

/** Pages of the file as it will be once everything committed is written through; `free` ones are used again. */
export async function readPages<T>(
  db: Kysely<T>,
): Promise<{ sizeBytes: number; total: number; free: number }> {
  const { rows } = await sql<{ size: number; total: number; free: number }>`
    select page_size as size, page_count as total, freelist_count as free
    from pragma_page_size, pragma_page_count, pragma_freelist_count`.execute(db)
  const { size = 4096, total = 0, free = 0 } = rows[0] ?? {}
  return { sizeBytes: size, total, free }
}

/** Writes everything through and cuts the write-ahead file to nothing, unless somebody reads or writes. */
export async function truncateWriteAhead<T>(db: Kysely<T>): Promise<void> {
  await sql`pragma busy_timeout = 200`.execute(db)
  try {
    await sql`pragma wal_checkpoint(TRUNCATE)`.execute(db)
  } finally {
    await sql`pragma busy_timeout = 5000`.execute(db)
  }
}

/** A `like` pattern that finds the text itself anywhere; say `escape '\'` with it. */
export const containing = (text: string): string => `%${text.replace(/[\\%_]/g, '\\$&')}%`

/**
 * Tells the planner what the indexes of a table are like, instead of letting it guess: for each index the number of rows,
 * then how many share the first column, the first two, and so on. https://www.sqlite.org/fileformat2.html#stat1tab
 */
export async function teachPlanner<T>(
  db: Kysely<T>,
  table: string,
  indexes: Readonly<Record<string, readonly number[]>>,
): Promise<void> {
  await sql`analyze ${sql.table(table)}`.execute(db) // makes the table of statistics
  await sql`delete from sqlite_stat1 where tbl = ${table}`.execute(db)
  for (const [index, counts] of Object.entries(indexes)) {
    await sql`insert into sqlite_stat1 (tbl, idx, stat) values (${table}, ${index}, ${counts.join(' ')})`.execute(
      db,
    )
  }
  await sql`analyze sqlite_schema`.execute(db) // reads it anew
}

/** A list of texts as a query of one column: one parameter however long it is, so that the statement stays the same. */
export const valuesOf = (texts: readonly string[]): RawBuilder<string> =>
  sql`(select value from json_each(${JSON.stringify(texts)}))`

/**
 * Rows as a query with these columns: one parameter however many they are. Building a statement with a parameter for each
 * value takes longer than running it.
 */
export const rowsOf = (
  columns: readonly string[],
  rows: readonly (readonly (string | number | null)[])[],
): RawBuilder<unknown> => {
  const named = columns.map((name, at) => `value ->> ${at} as "${name}"`).join(', ')
  return sql`(select ${sql.raw(named)} from json_each(${JSON.stringify(rows)}))`
}

/** Temporary tables are thrown away after a failure, so nothing is kept to undo what is written into them. */
export const withoutTemporaryJournal: RawBuilder<unknown> = sql`pragma temp.journal_mode = off`

/**
 * From now on this connection leaves nothing of what it deletes or replaces in the file: else a record lies on in a free
 * page, where the key that sealed it still opens it. Costs writes, so it is for secrets alone.
 */
export async function overwriteDeleted(db: Db): Promise<void> {
  await sql`pragma secure_delete = 1`.execute(db)
}
