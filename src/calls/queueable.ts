import { CaravanError, type FailureKind, IntegrationError, isStateTrouble } from '../core/errors.ts'
import type { Call } from './call.ts'

/** What may be different later: a vendor that is down, a limit, credentials and a config that somebody mends. */
const passing: readonly FailureKind[] = [
  'unavailable',
  'timeout',
  'rate_limited',
  'bad_response',
  'config',
  'auth',
]

/** What is wrong with us and not with the request. */
const ownTroubles: readonly string[] = [
  'placeholder_unset',
  'config_invalid',
  'config_unreadable',
  'secret_unknown',
  'secret_damaged',
  'service_unknown',
  'no_service',
]

/** Whether a call that was certainly not done may be once its route can be asked again. */
export function mayLater(error: unknown): boolean {
  if (error instanceof CaravanError) {
    return ownTroubles.includes(error.code) || /^(state|key)_/.test(error.code)
  }
  return error instanceof IntegrationError && passing.includes(error.kind)
}

/**
 * Whether the route wants such a call kept. Money is moved now or not at all; nobody waits for a read; and what may have
 * been done is kept only where doing it again does no harm.
 */
export function mayBeQueued(call: Call, error: unknown, isUnknown: boolean): boolean {
  if (isUnknown && (call.isInDoubt || !call.isHarmlesslyInDoubt)) return false
  if (call.route.whenUnavailable !== 'queue') return false
  if (call.effect === 'money' || call.effect === 'read') return false
  if (isStateTrouble(error)) return false
  if (error instanceof IntegrationError && error.scope === 'recipient') return false
  return mayLater(error)
}

export const dayMs = 86_400_000
const firstDelayMs = 60_000
const longestDelayMs = 1_800_000
/** A vendor that asks for more is not believed: nobody would notice that nothing is sent any more. */
export const longestAskedMs = dayMs

/** Until a call that could not be sent is tried again: doubling, or what the vendor asked for when that is longer. */
export function delayBefore(tries: number, askedMs = 0): number {
  const own = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(20, Math.max(0, tries - 1)))
  return Math.max(own, Math.min(askedMs, longestAskedMs))
}
