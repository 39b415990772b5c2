import { lookup, type LookupAddress, type LookupOptions } from 'node:dns'
import { BlockList, isIP, isIPv6 } from 'node:net'
import { IntegrationError } from '../core/errors.ts'
import type { Fetch } from './proxy.ts'

/**
 * Everything that is not the public internet: this machine, private and shared networks, the link with the metadata
 * services of clouds, examples, multicast, and the IPv6 forms that carry an IPv4 address inside.
 * https://www.iana.org/assignments/iana-ipv4-special-registry and …/iana-ipv6-special-registry
 */
const privateRanges: readonly [net: string, bits: number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
  ['::', 96], // unspecified, loopback, and the old form that ends in an IPv4 address
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['5f00::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
]

const blocked = new BlockList()
for (const [net, bits] of privateRanges) {
  blocked.addSubnet(net, bits, isIPv6(net) ? 'ipv6' : 'ipv4')
}

/** Whether an IP address is not one of the public internet. An IPv4 address in IPv6 form counts as what it is. */
export function isPrivateAddress(address: string): boolean {
  const plain = address.split('%')[0] ?? '' // without the zone of a link-local address
  return blocked.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4')
}

/**
 * Throws for an address that names a private host by number. `URL` has turned every way to write one, such as
 * `2130706433` or `0x7f.1`, into the usual form. A name is judged when it is resolved, in `publicFetch`.
 */
export function refusePrivate({ hostname }: URL): void {
  const host = hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) > 0 && isPrivateAddress(host)) throw refused()
}

const refused = (): IntegrationError =>
  new IntegrationError({
    kind: 'config',
    outcome: 'not_done',
    code: 'address_private',
    message: 'the address leads into a private network',
    hint: 'Nothing was sent. Whoever can write such an address would reach what only this machine may reach.',
  })

/** Of `dns.lookup`, for tests. */
export type Resolve = (
  hostname: string,
  options: LookupOptions & { all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

type Found = (error: Error | null, address: string | LookupAddress[], family?: number) => void

/**
 * A lookup that a connection uses: the addresses it hands out are those it has judged, so that a name which answers
 * differently the next time gains nothing. One private address among them refuses the name.
 */
export const publicLookup =
  (resolve: Resolve = lookup) =>
  (hostname: string, options: LookupOptions, done: Found): void =>
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, '')
      if (addresses.some(({ address }) => isPrivateAddress(address))) return done(refused(), '')
      if (options.all) return done(null, addresses)
      const [first] = addresses
      return first ? done(null, first.address, first.family) : done(refused(), '')
    })

let shared: Promise<Fetch> | undefined

/** A `fetch` that connects to public addresses alone. undici is loaded here, when it is first needed. */
export const publicFetch = (): Promise<Fetch> => (shared ??= makePublicFetch())

export async function makePublicFetch(resolve?: Resolve): Promise<Fetch> {
  const { Agent, fetch } = await import('undici')
  const dispatcher = new Agent({ connect: { lookup: publicLookup(resolve) as never } })
  return (async (input: URL, init: object) => {
    refusePrivate(input)
    return fetch(input, { ...init, dispatcher })
  }) as unknown as Fetch
}
