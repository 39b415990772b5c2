import type { Selectable } from 'kysely'
import type { Database, Db } from './schema.ts'

/** An operator has switched a service off, whatever the file says. */
export type Switch = {
  service: string
  reason: string
  /** It lifts itself at this instant; null: only `enable` lifts it. */
  until: string | null
  setBy: string
  setAt: string
}

/** A later one replaces the former. */
export async function setSwitch(
  db: Db,
  {
    service,
    reason,
    until,
    setBy,
    now,
  }: Omit<Switch, 'setAt' | 'until'> & { until?: Date; now: Date },
): Promise<void> {
  const row = {
    reason,
    until: until?.toISOString() ?? null,
    set_by: setBy,
    set_at: now.toISOString(),
  }
  await db
    .insertInto('switches')
    .values({ service, ...row })
    .onConflict((conflict) => conflict.column('service').doUpdateSet(row))
    .execute()
}

/** False when the service was not switched off. */
export async function liftSwitch(db: Db, service: string, now: Date): Promise<boolean> {
  const held = (await listSwitches(db, now)).has(service)
  await db.deleteFrom('switches').where('service', '=', service).execute()
  return held
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
