/**
 * Field-wise merging into the tables of outside records: what a source does not say stays as it is. Rows are read,
 * merged, hashed and written only when their content or status changed. Everything happens in the caller's transaction.
 */
import type { Kysely } from 'kysely'
import type { Change } from '../../core/change.ts'
import type { RecordColumns, RecordTables } from '../schema-catalog.ts'
import type { Db } from '../schema.ts'
import { valuesOf } from '../dialect.ts'
import { upsertRows } from '../upsert.ts'
import {
  hashContent,
  hashedColumns,
  hashOf,
  type Cell,
  type Content,
  type RecordSpec,
} from './content.ts'

/** What a source says about one record. */
export type Statement<Name extends keyof RecordTables> = {
  externalId: string
  /** Value of the table's further key column, where it has one. */
  also?: string
  /** The columns it speaks about; the others stay. */
  values: Partial<Content<Name>>
  /** `listed` (the default) takes a mark off; `same` leaves it; a text marks the record for this reason. */
  standing?: 'listed' | 'same' | { markedFor: string }
}

export type Merged = {
  created: number
  updated: number
  unchanged: number
  /** How many of the updated got their mark now. */
  marked: number
  /** Keys of what was created or updated. */
  written: string[]
}

/** What every row has beside its content, without what the database counts. */
type Envelope = Omit<RecordColumns, 'id' | 'revision'>

type Row<Name extends keyof RecordTables> = Envelope & Content<Name>

type Plan<Name extends keyof RecordTables> = {
  writes: { before?: Row<Name>; after: Row<Name> }[]
  unchanged: number
}

/** Merges the statements into the rows of a source, in their order; a key may come more than once. */
export async function mergeRecords<Name extends keyof RecordTables>(
  tx: Db,
  spec: RecordSpec<Name>,
  source: string,
  statements: readonly Statement<Name>[],
  at: Date,
): Promise<Merged> {
  const plan = await planMerge(tx, spec, source, statements, at)
  await writeRows(tx, spec, plan.writes)
  const updates = plan.writes.filter(({ before }) => before)
  return {
    created: plan.writes.length - updates.length,
    updated: updates.length,
    unchanged: plan.unchanged,
    marked: updates.filter(({ before, after }) => isMarking(before, after)).length,
    written: plan.writes.map(({ after }) => after.external_id),
  }
}

/** What `mergeRecords` would do, field by field. */
export async function previewRecords<Name extends keyof RecordTables>(
  db: Db,
  spec: RecordSpec<Name>,
  source: string,
  statements: readonly Statement<Name>[],
  at: Date,
): Promise<Change[]> {
  const { writes } = await planMerge(db, spec, source, statements, at)
  return writes.map(({ before, after }) => describeChange(spec, before, after))
}

async function planMerge<Name extends keyof RecordTables>(
  db: Db,
  spec: RecordSpec<Name>,
  source: string,
  statements: readonly Statement<Name>[],
  at: Date,
): Promise<Plan<Name>> {
  const before = await readRows(db, spec, source, statements)
  const after = new Map<string, Row<Name>>()
  for (const statement of statements) {
    const key = keyOf(statement.externalId, statement.also)
    const now = after.get(key) ?? before.get(key)
    after.set(key, mergeRow(spec, source, statement, now, at))
  }
  const pairs = [...after].map(([key, row]) => ({ before: before.get(key), after: row }))
  const writes = pairs.filter((pair) => hasChanged(pair.before, pair.after))
  return {
    writes: writes.map((pair) => ({ ...pair, after: { ...pair.after, ...stamps(pair, at) } })),
    unchanged: pairs.length - writes.length,
  }
}

const hasChanged = (before: Envelope | undefined, after: Envelope): boolean =>
  before?.content_hash !== after.content_hash

const isMarking = (
  before: Pick<Envelope, 'status'> | undefined,
  after: Pick<Envelope, 'status'>,
): boolean => before?.status === 'active' && after.status === 'marked'

function stamps(
  { before }: { before?: Envelope },
  at: Date,
): Pick<Envelope, 'created_at' | 'updated_at'> {
  const now = at.toISOString()
  return { created_at: before?.created_at ?? now, updated_at: now }
}

