import type { Clock } from '../core/clock.ts'
import { IntegrationError } from '../core/errors.ts'
import type { Attempt, ServiceCall } from './call.ts'
import { note } from './steps.ts'

/**
 * Lets the adapter drop a token that was refused, once in a call. It stands inside the breaker: a token that expired
 * while many calls were under way is not a wrong password, and must not hold the service.
 */
export function renewing(clock: Clock, next: Attempt): Attempt {
  return async (call) => {
    try {
      return await next(call)
    } catch (error) {
      if (call.renewal === 'none' && mayRenew(call, error) && renew(call, clock, error)) {
        call.renewal = 'due'
        note(call, clock, 'renewed', 'the token was refused: it is fetched anew')
      }
      throw error
    }
  }
}

/** The attempt is made again with the new token, so it must not have been carried out with the old one. */
const mayRenew = ({ repeat }: ServiceCall, error: unknown): error is IntegrationError =>
  error instanceof IntegrationError &&
  error.kind === 'auth' &&
  (error.outcome === 'not_done' || repeat !== 'once')

function renew({ service, signal }: ServiceCall, clock: Clock, refusal: IntegrationError): boolean {
  const { config, credentials } = service
  return service.adapter.http.renew?.({ config, credentials, clock, signal, refusal }) ?? false
}
