import type { Cause } from '../../core/causes.ts'
import { CaravanError, IntegrationError } from '../../core/errors.ts'
import { breakerHeld, breakerOpen } from '../../calls/breaker-state.ts'
import { limitUsedUp } from '../../calls/gate.ts'
import { causeOfLookup, causeOfTls, readConnectFault } from '../../http/probe/finding.ts'

const ownCodes: Readonly<Record<string, Cause>> = {
  [breakerOpen]: 'breaker_open',
  [breakerHeld]: 'service_held',
  [limitUsedUp]: 'rate_limited',
}

/** The cause of what a check, or the making of a service, has thrown. What nobody foresaw is `internal`. */
export function causeOf(error: unknown): Cause {
  if (error instanceof CaravanError) return causeOfCode(error.code)
  return error instanceof IntegrationError ? causeOfFailure(error) : 'internal'
}

function causeOfCode(code: CaravanError['code']): Cause {
  if (code === 'placeholder_unset') return 'credential_missing'
  if (code.startsWith('key_') || code === 'secret_damaged') return 'secrets_locked'
  return code === 'config_invalid' || code === 'adapter_unknown' ? 'config_invalid' : 'internal'
}

function causeOfFailure(error: IntegrationError): Cause {
  const { kind, code, status } = error
  const own = ownCodes[code ?? '']
  if (own) return own
  switch (kind) {
    case 'auth':
      return status === 403 ? 'access_denied' : 'credentials_refused'
    case 'rate_limited':
      return 'rate_limited'
    case 'timeout':
      return 'no_answer'
    case 'rejected':
      return 'rejected'
    case 'bad_response':
      return 'bad_answer'
    case 'unavailable':
      return status === undefined ? causeOfNetwork(error) : 'vendor_unavailable'
    case 'config':
      return causeOfConfig(error)
    case 'cancelled':
      return 'interrupted'
  }
}

/** The codes that `src/http/network-faults.ts` hands on. */
const lookupCodes = /^(ENOTFOUND|EAI_|ENODATA|ESERVFAIL)/
const brokenCodes = /^(ECONNRESET|ECONNABORTED|EPIPE|UND_ERR_)/
const connectCodes =
  /^(ECONNREFUSED|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL)$/
const tlsCodes = /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_|EPROTO$)/

function causeOfNetwork({ code, outcome }: IntegrationError): Cause {
  if (code === undefined) return outcome === 'unknown' ? 'connection_broken' : 'vendor_unavailable'
  if (lookupCodes.test(code)) return causeOfLookup(code)
  if (code === 'UND_ERR_ABORTED') return 'proxy_failed'
  // Once a request has left, the same codes mean that the connection was lost.
  if (connectCodes.test(code) && outcome === 'not_done') return readConnectFault({ code }, '').why
  if (connectCodes.test(code) || brokenCodes.test(code)) return 'connection_broken'
  return 'vendor_unavailable' // a code of the vendor's own
}

function causeOfConfig({ code, status }: IntegrationError): Cause {
  if (code !== undefined && tlsCodes.test(code)) return causeOfTls(code)
  return status === undefined ? 'config_invalid' : 'wrong_address'
}
