import { describe, expect, it } from 'vitest'
import { failureOf, plantedHttp, plantedRequest } from '../testing/http.ts'
import { startVendor } from '../testing/vendor.ts'
import { readNetworkFault } from './network-faults.ts'
import {
  isPrivateAddress,
  makePublicFetch,
  publicLookup,
  refusePrivate,
  type Resolve,
} from './private-addresses.ts'

const privateOnes = [
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '100.127.255.255',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.8',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::7f00:1',
  '::ffff:127.0.0.1',
  '::ffff:10.0.0.1',
  '::ffff:a9fe:a9fe',
  '64:ff9b::7f00:1',
  '2002:7f00:1::',
  '2001:db8::1',
  'fc00::1',
  'fd12:3456::1',
  'fe80::1',
  'fe80::1%eth0',
  'ff02::1',
]
const publicOnes = ['1.1.1.1', '100.128.0.1', '172.32.0.1', '9.255.255.255', '2606:4700::1111']

describe('an address', () => {
  it.each(privateOnes)('%s is private', (address) => {
    expect(isPrivateAddress(address)).toBe(true)
  })

  it.each(publicOnes)('%s is public', (address) => {
    expect(isPrivateAddress(address)).toBe(false)
  })

  it('IPv4 in the form of IPv6 counts as what it is', () => {
    expect(isPrivateAddress('::ffff:1.1.1.1')).toBe(false)
  })

  it.each([
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://169.254.169.254/latest/meta-data/',
    'https://10.0.0.1:8443/',
  ])('%s is refused before anything is sent', (address) => {
    expect(() => refusePrivate(new URL(address))).toThrow('private network')
  })

  it('a name and a public address are not refused by how they are written', () => {
    for (const address of ['https://example.com', 'https://1.1.1.1']) {
      expect(() => refusePrivate(new URL(address))).not.toThrow()
    }
  })
})

describe('what may go to public addresses alone', () => {
  it('sends nothing to this machine, by number or by name', async () => {
    const vendor = await startVendor()

    for (const url of [vendor.url, vendor.url.replace('127.0.0.1', 'localhost')]) {
      const error = await failureOf(plantedHttp(url, { publicOnly: true }).json(plantedRequest))
      expect(error).toMatchObject({ kind: 'config', outcome: 'not_done', code: 'address_private' })
    }
    expect(vendor.received).toEqual([])
  })

  it('connects to what was judged: a name that answers otherwise the next time gains nothing', async () => {
    const vendor = await startVendor()
    let asked = 0
    const rebinding: Resolve = (_, __, done) =>
      done(null, [{ address: ++asked === 1 ? '1.1.1.1' : '127.0.0.1', family: 4 }])
    const handedOut: unknown[] = []

    const keep = (...answer: unknown[]) => handedOut.push(answer)
    publicLookup(rebinding)('rebinding.example.com', {}, keep)
    const fetchPublic = await makePublicFetch(rebinding)
    const { port } = new URL(vendor.url)
    const target = new URL(`http://rebinding.example.com:${port}/`)
    const second = await fetchPublic(target, {}).catch(readNetworkFault)

    expect(handedOut).toEqual([[null, '1.1.1.1', 4]]) // one answer, which was judged and is used
    expect(second).toMatchObject({ kind: 'config', code: 'address_private' })
    expect(asked).toBe(2)
    expect(vendor.received).toEqual([])
  })

  it('one private address among several refuses the name', async () => {
    const mixed: Resolve = (_, __, done) =>
      done(null, [
        { address: '1.1.1.1', family: 4 },
        { address: '10.0.0.1', family: 4 },
      ])
    const fetchPublic = await makePublicFetch(mixed)

    const error = await fetchPublic(new URL('http://mixed.example.com/'), {}).catch(
      readNetworkFault,
    )

    expect(error).toMatchObject({ kind: 'config', code: 'address_private' })
  })
})
