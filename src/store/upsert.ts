import { type CompiledQuery, sql, type Insertable, type Kysely } from 'kysely'
import { maxParameters } from './dialect.ts'
import type { Database, Db } from './schema.ts'

/** Tables whose rows count how often they were written. */
export type RevisionTable = {
  [Name in keyof Database]: Database[Name] extends { revision: number } ? Name : never
}[keyof Database]

type Column<Table extends RevisionTable> = keyof Database[Table] & string

export type UpsertRow<Table extends RevisionTable> = Omit<Insertable<Database[Table]>, 'revision'>

export type UpsertOptions<Table extends RevisionTable> = {
  /** Columns that tell rows apart; there is a unique index on them. */
  key: readonly Column<Table>[]
  /** A stored row with the same value here is left as it is. */
  guard: Column<Table>
  /** Columns that keep their first value; default: `created_at`. */
  keep?: readonly Column<Table>[]
  /** Columns of the written rows to hand back. */
  returning?: readonly Column<Table>[]
}

export type Upserted = {
  created: number
  updated: number
  unchanged: number
  /** The columns asked for, of created and updated rows, and their `revision`: 1 was created. */
  written: Record<string, unknown>[]
}

/**
 * Inserts rows or brings them up to date, in the caller's transaction. All rows name the same columns. `revision` is
 * counted here: 1 when a row is created, one more with each change. Of rows with the same key the last one counts.
 */
export async function upsertRows<Table extends RevisionTable>(
  tx: Db,
  table: Table,
  rows: readonly UpsertRow<Table>[],
  options: UpsertOptions<Table>,
): Promise<Upserted> {
  const [first] = rows
  const total: Upserted = { created: 0, updated: 0, unchanged: 0, written: [] }
  if (!first) return total

  const columns = Object.keys(first)
  const unique = lastOfEachKey(rows as readonly Row[], options.key)
  for (const some of portions(unique, columns.length)) {
    const query = statement(tx, table, columns, some.length, options)
    const parameters = cells(some, columns)
    const written = (await tx.executeQuery<Row>({ ...query, parameters })).rows
    const created = written.filter(({ revision }) => revision === 1).length
    total.created += created
    total.updated += written.length - created
    total.unchanged += some.length - written.length
    if (options.returning) total.written.push(...written)
  }
  return total
}

type Row = Record<string, unknown>

function lastOfEachKey(rows: readonly Row[], key: readonly string[]): readonly Row[] {
  const last = new Map<string, Row>()
  for (const row of rows) {
    let id = ''
    for (const column of key) id += `${String(row[column])}\u0000`
    last.set(id, row)
  }
  return last.size === rows.length ? rows : [...last.values()]
}

/** Row counts of one statement. Few, so that few statements are ever prepared; above 50 rows SQLite gets slower again. */
const statementRows = [25, 5, 1]

function* portions(rows: readonly Row[], columns: number): Generator<readonly Row[]> {
  for (let from = 0; from < rows.length;) {
    const left = rows.length - from
    const size = statementRows.find((n) => n <= left && n * columns < maxParameters) ?? 1
    yield rows.slice(from, from + size)
    from += size
  }
}

function cells(rows: readonly Row[], columns: readonly string[]): unknown[] {
  const parameters: unknown[] = []
  for (const row of rows) {
    for (const column of columns) {
      const cell = row[column]
      if (cell === undefined) throw new Error(`a row without ${column} among rows that have it`)
      parameters.push(cell)
    }
  }
  return parameters
}

/** Building a statement costs kysely more than SQLite takes to run it. */
const compiled = new Map<string, CompiledQuery<Row>>()

function statement<Table extends RevisionTable>(
  tx: Db,
  table: Table,
  columns: readonly string[],
  count: number,
  options: UpsertOptions<Table>,
): CompiledQuery<Row> {
  const id = JSON.stringify([table, columns, count, options])
  const known = compiled.get(id)
  if (known) return known
  const query = compile(tx as unknown as Kysely<AnyTables>, table, columns, count, options)
  compiled.set(id, query)
  return query
}

/** Any of the tables: kysely cannot see what they have in common. */
type AnyTables = Record<string, Row>

type Names = {
  key: readonly string[]
  guard: string
  keep?: readonly string[]
  returning?: readonly string[]
}

function compile(
  tx: Kysely<AnyTables>,
  table: string,
  columns: readonly string[],
  count: number,
  { key, guard, keep = ['created_at'], returning = [] }: Names,
): CompiledQuery<Row> {
  const fixed: readonly string[] = [...key, ...keep]
  const changing = columns.filter((column) => !fixed.includes(column))
  const blank = Object.fromEntries(columns.map((column) => [column, null]))
  const rows = Array.from({ length: count }, () => ({ ...blank, revision: sql.lit(1) }))
  return tx
    .insertInto(table)
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(key)
        .doUpdateSet(({ ref }) => ({
          ...Object.fromEntries(changing.map((column) => [column, ref(`excluded.${column}`)])),
          revision: sql`${ref(`${table}.revision`)} + 1`,
        }))
        .where(({ eb, ref }) =>
          eb(ref(`${table}.${guard}`), 'is distinct from', ref(`excluded.${guard}`)),
        ),
    )
    .returning(['revision', ...returning])
    .compile()
}
