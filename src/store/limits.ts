import type { Database, Db } from './schema.ts'
import { atomically } from './transaction.ts'

export type Pace = {
  /** Time between two slots, in milliseconds; may have a fraction. */
  intervalMs: number
  /** Slots that may be caught up at once after a pause, beside the one that is due; may have a fraction. */
  burst: number
  nowMs: number
}

export type Reservation = Pace & {
  count: number
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
    const firstUs = nextUs(held, { intervalMs, burst, nowMs })
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

/** When the next slot may be used, in milliseconds since 1970; it may lie in the past. Reserves nothing. */
export async function nextSlot(db: Db, service: string, pace: Pace): Promise<number> {
  return nextUs(await steadyLimit(db, service, pace.nowMs), pace) / 1000
}

/** Until when the vendor wants no request, in milliseconds since 1970; 0 when it never said so. */
export async function pauseUntil(db: Db, service: string, nowMs: number): Promise<number> {
  return Number((await steadyLimit(db, service, nowMs))?.not_before_ms ?? 0)
}

function nextUs(row: LimitRow | undefined, { intervalMs, burst, nowMs }: Pace): number {
  const caughtUpUs = Math.round((nowMs - burst * intervalMs) * 1000)
  return Math.max(row?.tat_us ?? 0, caughtUpUs, (row?.not_before_ms ?? 0) * 1000)
}

/** The vendor wants no request before this instant, in milliseconds since 1970. The later of two wishes holds. */
export function setNotBefore(
  db: Db,
  service: string,
  untilMs: number,
  nowMs: number,
): Promise<void> {
  return atomically(db, async (tx) => {
    const row = await readLimit(tx, service)
    const held = row && afterClockStep(row, nowMs)
    const limit = {
      tat_us: held?.tat_us ?? 0,
      not_before_ms: Math.max(held?.not_before_ms ?? 0, Math.ceil(untilMs)),
      updated_ms: Math.floor(nowMs),
    }
    await tx
      .insertInto('limits')
      .values({ service, ...limit })
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

/**
 * Forgets what a vendor asked for, and returns until when it would have held; undefined when no pause holds. Slots that
 * were reserved for after the pause are given up, others stay.
 */
export function liftPause(db: Db, service: string, nowMs: number): Promise<number | undefined> {
  return atomically(db, async (tx) => {
    const row = await readLimit(tx, service)
    const untilMs = row?.not_before_ms ?? 0
    if (!row || untilMs <= nowMs) return undefined
    const tat_us = row.tat_us > untilMs * 1000 ? Math.round(nowMs * 1000) : row.tat_us
    const lifted = { not_before_ms: null, tat_us }
    await tx.updateTable('limits').set(lifted).where('service', '=', service).execute()
    return Number(untilMs)
  })
}

type LimitRow = Database['limits']

async function readLimit(tx: Db, service: string): Promise<LimitRow | undefined> {
  return tx.selectFrom('limits').selectAll().where('service', '=', service).executeTakeFirst()
}

/**
 * The limit as it holds now. What was moved along with a clock that was set back is stored: moved at each look anew, it
 * would lie ahead until the clock has caught up.
 */
async function steadyLimit(db: Db, service: string, nowMs: number): Promise<LimitRow | undefined> {
  const seen = await readLimit(db, service)
  if (!seen || afterClockStep(seen, nowMs) === seen) return seen
  return atomically(db, async (tx) => {
    const row = await readLimit(tx, service)
    if (!row) return undefined
    const { tat_us, not_before_ms, updated_ms } = afterClockStep(row, nowMs)
    const moved = { tat_us, not_before_ms, updated_ms }
    await tx.updateTable('limits').set(moved).where('service', '=', service).execute()
    return { ...row, ...moved }
  })
}

/** A row written in the future was written before the clock was set back: it is moved along, or calls would wait for hours. */
function afterClockStep(row: LimitRow, nowMs: number): LimitRow {
  const stepMs = row.updated_ms - nowMs
  if (stepMs <= clockToleranceMs) return row
  return {
    ...row,
    tat_us: row.tat_us - Math.round(stepMs * 1000),
    not_before_ms: row.not_before_ms === null ? null : Math.round(row.not_before_ms - stepMs),
    updated_ms: Math.floor(nowMs),
  }
}
