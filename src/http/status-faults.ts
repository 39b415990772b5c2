import type { Clock } from '../core/clock.ts'
import { IntegrationError, type FailureKind, type Outcome } from '../core/errors.ts'
import type { HttpReply } from '../core/http.ts'

type Meaning = { kind: FailureKind; outcome: Outcome; says: string; hint?: string }

/** What a status means where the adapter does not know better. RFC 9110, section 15. */
function meaningOf(status: number): Meaning {
  if (status === 401)
    return { kind: 'auth', outcome: 'not_done', says: 'the credentials were refused' }
  if (status === 403) {
    return {
      kind: 'auth',
      outcome: 'not_done',
      says: 'access was denied',
      hint: 'The account may lack the permission, or this machine is not on the list of allowed addresses.',
    }
  }
  if (status === 404) {
    return {
      kind: 'config',
      outcome: 'not_done',
      says: 'the address does not exist',
      hint: 'Check base_url.',
    }
  }
  if (status === 408 || status === 425) {
    return { kind: 'unavailable', outcome: 'not_done', says: 'the vendor did not take the request' }
  }
  if (status === 429) {
    return { kind: 'rate_limited', outcome: 'not_done', says: 'too many requests' }
  }
  if (status >= 500) {
    return { kind: 'unavailable', outcome: 'unknown', says: 'the vendor had a failure of its own' }
  }
  if (status >= 400)
    return { kind: 'rejected', outcome: 'not_done', says: 'the request was refused' }
  return {
    kind: 'config',
    outcome: 'not_done',
    says: 'the answer points to another address',
    hint: 'Redirects are not followed. Put the address it points to into base_url if you trust it.',
  }
}

/** The failure that a status of 300 or more stands for; undefined below. */
export function readStatusFault(reply: HttpReply, clock: Clock): IntegrationError | undefined {
  if (reply.status < 300 || reply.status === 304) return undefined
  const { kind, outcome, says, hint } = meaningOf(reply.status)
  return new IntegrationError({
    kind,
    outcome,
    hint,
    status: reply.status,
    message: `${says} (HTTP ${reply.status})`,
    retryAfterMs: readRetryAfter(reply.headers['retry-after'], clock),
  })
}

/** A vendor that asks for more is asked again after a day: a typo of theirs must not silence a service for ever. */
export const longestPauseMs = 24 * 60 * 60_000

/** Reads `Retry-After`, seconds or a date, as milliseconds from now, a day at most; undefined when it says nothing usable. */
function readRetryAfter(value: string | undefined, clock: Clock): number | undefined {
  if (value === undefined || value.trim() === '') return undefined
  if (/^\d+(\.\d+)?$/.test(value.trim())) {
    return Math.min(longestPauseMs, Math.ceil(Number(value) * 1000))
  }
  const at = Date.parse(value)
  if (Number.isNaN(at)) return undefined
  return Math.min(longestPauseMs, Math.max(0, at - clock.now().getTime()))
}
