/** Dictionaries, customers and order statuses: tables that are filled record by record. */
import type { Change } from '../../core/change.ts'
import type { RecordTables } from '../schema-catalog.ts'
import type { Db } from '../schema.ts'
import { mergeRecords, previewRecords, type Merged, type Statement } from './merge.ts'
import { recordSpecs } from './specs.ts'

/** Saves one batch of a table, about 500 at most, in the caller's transaction. */
export const saveRecords = <Name extends keyof RecordTables>(
  tx: Db,
  table: Name,
  source: string,
  statements: readonly Statement<Name>[],
  at: Date,
): Promise<Merged> => mergeRecords<Name>(tx, recordSpecs[table], source, statements, at)

/** What `saveRecords` would change, field by field. */
export const previewTable = <Name extends keyof RecordTables>(
  db: Db,
  table: Name,
  source: string,
  statements: readonly Statement<Name>[],
  at: Date,
): Promise<Change[]> => previewRecords<Name>(db, recordSpecs[table], source, statements, at)
