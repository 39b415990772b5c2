import { fromJson } from './json.ts'
import type { Db } from './schema.ts'
import { atomically } from './transaction.ts'

/** The part of a breaker's state that the store itself reads; the rest is the caller's. */
type BreakerShape = { status: string }

/**
 * Reads the breaker of a service, lets `change` decide on the next state and stores it, as one step for all processes.
 * `initial` stands for a breaker that was never stored. Returning the same object stores nothing and takes no write
 * lock. `change` may be asked twice and must depend on nothing but its argument. Returns the state that now holds.
 */
export async function changeBreaker<State extends BreakerShape>(
  db: Db,
  service: string,
  initial: State,
  change: (state: State) => State,
): Promise<State> {
  const glance = (await getBreaker<State>(db, service)) ?? initial
  if (change(glance) === glance) return glance
  return atomically(db, async (tx) => {
    const state = (await getBreaker<State>(tx, service)) ?? initial
    const next = change(state)
    if (next !== state) await putBreaker(tx, service, next)
    return next
  })
}

/** Undefined when the breaker was never stored: it is closed. */
export async function getBreaker<State extends BreakerShape>(
  db: Db,
  service: string,
): Promise<State | undefined> {
  const row = await db
    .selectFrom('breakers')
    .select('state')
    .where('service', '=', service)
    .executeTakeFirst()
  return row && fromJson<State>(row.state)
}

/** Every breaker that was ever stored, by service. */
export async function listBreakers<State extends BreakerShape>(
  db: Db,
): Promise<Map<string, State>> {
  const rows = await db.selectFrom('breakers').selectAll().orderBy('service').execute()
  return new Map(rows.map(({ service, state }) => [service, JSON.parse(state) as State]))
}

/** Forgets everything about it: it is closed from the next call on. */
export async function dropBreaker(db: Db, service: string): Promise<void> {
  await db.deleteFrom('breakers').where('service', '=', service).execute()
}

async function putBreaker(tx: Db, service: string, state: BreakerShape): Promise<void> {
  const row = { status: state.status, state: JSON.stringify(state) }
  await tx
    .insertInto('breakers')
    .values({ service, ...row })
    .onConflict((conflict) => conflict.column('service').doUpdateSet(row))
    .execute()
}
