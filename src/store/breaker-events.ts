/** When the breakers changed, and why. */
import { sql, type Selectable } from 'kysely'
import type { Database, Db } from './schema.ts'

/** `tripped`: opened by hand; `held`: the credentials were refused. */
export type BreakerPosition = 'closed' | 'open' | 'half_open' | 'held' | 'tripped'

export type BreakerEvent = {
  /** Counts up; what comes after an event has a higher one. */
  position: number
  service: string
  /** ISO 8601, UTC. */
  at: string
  status: BreakerPosition
  former: BreakerPosition
  reason: string | null
}

type NewEvent = Pick<BreakerEvent, 'service' | 'status' | 'former' | 'reason'> & { at: Date }

/** Belongs into the transaction that changes the breaker. */
export async function insertBreakerEvent(tx: Db, { at, ...event }: NewEvent): Promise<void> {
  const isTrip = event.former === 'closed' && event.status === 'open'
  const last = await tx
    .selectFrom('breaker_events')
    .select('trips')
    .where('service', '=', event.service)
    .orderBy('position', 'desc')
    .limit(1)
    .executeTakeFirst()
  const trips = (last?.trips ?? 0) + (isTrip ? 1 : 0)
  await tx
    .insertInto('breaker_events')
    .values({ ...event, at: at.toISOString(), trips })
    .execute()
}

/** In the order they happened, from an instant on or after an event. */
export async function listBreakerEvents(
  db: Db,
  {
    since,
    after = 0,
    service,
    limit = 500,
  }: { since?: Date; after?: number; service?: string; limit?: number },
): Promise<BreakerEvent[]> {
  let query = db.selectFrom('breaker_events').selectAll().where('position', '>', after)
  if (since) query = query.where('at', '>=', since.toISOString())
  if (service !== undefined) query = query.where('service', '=', service)
  const rows = await query.orderBy('position').limit(limit).execute()
  return rows.map(toEvent)
}

/** How often each breaker went from closed to open by itself since an instant. */
export async function countTrips(db: Db, since: Date): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('breaker_events')
    .select(({ fn }) => ['service', fn.countAll<number>().as('trips')])
    .where('at', '>=', since.toISOString())
    .where('status', '=', 'open')
    .where('former', '=', 'closed')
    .groupBy('service')
    .execute()
  return new Map(rows.map(({ service, trips }) => [service, Number(trips)]))
}

/** The same since the state began. */
export async function countAllTrips(db: Db): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('breaker_events')
    .select(['service', 'trips'])
    .where('position', 'in', latestOfEach)
    .execute()
  return new Map(rows.map(({ service, trips }) => [service, trips]))
}

const latestOfEach = sql<number>`(select max(position) from breaker_events group by service)`

const toEvent = ({
  position,
  service,
  at,
  status,
  former,
  reason,
}: Selectable<Database['breaker_events']>): BreakerEvent => ({
  position,
  service,
  at,
  status: status as BreakerPosition,
  former: former as BreakerPosition,
  reason,
})
