/** Sending what waits, for operators. */
import type { Sent } from '../calls/outbox.ts'
import { messageOf } from '../core/errors.ts'
import { listBehind, listDue, requireEntry } from '../store/list-outbox.ts'
import type { SentCall } from './answers/queue.ts'
import type { App } from './app.ts'
import { judged } from './call-result.ts'
import { settled, underWay } from './queue.ts'
import { routeForOf } from './route.ts'

/** How many calls that are held back are told of. */
const mostHeld = 50

/**
 * Sends what is due now, as the daemon does all the time; with `ids` those alone, whenever they were due. `onSent` is
 * told of each call when it is over. What waits for another call to the same recipient comes after them. Throws
 * `call_unknown`, `call_running`, or `queue_settled` for a named call that does not wait.
 */
export async function sendDue(
  app: App,
  {
    concurrency,
    ids = [],
    onSent,
  }: { concurrency?: number; ids?: readonly string[]; onSent?(sent: SentCall): void } = {},
): Promise<SentCall[]> {
  const { sendDue: send } = await import('../calls/outbox.ts')
  const { makeDue } = await import('../store/outbox-due.ts')
  const { db } = await app.state()
  const only = ids.length === 0 ? undefined : await requireWaiting(app, ids)
  if (only) await makeDue(db, only, app.clock.now())
  const sent = await send({
    only,
    db,
    clock: app.clock,
    path: await app.calls(),
    routeFor: routeForOf(app),
    signal: app.signal,
    concurrency,
    onSent: onSent && ((one) => onSent(sentOf(one))),
    onTrouble: (error) => app.warn(messageOf(error), 'OutboxWarning'),
  })
  return [...sent.map(sentOf), ...(await heldBack(app, only))]
}

async function requireWaiting(app: App, ids: readonly string[]): Promise<string[]> {
  const db = await judged(app)
  const waiting = new Set<string>()
  for (const id of ids) {
    const row = await requireEntry(db, id)
    if (row.status === 'sending') throw underWay(row)
    if (row.status !== 'waiting') throw settled(row, 'sent')
    waiting.add(row.id)
  }
  return [...waiting]
}

/** Due, and not sent: an earlier call to the same recipient has not ended. */
async function heldBack(app: App, only: readonly string[] | undefined): Promise<SentCall[]> {
  const { db } = await app.state()
  const due = await listDue(db, app.clock.now(), mostHeld)
  const rows = only ? due.filter(({ id }) => only.includes(id)) : due
  const behind = await listBehind(
    db,
    rows.map(({ id }) => id),
  )
  return rows
    .filter(({ id }) => behind.has(id))
    .map((row) => ({
      id: row.id,
      operation: `${row.kind}.${row.operation}`,
      status: row.status,
      service: null,
      next_at: row.next_at,
      error: `waits behind ${behind.get(row.id) ?? ''}, to the same recipient`,
    }))
}

const sentOf = (one: Sent): SentCall => ({
  id: one.id,
  operation: `${one.kind}.${one.operation}`,
  status: one.status,
  service: one.service,
  next_at: one.nextAt?.toISOString() ?? null,
  error: one.error,
})
