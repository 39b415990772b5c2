import type { BreakerPreset } from './adapter.ts'

/**
 * What has proved itself in the field, by kind; an adapter that knows its vendor better says so itself. A payment is
 * missed soon, so its breaker opens early and tries again soon; a 1C server that is down is down for the day.
 */
export const breakerPresets: Readonly<Record<string, BreakerPreset>> = {
  payment: { failures: 3, openForMs: 30_000 },
  sms: { failures: 5, openForMs: 60_000 },
  '1c': { failures: 5, openForMs: 30 * 60_000 },
}
