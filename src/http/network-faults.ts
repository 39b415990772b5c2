import { IntegrationError, messageOf, systemCode } from '../core/errors.ts'

type Meaning = {
  codes: RegExp
  /** Left out: whatever the system was doing. Unset in the error counts as `connect`: undici's own errors. */
  during?: 'connect'
  kind: 'config' | 'unavailable' | 'timeout' | 'bad_response'
  outcome: 'not_done' | 'unknown'
  says: string
  hint?: string
}

/**
 * What the codes of Node, OpenSSL and undici mean for a call. First match wins. Measured with `fetch` of Node 24:
 * a refused or unresolved connection never carried the request; a connection lost later may have.
 */
const meanings: Meaning[] = [
  {
    codes: /^(ENOTFOUND|EAI_AGAIN|EAI_NODATA|ENODATA|ESERVFAIL)$/,
    kind: 'unavailable',
    outcome: 'not_done',
    says: 'the host name could not be resolved',
    hint: 'Check the name in the config, and DNS on this machine.',
  },
  {
    codes:
      /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT)$/,
    during: 'connect',
    kind: 'unavailable',
    outcome: 'not_done',
    says: 'no connection to the host',
    hint: 'The vendor may be down, or a firewall stands between.',
  },
  {
    codes: /^CERT_HAS_EXPIRED$/, // the vendor's trouble, unlike the rest: and it ends when the vendor renews it
    kind: 'unavailable',
    outcome: 'not_done',
    says: 'the certificate of the vendor has expired',
    hint: 'The vendor has to renew it; certificates are never ignored. Check the clock of this machine too.',
  },
  {
    codes:
      /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO$)/,
    kind: 'config',
    outcome: 'not_done',
    says: 'the TLS connection was not accepted',
    hint: 'Certificates are never ignored. Check the address, the clock of this machine, and NODE_EXTRA_CA_CERTS for a private authority.',
  },
  {
    codes: /^UND_ERR_ABORTED$/, // what ProxyAgent of undici says when CONNECT was not answered with 200
    kind: 'unavailable',
    outcome: 'not_done',
    says: 'the proxy did not open the connection',
    hint: 'Check the proxy of the service or of HTTPS_PROXY, and its user name and password.',
  },
  {
    codes: /^(HPE_HEADER_OVERFLOW|UND_ERR_HEADERS_OVERFLOW)$/,
    kind: 'bad_response',
    outcome: 'unknown',
    says: 'the headers of the answer are too large',
  },
  {
    codes: /^HPE_/,
    kind: 'bad_response',
    outcome: 'unknown',
    says: 'the answer is not HTTP',
    hint: 'Check the address, its port, and whether it wants https.',
  },
  {
    codes: /^UND_ERR_(HEADERS|BODY)_TIMEOUT$/,
    kind: 'timeout',
    outcome: 'unknown',
    says: 'the vendor did not answer in time',
  },
  {
    codes:
      /^(ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|UND_ERR_SOCKET|UND_ERR_RES_)/,
    kind: 'unavailable',
    outcome: 'unknown',
    says: 'the connection broke before the answer was complete',
  },
  {
    codes: /^Z_|^ERR_BROTLI|^ERR_ZLIB/,
    kind: 'bad_response',
    outcome: 'unknown',
    says: 'the compressed answer is damaged',
  },
]

/** Turns what `fetch` threw into our own error, copying no field that may hold a header or a URL with a secret. */
export function readNetworkFault(error: unknown): IntegrationError {
  if (error instanceof IntegrationError) return error
  const causes = causesOf(error)
  const own = causes.find((each) => each instanceof IntegrationError)
  if (own) return own // what refused the address while it was resolved
  for (const { codes, during, kind, outcome, says, hint } of meanings) {
    const matching = causes.find(
      (each) => codes.test(codeOf(each) ?? '') && (!during || isConnecting(each)),
    )
    const code = codeOf(matching)
    if (code) return new IntegrationError({ kind, outcome, code, hint, message: says })
  }
  if (causes.some((each) => messageOf(each) === 'bad port')) {
    return new IntegrationError({
      kind: 'config',
      message: 'the port is on the block list of fetch',
      hint: 'Node refuses a few ports, such as 6000 and 6667. Let the service listen on another one.',
    })
  }
  if (error instanceof TypeError && error.cause === undefined) {
    return new IntegrationError({
      kind: 'config',
      outcome: 'not_done',
      message: 'the request could not be built',
      hint: 'A header or the address holds a character that HTTP does not allow, such as a line break at the end of a key.',
    })
  }
  return new IntegrationError({
    kind: 'unavailable',
    outcome: 'unknown',
    message: 'the connection failed in a way that says nothing about the request',
    code: causes.map(systemCode).find((code) => code !== undefined),
  })
}

/** undici leaves the code out when its parser did not get far enough to have one. */
const codeOf = (error: unknown): string | undefined =>
  systemCode(error) ??
  (error instanceof Error && error.name === 'HTTPParserError' ? 'HPE_UNKNOWN' : undefined)

const isConnecting = (error: unknown): boolean =>
  !(error instanceof Error && 'syscall' in error) || error.syscall === 'connect'

/** The error and its causes, outermost first. Node also gathers one error for each address it tried. */
function causesOf(error: unknown): unknown[] {
  const found: unknown[] = []
  const queue = [error]
  while (queue.length > 0 && found.length < 20) {
    const next = queue.shift()
    if (next === undefined || next === null) continue
    found.push(next)
    if (next instanceof AggregateError) queue.push(...next.errors)
    if (next instanceof Error) queue.push(next.cause)
  }
  return found
}
