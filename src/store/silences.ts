import type { Selectable } from 'kysely'
import { newId } from '../core/ids.ts'
import { wholeId } from './by-id.ts'
import type { Database, Db } from './schema.ts'

/** What nobody wants to be told of for a while. Every alert that it fits is recorded and shown all the same. */
export type Silence = {
  id: string
  /** Null: every rule. */
  rule: string | null
  /** Null: whatever it is about. */
  subject: string | null
  reason: string
  until: string
  setBy: string
  setAt: string
}

export async function addSilence(
  db: Db,
  {
    rule,
    subject,
    reason,
    until,
    setBy,
    now,
  }: Pick<Silence, 'rule' | 'subject' | 'reason' | 'setBy'> & { until: Date; now: Date },
): Promise<Silence> {
  const row = {
    id: newId(),
    rule,
    subject,
    reason,
    until: until.toISOString(),
    set_by: setBy,
    set_at: now.toISOString(),
  }
  await db.insertInto('silences').values(row).execute()
  return toSilence(row)
}

/** Those that hold now, or all that are kept; newest first. */
export async function listSilences(
  db: Db,
  now: Date,
  { ended = false }: { ended?: boolean } = {},
): Promise<Silence[]> {
  let query = db.selectFrom('silences').selectAll()
  if (!ended) query = query.where('until', '>', now.toISOString())
  return (await query.orderBy('id', 'desc').execute()).map(toSilence)
}

/** By id or its beginning; undefined: none. Throws `usage` when several begin so. */
export async function findSilence(db: Db, idOrStart: string): Promise<Silence | undefined> {
  const id = await wholeId(db, { table: 'silences', what: 'silences' }, idOrStart)
  if (id === undefined) return undefined
  const row = await db.selectFrom('silences').selectAll().where('id', '=', id).executeTakeFirst()
  return row && toSilence(row)
}

/** Ends it at once. False: it had ended. */
export async function endSilence(db: Db, id: string, now: Date): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('silences')
    .set({ until: now.toISOString() })
    .where('id', '=', id)
    .where('until', '>', now.toISOString())
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** The one that fits an alert; of several the one that lasts longest. */
export const silenceOf = (
  silences: readonly Silence[],
  alert: { rule: string; subject: string },
): Silence | undefined =>
  silences
    .filter(
      ({ rule, subject }) =>
        (rule === null || rule === alert.rule) && (subject === null || subject === alert.subject),
    )
    .toSorted((a, b) => (a.until < b.until ? 1 : -1))[0]

const toSilence = (row: Selectable<Database['silences']>): Silence => ({
  id: row.id,
  rule: row.rule,
  subject: row.subject,
  reason: row.reason,
  until: row.until,
  setBy: row.set_by,
  setAt: row.set_at,
})
