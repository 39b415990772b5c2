import type { Database, Db } from './schema.ts'
import { atomically } from './transaction.ts'

export type Reservation = {
  /** Time between two slots, in milliseconds; may have a fraction. */
  intervalMs: number
  /** Slots that may be caught up at once after a pause, beside the one that is due. */
  burst: number
  count: number
  nowMs: number
  /** Nothing is reserved when the first slot would be later than this. */
  latestMs?: number
}

/** Clocks of two hosts may differ by this much; more means that the clock was set back. */
const clockToleranceMs = 5000

/**
 * Reserves `count` slots for requests to a service, one `intervalMs` after the other, for all processes together.
 * Returns when the first may be used, in milliseconds since 1970; it may lie in the past. Undefined when that would be
 * after `latestMs`. The method is GCRA: one number, the theoretical arrival time of the next request, is all it keeps.
 */
export function reserveSlots(
  db: Db,
  service: string,
  { intervalMs, burst, count, nowMs, latestMs = Infinity }: Reservation,
): Promise<number | undefined> {
  return atomically(db, async (tx) => {
    const row = await readLimit(tx, service)
    const held = row && afterClockStep(row, nowMs)
    const caughtUpUs = Math.round((nowMs - burst * intervalMs) * 1000)
    const firstUs = Math.max(held?.tat_us ?? 0, caughtUpUs, (held?.not_before_ms ?? 0) * 1000)
    if (firstUs > latestMs * 1000) return undefined

    const limit = {
      tat_us: firstUs + Math.ceil(count * intervalMs * 1000),
      not_before_ms: held?.not_before_ms ?? null,
      updated_ms: Math.floor(nowMs),
    }
    await tx
      .insertInto('limits')
      .values({ service, ...limit })
      .onConflict((conflict) => conflict.column('service').doUpdateSet(limit))
      .execute()
    return firstUs / 1000
  })
}

/** The vendor wants no request before this instant, in milliseconds since 1970. The later of two wishes holds. */
export function setNotBefore(db: Db, service: string, untilMs: number): Promise<void> {
  return atomically(db, async (tx) => {
    const row = await readLimit(tx, service)
    const limit = { not_before_ms: Math.max(row?.not_before_ms ?? 0, Math.ceil(untilMs)) }
    await tx
      .insertInto('limits')
      .values({ service, tat_us: 0, updated_ms: 0, ...limit })
      .onConflict((conflict) => conflict.column('service').doUpdateSet(limit))
      .execute()
  })
}

/** What the vendors asked for, by service; may lie in the past. */
export async function listNotBefore(db: Db): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('limits')
    .select(['service', 'not_before_ms'])
    .where('not_before_ms', 'is not', null)
    .execute()
  return new Map(rows.map((row) => [row.service, Number(row.not_before_ms)]))
}

/** Forgets what a vendor asked for and every reserved slot. */
export async function resetLimit(db: Db, service: string): Promise<void> {
  await db.deleteFrom('limits').where('service', '=', service).execute()
}

type LimitRow = Database['limits']

async function readLimit(tx: Db, service: string): Promise<LimitRow | undefined> {
  return tx.selectFrom('limits').selectAll().where('service', '=', service).executeTakeFirst()
}

/** A row written in the future was written before the clock was set back: it is moved along, or calls would wait for hours. */
function afterClockStep(row: LimitRow, nowMs: number): LimitRow {
  const stepMs = row.updated_ms - nowMs
  if (stepMs <= clockToleranceMs) return row
  return {
    ...row,
    tat_us: row.tat_us - Math.round(stepMs * 1000),
    not_before_ms: row.not_before_ms === null ? null : Math.round(row.not_before_ms - stepMs),
  }
}
