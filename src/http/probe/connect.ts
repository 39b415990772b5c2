import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { connect, isIP, type LookupFunction, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { messageOf, systemCode } from '../../core/errors.ts'
import { causeOfLookup, ProbeFault, readConnectFault } from './finding.ts'

/** Resolves a name as `fetch` does, with the system's own resolver. */
export type Lookup = (host: string) => Promise<LookupAddress[]>

export const systemLookup: Lookup = (host) => lookup(host, { all: true })

/** A host and port to connect to. IPv6 addresses stand without brackets. */
export type Place = { host: string; port: number }

const usualPorts: Record<string, number> = {
  'http:': 80,
  'https:': 443,
  'smtp:': 587,
  'smtps:': 465,
}

export const placeOf = (url: URL): Place => ({
  host: url.hostname.replace(/^\[|\]$/g, ''),
  port: Number(url.port) || (usualPorts[url.protocol] ?? 443),
})

/** `api.example.com:443`: all of an address that is ever shown. */
export const placeText = ({ host, port }: Place): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`

/** The addresses of a host. Throws a `ProbeFault`. */
export async function resolve(
  host: string,
  find: Lookup,
  signal: AbortSignal,
): Promise<LookupAddress[]> {
  const family = isIP(host)
  if (family) return [{ address: host, family }]
  try {
    return await orAbort(find(host), signal)
  } catch (error) {
    if (signal.aborted) throw new ProbeFault('dns_failed', `no answer for ${host}`)
    const code = systemCode(error)
    const cause = causeOfLookup(code)
    const says = cause === 'dns_unknown_host' ? 'there is no host named' : 'cannot resolve'
    throw new ProbeFault(cause, `${says} ${host} (${code ?? messageOf(error)})`)
  }
}

/** Opens a connection to one of the addresses. Throws a `ProbeFault`. The caller destroys the socket. */
export async function open(
  place: Place,
  addresses: readonly LookupAddress[],
  signal: AbortSignal,
): Promise<Socket> {
  const known: LookupFunction = (_, options, done) =>
    options.all
      ? done(null, [...addresses])
      : done(null, addresses[0]?.address ?? '', addresses[0]?.family)
  const socket = connect({ ...place, lookup: known, signal })
  socket.on('error', () => undefined) // told by whoever waits; later ones concern nobody
  try {
    await once(socket, 'connect', { signal })
    return socket
  } catch (error) {
    socket.destroy()
    if (signal.aborted) {
      throw new ProbeFault('connection_timeout', `${placeText(place)} did not answer`)
    }
    throw readConnectFault(error, placeText(place))
  }
}

/** Asks a proxy to open a connection. Throws a `ProbeFault` with `proxy_failed`. */
export async function tunnel(
  socket: Socket,
  proxy: URL,
  to: Place,
  signal: AbortSignal,
): Promise<void> {
  const name = placeText(placeOf(proxy))
  const head = [`CONNECT ${placeText(to)} HTTP/1.1`, `Host: ${placeText(to)}`, ...proxyAuth(proxy)]
  socket.write(`${head.join('\r\n')}\r\n\r\n`)
  const answer = await readHead(socket, signal).catch(() => {
    const why = signal.aborted ? 'gave no answer' : 'closed the connection'
    throw new ProbeFault('proxy_failed', `the proxy ${name} ${why}`)
  })
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1]
  if (status?.startsWith('2')) return
  const said = status ? `answered HTTP ${status}` : 'answered what is not HTTP'
  throw new ProbeFault('proxy_failed', `the proxy ${name} ${said}`)
}

/** Throws a `ProbeFault` when user name or password are not encoded as an address wants them. */
export const proxyAuth = ({ username, password }: URL): string[] => {
  if (!username) return []
  const pair = [username, password].map(decoded).join(':')
  return [`Proxy-Authorization: Basic ${Buffer.from(pair).toString('base64')}`]
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    const says = 'a percent sign in its user name or password has to be written as %25'
    throw new ProbeFault('proxy_failed', `the address of the proxy cannot be read: ${says}`)
  }
}

/** TLS to a proxy whose address begins with https. */
export async function secureProxy(socket: Socket, proxy: URL, signal: AbortSignal) {
  const { host } = placeOf(proxy)
  const secured = connectTls({ socket, host, servername: isIP(host) ? undefined : host })
  secured.on('error', () => undefined)
  try {
    await once(secured, 'secureConnect', { signal })
    return secured
  } catch (error) {
    socket.destroy()
    const why = systemCode(error) ?? 'no answer'
    throw new ProbeFault('proxy_failed', `TLS to the proxy ${placeText(placeOf(proxy))}: ${why}`)
  }
}

const longestHead = 16_384

/** The head of an HTTP answer. Nothing follows it: the other side does not speak before we do. */
async function readHead(socket: Socket, signal: AbortSignal): Promise<string> {
  const ended = once(socket, 'end', { signal }).then(() => Promise.reject(new Error('closed')))
  const failed = once(socket, 'close', { signal }).then(() => Promise.reject(new Error('closed')))
  let head = ''
  while (!head.includes('\r\n\r\n')) {
    // Not 'data': that would let the stream flow on while nobody reads it.
    await Promise.race([once(socket, 'readable', { signal }), ended, failed])
    head += (socket.read() as Buffer | null)?.toString('latin1') ?? ''
    if (head.length > longestHead) throw new Error('the head does not end')
  }
  return head
}

/** A lookup cannot be called off; whoever waits for it can. */
export function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolveIt, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    promise.then(resolveIt, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
