import type { Clock } from '../core/clock.ts'
import { IntegrationError, messageOf } from '../core/errors.ts'
import { utcText } from '../core/words.ts'
import type { Call } from './call.ts'

/** Which service of the route said what, in one line; until when, where that is known. Not redacted. */
export function whyNotSent(call: Call, error: unknown, clock: Clock): string {
  const { refusals = [] } = call
  if (refusals.length === 0) return inOneLine(error)
  return refusals
    .map(
      ({ service, error: refusal }) => `${service}: ${inOneLine(refusal)}${until(refusal, clock)}`,
    )
    .join('; ')
}

const inOneLine = (error: unknown): string => messageOf(error).replaceAll(/\s*\n\s*/g, ' ')

function until(error: unknown, clock: Clock): string {
  if (!(error instanceof IntegrationError) || error.retryAfterMs === undefined) return ''
  const at = new Date(clock.now().getTime() + error.retryAfterMs)
  return `, until ${utcText(at.toISOString())}`
}
