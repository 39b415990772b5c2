/** One message through one service of kind `alert`, along the call path. */
import { CaravanError, IntegrationError } from '../../core/errors.ts'
import type { AlertLevel } from '../../core/kinds/alert.ts'
import { findEntryBy } from '../../store/list-outbox.ts'
import { settleEntry } from '../../store/outbox-upkeep.ts'
import type { App } from '../app.ts'
import { routeOf } from '../route.ts'

export type Post = {
  title: string
  text: string
  level: AlertLevel
  /** What was posted under it before is not posted again. */
  key?: string
}

/** Throws what the call path and `routeOf` throw. Never queued: alerts are kept here until they are delivered. */
export async function sendAlert(
  app: App,
  service: string,
  { key, ...input }: Post,
  signal: AbortSignal,
  { isTrial = false } = {},
): Promise<void> {
  const route = await routeOf(app, 'alert', { service })
  const path = await app.calls()
  const idempotencyKey = key && `${key}-${service}`
  try {
    await path.ask({ ...route, whenUnavailable: 'fail' }, 'notify', input, {
      service,
      signal,
      idempotencyKey,
      isTrial,
    })
  } catch (error) {
    await giveUpDoubt(app, error)
    throw error
  }
}

/**
 * Whether a message arrived that the channel never answered is nothing for a person to find out: who is told twice that
 * the shop is down is better off than who was not told, so it is posted again.
 */
async function giveUpDoubt(app: App, error: unknown): Promise<void> {
  if (!(error instanceof IntegrationError) || error.outcome !== 'unknown' || !error.callId) return
  const { db } = await app.state()
  const row = await findEntryBy(db, error.callId)
  if (!row) return
  await settleEntry(
    db,
    row,
    {
      status: 'failed',
      servedBy: row.served_by,
      exchanges: row.exchanges,
      error: {
        kind: error.kind,
        code: error.code ?? null,
        message: error.message,
        hint: 'The alert is posted again: told twice is better than not told.',
        outcome: 'unknown',
      },
      input: null,
    },
    app.clock.now(),
  )
}

/** Another daemon is posting the same at this moment. */
export const isUnderWay = (error: unknown): boolean =>
  error instanceof CaravanError && error.code === 'call_running'
