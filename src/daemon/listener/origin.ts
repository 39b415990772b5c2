/** Who made a request and which address they called, behind reverse proxies too. */
import { BlockList, isIP } from 'node:net'
import type { IncomingHttpHeaders } from 'node:http'

export type Seen = {
  /** Address of the socket's other end. */
  peer: string
  headers: IncomingHttpHeaders
  /** Path and query, as they came. */
  target: string
}

export type Origin = {
  /** Address of the client; of the peer, unless a trusted proxy names another one. */
  from: string
  /** Whether the peer is one of the proxies whose word counts. */
  isProxied: boolean
  /** The whole address as the client called it. */
  url: string
}

/** X-Forwarded-* of anybody but a trusted proxy is somebody's invention, and not read. */
export function originOf(
  { peer, headers, target }: Seen,
  isTrusted: (peer: string) => boolean,
): Origin {
  const address = plainAddress(peer) ?? ''
  const isProxied = isTrusted(address)
  const host = headers.host ?? ''
  if (!isProxied) return { from: address, isProxied, url: `http://${host}${target}` }
  const proto = lastOf(headers['x-forwarded-proto'])?.toLowerCase()
  const named = lastOf(headers['x-forwarded-host'])
  const scheme = proto === 'https' ? 'https' : 'http'
  const shown = named !== undefined && isHost(named) ? named : host
  return {
    from: clientOf(address, headers, isTrusted),
    isProxied,
    url: `${scheme}://${shown}${target}`,
  }
}

/** From the nearest proxy outwards, as far as each next one is trusted too. */
function clientOf(
  peer: string,
  headers: IncomingHttpHeaders,
  isTrusted: (peer: string) => boolean,
): string {
  let from = peer
  for (const hop of listOf(headers['x-forwarded-for']).toReversed()) {
    const address = plainAddress(hop)
    if (address === undefined) return from
    from = address
    if (!isTrusted(address)) return from
  }
  return from
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

export const isLoopback = (address: string): boolean => {
  const plain = plainAddress(address)
  return plain !== undefined && loopback.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4')
}

/**
 * Whether a Host header names this machine itself. A page in a browser can make its own name point at 127.0.0.1, and then
 * the browser lets it read what it gets; but the Host header still has that name.
 */
export function isLocalHost(host: string | undefined): boolean {
  const name = /^(\[[^\]]*\]|[^:]*)(?::\d{1,5})?$/.exec(host ?? '')?.[1]?.toLowerCase()
  if (name === undefined || name === '') return false
  return name === 'localhost' || isLoopback(name)
}

/** Limits count an IPv6 network of 64 bits as one client: it has no end of addresses. */
export function limitKey(address: string): string {
  if (isIP(address) !== 6) return address
  const [head = '', tail] = address.split('::')
  const groups = head.split(':').filter(Boolean)
  const rest = tail === undefined ? [] : tail.split(':').filter(Boolean)
  const zeros = tail === undefined ? 0 : 8 - groups.length - rest.length
  const all = [...groups, ...Array.from({ length: Math.max(0, zeros) }, () => '0'), ...rest]
  return all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')
}

/** Without brackets, port or zone; an IPv4 address in its IPv6 form as itself. Undefined for what is no address. */
function plainAddress(text: string): string | undefined {
  const bare = text
    .trim()
    .replace(/^\[([^\]]*)\](?::\d{1,5})?$/, '$1')
    .replace(/^([\d.]+):\d{1,5}$/, '$1')
    .replace(/%.*$/s, '')
    .replace(/^::ffff:(?=[\d.]+$)/i, '')
  return isIP(bare) === 0 ? undefined : bare.toLowerCase()
}

const listOf = (header: string | string[] | undefined): string[] =>
  [header ?? []]
    .flat()
    .join(',')
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)

const lastOf = (header: string | string[] | undefined): string | undefined => listOf(header).at(-1)

const isHost = (text: string): boolean =>
  /^(?:\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::\d{1,5})?$/i.test(text)
