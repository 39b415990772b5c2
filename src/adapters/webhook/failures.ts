import type { Clock } from '../../core/clock.ts'
import { clockHint } from '../../core/clock-hint.ts'
import { IntegrationError } from '../../core/errors.ts'
import type { HttpReply } from '../../core/http.ts'

/** Every 2xx is success, whatever its body; what is not named here is classified by the http layer. */
export function readFailure(
  { status, headers }: HttpReply,
  clock: Clock,
): IntegrationError | undefined {
  if (status === 401 || status === 403) {
    const off = clockHint(headers.date, clock.now())
    const compare = 'Compare secret and scheme with the receiver, and the clocks of both machines.'
    return new IntegrationError({
      kind: 'auth',
      status,
      message: `the receiver did not accept the signature (HTTP ${status})`,
      hint: off ? `${off} ${compare}` : compare,
    })
  }
  if (status !== 410) return undefined
  return new IntegrationError({
    kind: 'config',
    status,
    message: 'the receiver wants no more alerts at this address (HTTP 410)',
    hint: 'Ask the receiver for the new address, or disable the service with "caravan disable".',
  })
}
