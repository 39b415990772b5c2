/** What each channel still has to tell. A row is gone once the channel has it, so nothing is lost in between. */
import { noteDelivered } from './alert-channels.ts'
import { type StoredAlert, toAlert } from './alerts.ts'
import type { Notice } from './schema-daemon.ts'
import type { Db } from './schema.ts'
import { atomically } from './transaction.ts'

export type Delivery = { service: string; alert: string; notice: Notice }

/** An alert as a channel has to tell of it. */
export type PendingAlert = StoredAlert & { tell: Notice }

/** That an alert is over is not told to a channel that has not even told that it fires: it will say both at once. */
export async function addDelivery(db: Db, delivery: Delivery, since: Date): Promise<void> {
  const { service, alert, notice } = delivery
  if (notice === 'resolved') {
    const fired = await db
      .selectFrom('alert_deliveries')
      .select('alert')
      .where('service', '=', service)
      .where('alert', '=', alert)
      .executeTakeFirst()
    if (fired) return
  }
  await db
    .insertInto('alert_deliveries')
    .values({ service, alert, notice, since: since.toISOString() })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** Oldest first. */
export async function listPending(db: Db, service: string): Promise<PendingAlert[]> {
  const rows = await db
    .selectFrom('alert_deliveries')
    .innerJoin('alerts', 'alerts.id', 'alert_deliveries.alert')
    .selectAll('alerts')
    .select('alert_deliveries.notice as tell')
    .where('alert_deliveries.service', '=', service)
    .orderBy('alert_deliveries.since')
    .orderBy('alerts.id')
    .execute()
  return rows.map((row) => ({ ...toAlert(row), tell: row.tell }))
}

/** How much each channel still has to tell. */
export async function countPending(db: Db): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('alert_deliveries')
    .select(['service', ({ fn }) => fn.countAll<number>().as('count')])
    .groupBy('service')
    .execute()
  return new Map(rows.map(({ service, count }) => [service, Number(count)]))
}

/** A channel has told people of these. */
export function markDelivered(
  db: Db,
  service: string,
  told: readonly PendingAlert[],
  now: Date,
): Promise<void> {
  return atomically(db, async (tx) => {
    for (const { id, tell, status } of told) {
      await tx
        .deleteFrom('alert_deliveries')
        .where('service', '=', service)
        .where('alert', '=', id)
        .where('notice', '=', tell)
        .execute()
      if (tell === 'resolved') continue
      await tx
        .updateTable('alerts')
        .set({ told_at: now.toISOString() })
        .where('id', '=', id)
        .where('told_at', 'is', null)
        .execute()
      if (status === 'firing') await tellRest(tx, { service, alert: id, notice: 'resolved' }, now)
    }
    await noteDelivered(tx, service, now)
  })
}

/** It ended while the message was under way: that it fires was told, that it is over was not. */
async function tellRest(tx: Db, delivery: Delivery, now: Date): Promise<void> {
  const row = await tx
    .selectFrom('alerts')
    .select(['status', 'notice'])
    .where('id', '=', delivery.alert)
    .executeTakeFirst()
  if (row?.status === 'resolved' && row.notice === null) await addDelivery(tx, delivery, now)
}

/** Channels that still have to tell of an alert, by name. */
export async function pendingOf(db: Db, alert: string): Promise<string[]> {
  const rows = await db
    .selectFrom('alert_deliveries')
    .select('service')
    .distinct()
    .where('alert', '=', alert)
    .orderBy('service')
    .execute()
  return rows.map(({ service }) => service)
}
