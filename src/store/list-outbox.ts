/** Reading the outbox, for people. */
import { CaravanError } from '../core/errors.ts'
import { nearestId, propose } from '../core/nearest.ts'
import { valuesOf } from './dialect.ts'
import type { Entry } from './outbox.ts'
import { wholeId } from './by-id.ts'
import type { Db, OutboxStatus } from './schema.ts'

export type EntryFilter = {
  /** Left out: what waits, is being sent, or needs a person. */
  statuses?: readonly OutboxStatus[]
  /** Of the service, such as `sms`. */
  kind?: string
  operation?: string
  limit?: number
}

/** What has not ended, or ended in a way that a person should look at. */
const open: readonly OutboxStatus[] = ['waiting', 'sending', 'dead', 'failed', 'unknown']

/** In the order of acceptance; the newest ones when there are more than `limit`. */
export async function listEntries(
  db: Db,
  { statuses = open, kind, operation, limit = 50 }: EntryFilter = {},
): Promise<Entry[]> {
  let query = db.selectFrom('outbox').selectAll().where('status', 'in', statuses)
  // What was made directly and failed was told to its caller; only what may be sent again is listed.
  query = query.where(({ or, eb }) =>
    or([eb('status', '<>', 'failed'), eb('input', 'is not', null)]),
  )
  if (kind) query = query.where('kind', '=', kind)
  if (operation) query = query.where('operation', '=', operation)
  const rows = await query.orderBy('position', 'desc').limit(limit).execute()
  return rows.toReversed()
}

/** Every call that a person may put back: dead letters and failures whose input is kept, oldest first. */
export const listDead = (db: Db): Promise<Entry[]> =>
  db
    .selectFrom('outbox')
    .selectAll()
    .where('status', 'in', ['dead', 'failed'])
    .where('input', 'is not', null)
    .orderBy('position')
    .execute()

/** Who is held back by an earlier call to one of its recipients: that call's id, by the id of the one that waits. */
export async function listBehind(db: Db, ids: readonly string[]): Promise<Map<string, string>> {
  const pairs = await db
    .selectFrom('outbox_recipients as mine')
    .innerJoin('outbox_recipients as earlier', 'earlier.recipient', 'mine.recipient')
    .innerJoin('outbox', 'outbox.position', 'earlier.position')
    .whereRef('earlier.position', '<', 'mine.position')
    .innerJoin('outbox as waiting', 'waiting.position', 'mine.position')
    .where('waiting.id', 'in', valuesOf(ids))
    .select(['waiting.id as waits', 'outbox.id'])
    .orderBy('earlier.position', 'desc')
    .execute()
  return new Map(pairs.map(({ waits, id }) => [waits, id])) // the first of the line stays
}

/** What is due and held back all the same, oldest first. */
export const listDue = (db: Db, now: Date, limit: number): Promise<Entry[]> =>
  db
    .selectFrom('outbox')
    .selectAll()
    .where('status', '=', 'waiting')
    .where('finished_at', 'is', null)
    .where('next_at', '<=', now.toISOString())
    .orderBy('position')
    .limit(limit)
    .execute()

/** By id or by a beginning that only one has; undefined: none. Throws `usage` when several have it. */
export async function findEntryBy(db: Db, idOrStart: string): Promise<Entry | undefined> {
  const id = await wholeId(db, { table: 'outbox', what: 'calls' }, idOrStart)
  if (id === undefined) return undefined
  return db.selectFrom('outbox').selectAll().where('id', '=', id).executeTakeFirst()
}

/** The same; throws `call_unknown` with the nearest right id. */
export async function requireEntry(db: Db, idOrStart: string): Promise<Entry> {
  const found = await findEntryBy(db, idOrStart)
  if (found) return found
  const latest = await db
    .selectFrom('outbox')
    .select('id')
    .orderBy('position', 'desc')
    .limit(500)
    .execute()
  const near = nearestId(
    idOrStart,
    latest.map(({ id }) => id),
  )
  throw new CaravanError({
    code: 'call_unknown',
    message: `there is no call ${idOrStart} in the outbox`,
    hint: propose(near, 'Those that stand there: caravan queue list --all'),
  })
}
