/** What a catalogue row says, apart from when and how often it was written. */
import { hash } from 'node:crypto'
import type { RecordColumns, RecordTables } from '../schema-catalog.ts'

/** The columns of a table that come from the source. */
export type Content<Name extends keyof RecordTables> = Omit<RecordTables[Name], keyof RecordColumns>

export type Cell = string | number | null

/** How the rows of a table are made, compared and found. */
export type RecordSpec<Name extends keyof RecordTables> = {
  table: Name
  /** Every content column with the value it has when the source says nothing. Its order is the order of the hash. */
  blank: Content<Name>
  /** Columns that are stamped rather than told: neither hashed nor compared. Nor is `search`, which follows from others. */
  stamped?: readonly (keyof Content<Name>)[]
  /** A content column that is part of the key, beside `external_id`. */
  alsoKey?: keyof Content<Name>
  /** For columns that grow instead of being replaced: what to take for them, given the row and what was told. */
  combine?(before: Partial<Content<Name>>, told: Partial<Content<Name>>): Partial<Content<Name>>
  /** Fills columns that follow from others, such as `search`. */
  derive?(content: Content<Name>): Partial<Content<Name>>
}

/**
 * SHA-256 over the cells, 43 characters. The same cells in the same order give the same hash, whoever computes it. The
 * separators are characters that no XML text may hold, so other cells give another text.
 */
export function hashCells(cells: readonly Cell[]): string {
  let text = ''
  for (const cell of cells) text += cell === null ? '\u0000\u001f' : `${cell}\u001f`
  return hash('sha256', text, 'base64url')
}

/**
 * What stands in `content_hash`: a marked row differs from an active one of the same content, so that one comparison
 * tells whether anything is to be written.
 */
export const hashOf = (status: 'active' | 'marked', contentHash: string): string =>
  status === 'marked' ? `${markedPrefix}${contentHash}` : contentHash

export const markedPrefix = 'marked '

export function hashContent<Name extends keyof RecordTables>(
  spec: RecordSpec<Name>,
  content: Content<Name>,
): string {
  return hashCells(hashedColumns(spec).map((column) => content[column] as Cell))
}

const hashed = new WeakMap<object, unknown>()

/** The columns that make the content, in the order of the hash. */
export function hashedColumns<Name extends keyof RecordTables>(
  spec: RecordSpec<Name>,
): readonly (keyof Content<Name>)[] {
  type Columns = readonly (keyof Content<Name>)[]
  const known = hashed.get(spec) as Columns | undefined
  if (known) return known
  const all = Object.keys(spec.blank) as (keyof Content<Name>)[]
  const columns = all.filter((column) => column !== 'search' && !spec.stamped?.includes(column))
  hashed.set(spec, columns)
  return columns
}

/** Text as it is searched in: lower case, `ё` as `е`, single blanks, a part that repeats only once. */
export const searchText = (...parts: (string | null | undefined)[]): string =>
  [...new Set(parts)]
    .filter(Boolean)
    .join(' ')
    .toLowerCase()
    .replaceAll('ё', 'е')
    .replace(/\s+/g, ' ')
    .trim()