function mergeRow<Name extends keyof RecordTables>(
  spec: RecordSpec<Name>,
  source: string,
  { externalId, also, values, standing = 'listed' }: Statement<Name>,
  now: Row<Name> | undefined,
  at: Date,
): Row<Name> {
  const told = now && spec.combine ? spec.combine(now, values) : values
  const content: Content<Name> = { ...contentOf(spec, now) }
  for (const column of Object.keys(told) as (keyof Content<Name>)[]) {
    const cell = told[column]
    if (cell !== undefined) content[column] = cell
  }
  if (spec.alsoKey) Object.assign(content, { [spec.alsoKey]: also ?? '' })
  Object.assign(content, spec.derive?.(content))
  const stands = standingColumns(standing, now, at)
  return {
    ...content,
    ...stands,
    source,
    external_id: externalId,
    content_hash: hashOf(stands.status, hashContent(spec, content)),
  } as Row<Name>
}

function contentOf<Name extends keyof RecordTables>(
  spec: RecordSpec<Name>,
  row: Row<Name> | undefined,
): Content<Name> {
  if (!row) return spec.blank
  const columns = Object.keys(spec.blank) as (keyof Content<Name>)[]
  return Object.fromEntries(columns.map((column) => [column, row[column]])) as Content<Name>
}

type Standing = Pick<Envelope, 'status' | 'marked_at' | 'marked_reason'>

const active: Standing = { status: 'active', marked_at: null, marked_reason: null }

function standingColumns(
  standing: NonNullable<Statement<'products'>['standing']>,
  now: Envelope | undefined,
  at: Date,
): Standing {
  if (standing === 'listed') return active
  if (standing !== 'same') {
    if (now?.status === 'marked') return pickStanding(now)
    return { status: 'marked', marked_at: at.toISOString(), marked_reason: standing.markedFor }
  }
  return now ? pickStanding(now) : active
}

const pickStanding = ({ status, marked_at, marked_reason }: Standing): Standing => ({
  status,
  marked_at,
  marked_reason,
})

const keyOf = (externalId: string, also = ''): string =>
  also ? JSON.stringify([externalId, also]) : externalId

/** Table and rows under one name, for kysely cannot see that the tables share their first columns. */
type AnyRecords = Kysely<{ records: RecordColumns }>

async function readRows<Name extends keyof RecordTables>(
  db: Db,
  spec: RecordSpec<Name>,
  source: string,
  statements: readonly Statement<Name>[],
): Promise<Map<string, Row<Name>>> {
  if (statements.length === 0) return new Map()
  const keys = [...new Set(statements.map(({ externalId }) => externalId))]
  const rows = await (db as unknown as AnyRecords)
    .selectFrom(spec.table as 'records')
    .selectAll()
    .where('source', '=', source)
    .where('external_id', 'in', valuesOf(keys))
    .execute()
  return new Map(
    rows.map((row) => {
      const known = row as unknown as Row<Name>
      const also = spec.alsoKey && String(known[spec.alsoKey])
      return [keyOf(known.external_id, also), known]
    }),
  )
}

async function writeRows<Name extends keyof RecordTables>(
  tx: Db,
  spec: RecordSpec<Name>,
  writes: Plan<Name>['writes'],
): Promise<void> {
  const key = ['source', 'external_id', ...(spec.alsoKey ? [spec.alsoKey] : [])]
  const rows = writes.map(({ after }) => after)
  await upsertRows(tx, spec.table, rows as never[], {
    key: key as never[],
    guard: 'content_hash' as never,
  })
}

type Described<Name extends keyof RecordTables> = Content<Name> &
  Pick<Envelope, 'external_id' | 'status'>

/** The difference between a row and what would stand there instead. */
export function describeChange<Name extends keyof RecordTables>(
  spec: RecordSpec<Name>,
  before: Described<Name> | undefined,
  after: Described<Name>,
): Change {
  const fields = [...hashedColumns(spec), 'status' as const].map((field) => ({
    field: String(field),
    before: (before?.[field] ?? null) as Cell,
    after: after[field] as Cell,
  }))
  return {
    key: after.external_id,
    action: before ? (isMarking(before, after) ? 'mark' : 'change') : 'create',
    fields: fields.filter((field) => field.field !== 'search' && field.before !== field.after),
  }
}
