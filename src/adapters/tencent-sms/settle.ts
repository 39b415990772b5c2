import type { Context, Settlement } from '../../core/adapter.ts'
import type { SmsMessage, SmsResult } from '../../core/kinds/sms.ts'
import { smsResult, type SmsRow } from '../../core/sms/result.ts'
import { pullReports } from './api.ts'
import type { TencentConfig } from './config.ts'

/** A query goes out for each number. */
const maxAsked = 10
const lookBackMs = 15 * 60_000

/**
 * Looks for the messages of a call of which nobody got the ids. Reports carry our key only for accounts that have
 * that enabled, and only once the carrier has reported: an empty one proves nothing.
 */
export async function settle(
  { http, config, clock, idempotencyKey }: Context<TencentConfig>,
  { to }: SmsMessage,
): Promise<Settlement<SmsResult>> {
  if (to.length > maxAsked) return { outcome: 'unknown' }
  const until = clock.now()
  const from = new Date(until.getTime() - lookBackMs)
  const rows: SmsRow[] = []
  for (const number of to) {
    const reports = await pullReports(http, config, { to: number, from, until })
    const ours = reports.find(({ SessionContext }) => SessionContext === idempotencyKey)
    if (!ours) return { outcome: 'unknown' }
    // The vendor took it, whatever the carrier made of it later.
    rows.push({ to: number, status: 'accepted', messageId: ours.SerialNo })
  }
  return { outcome: 'done', output: smsResult(rows) }
}
