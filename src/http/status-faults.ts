import type { Clock } from '../core/clock.ts'
import { changed, IntegrationError, type FailureKind, type Outcome } from '../core/errors.ts'
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
    hint: 'Redirects are not followed. Put the address it points to into base_url if you trust it, or for reading its origin into allow_redirects_to.',
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
    retryAfterMs: readWait(reply.headers, kind, clock),
  })
}

/** What an adapter has read, with the wait that the headers ask for where the body names none. */
export function withWait(
  failure: IntegrationError | undefined,
  reply: HttpReply,
  clock: Clock,
): IntegrationError | undefined {
  const isBusy = failure?.kind === 'rate_limited' || failure?.kind === 'unavailable'
  if (!isBusy || failure.retryAfterMs !== undefined) return failure
  const retryAfterMs = readWait(reply.headers, failure.kind, clock)
  return retryAfterMs === undefined ? failure : changed(failure, { retryAfterMs })
}

/** A vendor that asks for more is asked again after a day: a typo of theirs must not silence a service for ever. */
export const longestPauseMs = 24 * 60 * 60_000

/**
 * How long the headers ask us to wait, in milliseconds, a day at most. The vendors' own headers stand on every answer, so
 * they count for a limit alone: `X-RateLimit-Reset` (Unix seconds) and `X-Rate-Limit-Reset` (seconds left).
 */
function readWait(
  headers: HttpReply['headers'],
  kind: FailureKind,
  clock: Clock,
): number | undefined {
  const asked = readRetryAfter(headers['retry-after'], clock)
  if (asked !== undefined || kind !== 'rate_limited') return asked
  const atSeconds = readSeconds(headers['x-ratelimit-reset'])
  const leftSeconds = readSeconds(headers['x-rate-limit-reset'])
  const waits = [
    // Some send the seconds that are left under this name too; no instant is so long ago.
    atSeconds !== undefined && atSeconds < 1e9 ? atSeconds * 1000 : undefined,
    atSeconds !== undefined && atSeconds >= 1e9
      ? atSeconds * 1000 - clock.now().getTime()
      : undefined,
    leftSeconds === undefined ? undefined : leftSeconds * 1000,
  ].filter((ms) => ms !== undefined)
  const [first] = waits
  return first === undefined ? undefined : Math.min(longestPauseMs, Math.max(0, Math.ceil(first)))
}

const readSeconds = (value: string | undefined): number | undefined =>
  value !== undefined && /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : undefined

/** Reads `Retry-After`, seconds or a date, as milliseconds from now, a day at most; undefined when it says nothing usable. */
function readRetryAfter(value: string | undefined, clock: Clock): number | undefined {
  if (value === undefined || value.trim() === '') return undefined
  const seconds = readSeconds(value)
  if (seconds !== undefined) return Math.min(longestPauseMs, Math.ceil(seconds * 1000))
  const at = Date.parse(value)
  if (Number.isNaN(at)) return undefined
  return Math.min(longestPauseMs, Math.max(0, at - clock.now().getTime()))
}
