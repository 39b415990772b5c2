import type { Cause } from '../../core/causes.ts'
import { messageOf, systemCode } from '../../core/errors.ts'

/** What a look at one rung of one address saw. `skipped` says in `saw` why there was nothing to look at. */
export type Finding = {
  status: 'ok' | 'warning' | 'failed' | 'skipped'
  /** Set when it failed. */
  cause?: Cause
  /** What was seen, or what went wrong, in a few words. Never holds a path, a query or a password. */
  saw: string
  durationMs: number
}

/** A look that failed, with its cause. */
export class ProbeFault extends Error {
  override name = 'ProbeFault'
  readonly why: Cause

  constructor(why: Cause, message: string) {
    super(message)
    this.why = why
  }
}

/** The codes of an error and of what it was gathered from, such as one error for each address that was tried. */
export function codesOf(error: unknown): string[] {
  const each = error instanceof AggregateError ? [error, ...(error.errors as unknown[])] : [error]
  return each.map(systemCode).filter((code) => code !== undefined)
}

/** First match wins, so that an IPv6 address without a route does not hide a port that refused. */
const connectCauses: readonly [codes: RegExp, cause: Cause, says: string][] = [
  [/^ECONNREFUSED$/, 'connection_refused', 'refused the connection'],
  [/^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/, 'connection_timeout', 'did not answer'],
  [
    /^(EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|ENETDOWN|EACCES|EPERM)$/,
    'network_unreachable',
    'cannot be reached from this machine',
  ],
]

/** Why a connection to `place` was not opened. */
export function readConnectFault(error: unknown, place: string): ProbeFault {
  if (error instanceof ProbeFault) return error
  const codes = codesOf(error)
  for (const [pattern, cause, says] of connectCauses) {
    const code = codes.find((each) => pattern.test(each))
    if (code) return new ProbeFault(cause, `${place} ${says} (${code})`)
  }
  return new ProbeFault('connection_broken', `${place}: ${codes[0] ?? messageOf(error)}`)
}

/** What the cause of a failed lookup is: `ENOTFOUND` is an answer, all else is none. */
export const causeOfLookup = (code: string | undefined): Cause =>
  code === 'ENOTFOUND' || code === 'ENODATA' || code === 'EAI_NODATA' || code === 'EAI_NONAME'
    ? 'dns_unknown_host'
    : 'dns_failed'

/** What is wrong with a certificate or a handshake. */
export function causeOfTls(code: string | undefined): Cause {
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') return 'tls_expired'
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH') {
    return 'tls_wrong_host'
  }
  return /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_CA|PATH_LENGTH)/.test(code ?? '')
    ? 'tls_untrusted'
    : 'tls_failed'
}
