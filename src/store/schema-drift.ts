/** How the tables in a file differ from those the migrations of this program make. */
import Sqlite from 'better-sqlite3'
import type { Migration } from '../../migrations/index.ts'
import { callLogMigrations, stateMigrations } from '../../migrations/index.ts'
import { translated } from './errors.ts'
import { callLogFile } from './files.ts'
import type { LookedAt } from './look.ts'
import { connect, createKysely, type Handle } from './sqlite.ts'

export type Drift = {
  /** `extra`: it is in the file, and no migration made it. */
  change: 'missing' | 'altered' | 'extra'
  type: 'table' | 'column' | 'index' | 'trigger' | 'view'
  /** `table.column` for a column. */
  name: string
  /** The statement that makes a missing index anew. */
  sql?: string
}

type Part = { type: string; name: string; tbl_name: string; sql: string | null }
type ColumnRow = { name: string; type: string; notnull: number; dflt_value: unknown; pk: number }

/** Compares with the version that the file says it has: steps still to be taken are no drift. */
export async function findDrift(look: LookedAt): Promise<Drift[]> {
  const migrations = look.kind === callLogFile ? callLogMigrations : stateMigrations
  const wanted = await buildReference(migrations.slice(0, look.version))
  try {
    return translated(look.path, () => compare(wanted, look.handle))
  } finally {
    wanted.close()
  }
}

/** Makes indexes that are missing; one that was made meanwhile is left as it is. Throws what keeps it from being made. */
export function createIndexes(path: string, statements: readonly string[]): void {
  const handle = connect(path, 'FULL')
  try {
    for (const statement of statements) {
      const safe = statement.replace(/^create (unique )?index (?!if not exists)/i, (start) => {
        return `${start}if not exists `
      })
      translated(path, () => handle.exec(safe))
    }
  } finally {
    handle.close()
  }
}

async function buildReference(migrations: readonly Migration[]): Promise<Handle> {
  const handle = new Sqlite(':memory:')
  const db = createKysely<unknown>(handle, ':memory:')
  for (const migrate of migrations) await migrate(db)
  return handle
}

function compare(wanted: Handle, found: Handle): Drift[] {
  const [ours, theirs] = [partsOf(wanted), partsOf(found)]
  const drifts: Drift[] = []
  for (const [key, part] of ours) {
    const other = theirs.get(key)
    const { name } = part
    const type = part.type as Drift['type']
    if (!other) {
      // An index of a missing table goes with it.
      if (type === 'index' && !theirs.has(`table ${part.tbl_name}`)) continue
      drifts.push({ change: 'missing', type, name, ...(part.sql && { sql: part.sql }) })
    } else if (plain(part.sql) !== plain(other.sql)) {
      const columns = type === 'table' ? compareColumns(wanted, found, name) : []
      drifts.push(...(columns.length > 0 ? columns : [{ change: 'altered' as const, type, name }]))
    }
  }
  for (const [key, { type, name }] of theirs) {
    if (!ours.has(key)) drifts.push({ change: 'extra', type: type as Drift['type'], name })
  }
  return drifts
}

/** What SQLite keeps for itself (`sqlite_…`) follows from the rest. */
function partsOf(handle: Handle): Map<string, Part> {
  const rows = handle
    .prepare<[], Part>(
      String.raw`select type, name, tbl_name, sql from sqlite_schema where name not like 'sqlite\_%' escape '\'`,
    )
    .all()
  return new Map(rows.map((row) => [`${row.type} ${row.name}`, row]))
}

/** A statement without what means nothing: blanks, quotes, capitals. */
const plain = (sql: string | null): string =>
  (sql ?? '')
    .replaceAll(/["`[\]]/g, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ?([(),]) ?/g, '$1')
    .toLowerCase()

function compareColumns(wanted: Handle, found: Handle, table: string): Drift[] {
  const [ours, theirs] = [columnsOf(wanted, table), columnsOf(found, table)]
  const drifts: Drift[] = []
  for (const [name, column] of ours) {
    const other = theirs.get(name)
    const change = !other ? 'missing' : column === other ? undefined : 'altered'
    if (change) drifts.push({ change, type: 'column', name: `${table}.${name}` })
  }
  for (const name of theirs.keys()) {
    if (!ours.has(name)) drifts.push({ change: 'extra', type: 'column', name: `${table}.${name}` })
  }
  return drifts
}

function columnsOf(handle: Handle, table: string): Map<string, string> {
  const rows = handle
    .prepare<[string], ColumnRow>(
      'select name, type, "notnull", dflt_value, pk from pragma_table_xinfo(?)',
    )
    .all(table)
  return new Map(rows.map(({ name, ...rest }) => [name, JSON.stringify(rest)]))
}
