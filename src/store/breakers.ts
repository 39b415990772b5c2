import { systemClock } from '../core/clock.ts'
import { type BreakerPosition, insertBreakerEvent } from './breaker-events.ts'
import { fromJson } from './json.ts'
import type { Db } from './schema.ts'
import { atomically } from './transaction.ts'

/** The part of a breaker's state that the store itself reads; the rest is the caller's. */
type BreakerShape = {
  status: string
  heldConfig?: string | null
  tripped?: unknown
  reason?: string | null
}

/**
 * Reads the breaker of a service, lets `change` decide on the next state and stores it, as one step for all processes,
 * with a breaker event when its position is another one.
 * `initial` stands for a breaker that was never stored. Returning the same object stores nothing and takes no write
 * lock. `change` may be asked twice and must depend on nothing but its argument. Returns the state that now holds.
 */
export async function changeBreaker<State extends BreakerShape>(
  db: Db,
  service: string,
  initial: State,
  change: (state: State) => State,
  at: Date = systemClock.now(),
): Promise<State> {
  const glance = (await getBreaker<State>(db, service)) ?? initial
  if (change(glance) === glance) return glance
  return atomically(db, async (tx) => {
    const state = (await getBreaker<State>(tx, service)) ?? initial
    const next = change(state)
    if (next === state) return next
    await putBreaker(tx, service, next)
    await noteTurn(tx, { service, former: positionOf(state), status: positionOf(next), at }, next)
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

/** Forgets everything about it: it is closed from the next call on. `reason` stands in its breaker event. */
export async function dropBreaker(
  db: Db,
  service: string,
  { at, reason }: { at: Date; reason: string },
): Promise<void> {
  await atomically(db, async (tx) => {
    const state = await getBreaker(tx, service)
    if (!state) return
    await tx.deleteFrom('breakers').where('service', '=', service).execute()
    await noteTurn(tx, { service, former: positionOf(state), status: 'closed', at }, { reason })
  })
}

const positionOf = ({ status, heldConfig, tripped }: BreakerShape): BreakerPosition => {
  if (heldConfig) return 'held'
  if (status === 'open') return tripped ? 'tripped' : 'open'
  return status === 'half_open' ? 'half_open' : 'closed'
}

type Turn = { service: string; former: BreakerPosition; status: BreakerPosition; at: Date }

async function noteTurn(tx: Db, turn: Turn, { reason }: { reason?: string | null }): Promise<void> {
  if (turn.former === turn.status) return
  const told = reason ?? (turn.status === 'closed' ? 'a call was answered' : null)
  await insertBreakerEvent(tx, { ...turn, reason: told })
}

async function putBreaker(tx: Db, service: string, state: BreakerShape): Promise<void> {
  const row = { status: state.status, state: JSON.stringify(state) }
  await tx
    .insertInto('breakers')
    .values({ service, ...row })
    .onConflict((conflict) => conflict.column('service').doUpdateSet(row))
    .execute()
}
