/** What vendors told us: each event once, and how far it was handled. */
import { type Selectable, sql } from 'kysely'
import { CaravanError } from '../core/errors.ts'
import { newId } from '../core/ids.ts'
import { nearestId, propose } from '../core/nearest.ts'
import { wholeId } from './by-id.ts'
import type { Database, Db } from './schema.ts'
import type { HookStatus } from './schema-daemon.ts'

export type StoredHook = Selectable<Database['hook_events']>

export type NewHook = {
  service: string
  /** The vendor's; the same for every repeat. */
  eventId: string
  type: string
  at: Date | undefined
  data: Readonly<Record<string, unknown>>
}

/** Rows of one statement. */
const insertedAtOnce = 200

/** Stores what is new and counts what is not. Belongs into one transaction with whatever is answered together. */
export async function storeHooks(tx: Db, hooks: readonly NewHook[], now: Date): Promise<void> {
  const rows = [...eachOnce(hooks).values()].map(({ hook, repeats }) => ({
    id: newId(),
    service: hook.service,
    event_id: hook.eventId,
    type: hook.type,
    at: hook.at?.toISOString() ?? null,
    data: JSON.stringify(hook.data),
    received_at: now.toISOString(),
    repeats,
    status: 'received' as const,
    tries: 0,
  }))
  for (let from = 0; from < rows.length; from += insertedAtOnce) {
    await tx
      .insertInto('hook_events')
      .values(rows.slice(from, from + insertedAtOnce))
      .onConflict((conflict) =>
        conflict
          .columns(['service', 'event_id'])
          .doUpdateSet({ repeats: sql`hook_events.repeats + excluded.repeats + 1` }),
      )
      .execute()
  }
}

/** The first of its kind is kept: a statement must not meet the same row twice. */
function eachOnce(hooks: readonly NewHook[]): Map<string, { hook: NewHook; repeats: number }> {
  const found = new Map<string, { hook: NewHook; repeats: number }>()
  for (const hook of hooks) {
    const key = JSON.stringify([hook.service, hook.eventId])
    const former = found.get(key)
    if (former) former.repeats++
    else found.set(key, { hook, repeats: 0 })
  }
  return found
}

/** What waits to be handled, in the order of arrival; then what is to be tried again by now. */
export async function listDueHooks(db: Db, now: Date, limit: number): Promise<StoredHook[]> {
  const waiting = db.selectFrom('hook_events').selectAll().where('status', '=', 'received')
  const fresh = await waiting
    .where('next_at', 'is', null)
    .orderBy('position')
    .limit(limit)
    .execute()
  if (fresh.length === limit) return fresh
  const again = await waiting
    .where('next_at', '<=', now.toISOString())
    .orderBy('next_at')
    .limit(limit - fresh.length)
    .execute()
  return [...fresh, ...again]
}

/** How many events of a service are yet to be handled. */
export async function countWaitingHooks(db: Db, service: string): Promise<number> {
  const { count } = await db
    .selectFrom('hook_events')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('status', '=', 'received')
    .where('service', '=', service)
    .executeTakeFirstOrThrow()
  return Number(count)
}

export type HookChange = Partial<
  Pick<StoredHook, 'status' | 'tries' | 'next_at' | 'handled_at' | 'outcome' | 'error'>
>

/** False: another process has handled it, or put it off, since it was read. */
export async function changeHook(
  db: Db,
  hook: Pick<StoredHook, 'id' | 'status' | 'tries'>,
  change: HookChange,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('hook_events')
    .set(change)
    .where('id', '=', hook.id)
    .where('status', '=', hook.status)
    .where('tries', '=', hook.tries)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

export type HookFilter = {
  service?: string
  status?: HookStatus
  since?: Date
  limit?: number
}

/** The newest first. */
export function listHooks(
  db: Db,
  { service, status, since, limit = 50 }: HookFilter = {},
): Promise<StoredHook[]> {
  let query = db.selectFrom('hook_events').selectAll()
  if (service) query = query.where('service', '=', service)
  if (status) query = query.where('status', '=', status)
  if (since) query = query.where('received_at', '>=', since.toISOString())
  return query.orderBy('position', 'desc').limit(limit).execute()
}

/** By id or by a beginning that only one has. Throws `hook_unknown`, or `usage` when several have it. */
export async function requireHook(db: Db, idOrStart: string): Promise<StoredHook> {
  const id = await wholeId(db, { table: 'hook_events', what: 'webhooks' }, idOrStart)
  const events = db.selectFrom('hook_events').selectAll()
  const event = id && (await events.where('id', '=', id).executeTakeFirst())
  if (event) return event
  throw await unknown(db, idOrStart)
}

async function unknown(db: Db, id: string): Promise<CaravanError> {
  const latest = await listHooks(db, { limit: 500 })
  const near = nearestId(
    id,
    latest.map((hook) => hook.id),
  )
  return new CaravanError({
    code: 'hook_unknown',
    message: `there is no webhook ${id}`,
    hint: propose(near, 'The latest ones: caravan hooks'),
  })
}
