import { once } from 'node:events'
import { isIP, type Socket } from 'node:net'
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls'
import { messageOf, systemCode } from '../../core/errors.ts'
import { type Place, placeText } from './connect.ts'
import { causeOfTls, ProbeFault } from './finding.ts'

export type Secured = { socket: TLSSocket; protocol: string; endsAt: Date | undefined }

/**
 * Shakes hands on an open connection. A certificate that is not accepted is read all the same, so that its end can be
 * told, and the connection is closed before a byte is sent on it. Throws a `ProbeFault`.
 */
export async function secure(
  raw: Socket,
  place: Place,
  signal: AbortSignal,
  ALPNProtocols: string[] = ['http/1.1'],
): Promise<Secured> {
  const { host } = place
  const socket = connect({
    socket: raw,
    host,
    servername: isIP(host) ? undefined : host,
    rejectUnauthorized: false, // judged below, by the same verdict
    ...(ALPNProtocols.length > 0 && { ALPNProtocols }),
  })
  socket.on('error', () => undefined)
  const closed = once(raw, 'close', { signal }).then(() => Promise.reject(new Error('closed')))
  try {
    await Promise.race([once(socket, 'secureConnect', { signal }), closed])
  } catch (error) {
    raw.destroy()
    throw new ProbeFault('tls_failed', `${placeText(place)}: ${whyNot(error, signal)}`)
  }
  const certificate = socket.getPeerCertificate()
  if (!socket.authorized) {
    raw.destroy()
    throw refusal(socket, certificate, place)
  }
  return { socket, protocol: socket.getProtocol() ?? 'TLS', endsAt: instantOf(certificate) }
}

function refusal(socket: TLSSocket, certificate: PeerCertificate, place: Place): ProbeFault {
  const verdict: unknown = socket.authorizationError
  const code = systemCode(verdict) ?? (verdict ? messageOf(verdict) : '')
  const cause = causeOfTls(code)
  const told = {
    tls_expired: `the certificate is good from ${dayOf(certificate.valid_from)} to ${dayOf(certificate.valid_to)}`,
    tls_wrong_host: `the certificate is for ${namesIn(certificate)}`,
    tls_untrusted: `the certificate is signed by ${signerOf(certificate)}, which is not trusted`,
  }
  const says = cause in told ? told[cause as keyof typeof told] : 'the certificate was not accepted'
  return new ProbeFault(cause, `${placeText(place)}: ${says} (${code})`)
}

function whyNot(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'the TLS handshake was not answered'
  const code = systemCode(error)
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return `the answer is not TLS (${code})`
  }
  return code ? `the TLS handshake failed (${code})` : 'the connection was closed in the handshake'
}

/** Undefined when the certificate does not say it in a way that can be read. */
function instantOf({ valid_to }: PeerCertificate): Date | undefined {
  const at = new Date(valid_to)
  return Number.isNaN(at.getTime()) ? undefined : at
}

const dayOf = (text: string): string => {
  const at = new Date(text)
  return Number.isNaN(at.getTime()) ? '?' : at.toISOString().slice(0, 10)
}

const longestNames = 120

function namesIn({ subjectaltname, subject }: PeerCertificate): string {
  const names = subjectaltname?.replaceAll(/(DNS|IP Address):/g, '') ?? one(subject?.CN)
  return names.length > longestNames ? `${names.slice(0, longestNames)}…` : names || 'nobody'
}

const signerOf = ({ issuer }: PeerCertificate): string =>
  one(issuer?.O) || one(issuer?.CN) || 'somebody without a name'

const one = (value: string | string[] | undefined): string =>
  (Array.isArray(value) ? value.join(', ') : value) ?? ''
