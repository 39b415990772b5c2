import type { Selectable } from 'kysely'
import type { Database, Db } from './schema.ts'
import { atomically } from './transaction.ts'

/** An operator has switched a service off, whatever the file says. */
export type Switch = {
  service: string
  reason: string
  /** It lifts itself at this instant; null: only `enable` lifts it. */
  until: string | null
  setBy: string
  setAt: string
}

/** A later one replaces the former, which is returned when it still held. */
export function setSwitch(
  db: Db,
  {
    service,
    reason,
    until,
    setBy,
    now,
  }: Omit<Switch, 'setAt' | 'until'> & { until?: Date; now: Date },
): Promise<Switch | undefined> {
  const row = {
    reason,
    until: until?.toISOString() ?? null,
    set_by: setBy,
    set_at: now.toISOString(),
  }
  return atomically(db, async (tx) => {
    const former = (await listSwitches(tx, now)).get(service)
    await tx
      .insertInto('switches')
      .values({ service, ...row })
      .onConflict((conflict) => conflict.column('service').doUpdateSet(row))
      .execute()
    return former
  })
}

/** Returns the switch that held; undefined when the service was not switched off. */
export function liftSwitch(db: Db, service: string, now: Date): Promise<Switch | undefined> {
  return atomically(db, async (tx) => {
    const held = (await listSwitches(tx, now)).get(service)
    await tx.deleteFrom('switches').where('service', '=', service).execute()
    return held
  })
}

/** Those that hold now, by service. */
export async function listSwitches(db: Db, now: Date): Promise<Map<string, Switch>> {
  const rows = await db
    .selectFrom('switches')
    .selectAll()
    .where(({ eb, or }) => or([eb('until', 'is', null), eb('until', '>', now.toISOString())]))
    .orderBy('service')
    .execute()
  return new Map(rows.map((row) => [row.service, toSwitch(row)]))
}

const toSwitch = (row: Selectable<Database['switches']>): Switch => ({
  service: row.service,
  reason: row.reason,
  until: row.until,
  setBy: row.set_by,
  setAt: row.set_at,
})
