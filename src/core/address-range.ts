/** Addresses and ranges of them, as they stand in a config: `203.0.113.7`, `203.0.113.0/24`, `2001:db8::/32`. */
import { BlockList, isIP } from 'node:net'

export const isAddressRange = (text: string): boolean => parse(text) !== undefined

/** Whether an address lies in one of the ranges; an IPv4 address in its IPv6 form counts as itself. */
export function makeRangeCheck(ranges: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const range of ranges) {
    const { net, bits, family } = parse(range) ?? unreadable(range)
    list.addSubnet(net, bits, family)
  }
  return (address) => {
    const plain = address.replace(/^::ffff:(?=[\d.]+$)/i, '')
    const version = isIP(plain)
    return version !== 0 && list.check(plain, version === 6 ? 'ipv6' : 'ipv4')
  }
}

function parse(text: string): { net: string; bits: number; family: 'ipv4' | 'ipv6' } | undefined {
  const [net = '', length, ...rest] = text.split('/')
  const version = isIP(net)
  if (version === 0 || rest.length > 0 || net.includes('%')) return undefined
  const most = version === 6 ? 128 : 32
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return undefined
  const bits = length === undefined ? most : Number(length)
  return bits > most ? undefined : { net, bits, family: version === 6 ? 'ipv6' : 'ipv4' }
}

function unreadable(range: string): never {
  throw new Error(`${range} is no address and no range`)
}
