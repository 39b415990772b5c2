/** The repeat table: what may be done after a failure without the danger of doing something twice. */
import type { Repeat } from '../core/adapter.ts'
import { CaravanError, IntegrationError, type FailureKind } from '../core/errors.ts'

const transient: readonly FailureKind[] = ['unavailable', 'timeout', 'rate_limited', 'bad_response']

/** Whether the same service may be asked again: what is transient, and was not done or does no harm when done twice. */
export function maySameAgain(error: unknown, repeat: Repeat): error is IntegrationError {
  if (!(error instanceof IntegrationError) || !transient.includes(error.kind)) return false
  return error.outcome === 'not_done' || repeat !== 'once'
}

/**
 * Whether another service of the route may be asked. A key that makes a repetition harmless means nothing to another
 * vendor, so after `unknown` only reading goes on. Refused credentials and a wrong config say nothing about the request.
 */
export function mayNext(error: unknown, repeat: Repeat): boolean {
  if (error instanceof CaravanError) return ofOneService.includes(error.code)
  if (!(error instanceof IntegrationError) || error.kind === 'cancelled') return false
  if (error.outcome === 'unknown' && repeat !== 'safe') return false
  if (error.failover !== undefined) return error.failover
  return error.kind !== 'rejected' && error.scope !== 'recipient'
}

/** What may be wrong with one service alone before anything is sent. */
const ofOneService: readonly string[] = [
  'placeholder_unset',
  'config_invalid',
  'secret_unknown',
  'secret_damaged',
  'service_unknown',
]
