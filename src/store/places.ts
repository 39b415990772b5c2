import type { ProcessIdentity } from './process-identity.ts'
import type { Db } from './schema.ts'
import { atomically } from './transaction.ts'

/** A place for one call in flight, or, below 0, a place in the line of those who wait for one. */
export type Place = {
  number: number
  /** Who has it: one of these for each process and service. */
  holder: string
  process: ProcessIdentity
  /** In milliseconds since 1970. */
  leaseUntilMs: number
}

export type PlaceChange = { put: readonly Place[]; remove: readonly number[] }

/**
 * Lets `change` decide on the places of a service and stores what it says, as one step for all processes. A change of
 * nothing takes no write lock. `change` may be asked twice and must depend on nothing but its argument. Returns the
 * places that now are.
 */
export async function changePlaces(
  db: Db,
  service: string,
  change: (places: Place[]) => PlaceChange,
): Promise<Place[]> {
  const glance = await listPlaces(db, service)
  if (isNothing(change(glance))) return glance
  return atomically(db, async (tx) => {
    const places = await listPlaces(tx, service)
    const { put, remove } = change(places)
    const gone = [...remove, ...put.map(({ number }) => number)]
    if (gone.length > 0) {
      await tx
        .deleteFrom('places')
        .where('service', '=', service)
        .where('number', 'in', gone)
        .execute()
    }
    const rows = put.map(({ number, holder, process, leaseUntilMs }) => {
      const { host, pid, startedAt } = process
      const lease_until_ms = Math.ceil(leaseUntilMs)
      return { service, number, holder, host, pid, process_started_at: startedAt, lease_until_ms }
    })
    if (rows.length > 0) await tx.insertInto('places').values(rows).execute()
    return [...places.filter(({ number }) => !gone.includes(number)), ...put]
  })
}

/** In the order of their numbers. */
export async function listPlaces(db: Db, service: string): Promise<Place[]> {
  const rows = await db
    .selectFrom('places')
    .selectAll()
    .where('service', '=', service)
    .orderBy('number')
    .execute()
  return rows.map((row) => ({
    number: row.number,
    holder: row.holder,
    process: { host: row.host, pid: row.pid, startedAt: row.process_started_at },
    leaseUntilMs: Number(row.lease_until_ms),
  }))
}

const isNothing = ({ put, remove }: PlaceChange): boolean => put.length === 0 && remove.length === 0
