import { sql, type Kysely } from 'kysely'
import { CaravanError } from '../core/errors.ts'

/**
 * The whole id of what somebody named by an id or its beginning; undefined when nothing has it. Throws `usage` when
 * several have it; `what` names them, such as `calls`.
 */
export async function wholeId<Tables>(
  db: Kysely<Tables>,
  { table, what }: { table: keyof Tables & string; what: string },
  typed: string,
): Promise<string | undefined> {
  const start = typed.trim().toUpperCase()
  if (start === '') return undefined
  // `~` sorts after every character of an id.
  const { rows } = await sql<{ id: string }>`
    select id from ${sql.table(table)} where id >= ${start} and id < ${`${start}~`} order by id limit 4`.execute(
    db,
  )
  const ids = rows.map(({ id }) => id)
  if (ids.length < 2 || ids[0] === start) return ids[0]
  const shown = ids.length > 3 ? [...ids.slice(0, 3), '…'] : ids
  throw new CaravanError({
    code: 'usage',
    message: `several ${what} begin with ${typed}: ${shown.join(', ')}`,
    hint: 'Give more of the id.',
  })
}
