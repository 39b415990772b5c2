import type { Context, Settlement } from '../../core/adapter.ts'
import type { SmsMessage, SmsResult } from '../../core/kinds/sms.ts'
import { beijingDay } from '../../core/sms/beijing.ts'
import { smsResult } from '../../core/sms/result.ts'
import { querySendDetails } from './api.ts'
import type { AliyunConfig } from './config.ts'

/** The message may have left on the day before. */
const lookBackMs = 15 * 60_000

/**
 * Looks for a call of which nobody got the id, by the OutId that went along. The vendor takes a request as a whole, so
 * what it took for the first number it took for all. One that is not found may still show up.
 */
export async function settle(
  { http, clock, idempotencyKey }: Context<AliyunConfig>,
  { to }: SmsMessage,
): Promise<Settlement<SmsResult>> {
  const [first] = to
  const now = clock.now()
  const earlier = new Date(now.getTime() - lookBackMs)
  const days = beijingDay(earlier) === beijingDay(now) ? [now] : [now, earlier]
  if (first === undefined || !outIdOf(idempotencyKey)) return { outcome: 'unknown' }
  for (const sentAt of days) {
    const details = await querySendDetails(http, { to: first, sentAt })
    if (details.some(({ OutId }) => OutId === idempotencyKey)) {
      const rows = to.map((number) => ({ to: number, status: 'accepted' as const }))
      return { outcome: 'done', output: smsResult(rows) }
    }
  }
  return { outcome: 'unknown' }
}

/** Undefined for a key that the vendor would not take. */
export const outIdOf = (key: string): string | undefined =>
  key !== '' && key.length < 256 ? key : undefined
