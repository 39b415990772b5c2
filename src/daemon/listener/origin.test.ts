import { expect, it } from 'vitest'
import { makeRangeCheck } from '../../core/address-range.ts'
import { isLocalHost, isLoopback, limitKey, originOf } from './origin.ts'

const isTrusted = makeRangeCheck(['10.0.0.0/8', '127.0.0.1', 'fd00::/8'])
const seen = (peer: string, headers: Record<string, string>) =>
  originOf(
    { peer, target: '/hooks/sms?id=1', headers: { host: 'caravan.internal:8787', ...headers } },
    isTrusted,
  )

const forwarded = {
  'x-forwarded-for': '203.0.113.7',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'hooks.example.com',
}

it('believes a trusted proxy about the client and the address it called', () => {
  expect(seen('10.1.2.3', forwarded)).toEqual({
    from: '203.0.113.7',
    isProxied: true,
    url: 'https://hooks.example.com/hooks/sms?id=1',
  })
  expect(seen('::ffff:10.1.2.3', forwarded)).toMatchObject({ from: '203.0.113.7' })
})

it('believes nobody else', () => {
  expect(seen('203.0.113.9', forwarded)).toEqual({
    from: '203.0.113.9',
    isProxied: false,
    url: 'http://caravan.internal:8787/hooks/sms?id=1',
  })
})

it.each([
  ['198.51.100.1, 203.0.113.7', '203.0.113.7'],
  ['203.0.113.7, 10.9.9.9', '203.0.113.7'],
  ['198.51.100.1, 203.0.113.7, 10.9.9.9, fd00::1', '203.0.113.7'],
  ['203.0.113.7, nonsense', '10.1.2.3'],
  ['', '10.1.2.3'],
  ['203.0.113.7:4711', '203.0.113.7'],
  ['[2001:db8::7]:4711', '2001:db8::7'],
  ['10.0.0.1', '10.0.0.1'],
])('X-Forwarded-For: %s comes from %s', (header, from) => {
  expect(seen('10.1.2.3', { 'x-forwarded-for': header }).from).toBe(from)
})

it.each([
  ['javascript', 'evil.example/path', 'http://caravan.internal:8787/hooks/sms?id=1'],
  ['HTTPS', 'hooks.example.com:8443', 'https://hooks.example.com:8443/hooks/sms?id=1'],
  ['http, https', 'a.example, b.example', 'https://b.example/hooks/sms?id=1'],
])('reads %s and %s', (proto, host, url) => {
  const headers = { 'x-forwarded-proto': proto, 'x-forwarded-host': host }
  expect(seen('127.0.0.1', headers).url).toBe(url)
})

it('knows its own machine by every name it has, and by no other', () => {
  const local = ['localhost', 'LOCALHOST:8787', '127.0.0.1:1', '127.9.9.9', '[::1]:8787', '[::1]']
  const strange = [
    undefined,
    '',
    'localhost.example',
    '127.0.0.1.example',
    '[::2]',
    '10.0.0.1',
    'a@localhost',
  ]

  expect(local.filter((host) => !isLocalHost(host))).toEqual([])
  expect(strange.filter(isLocalHost)).toEqual([])
  expect(['127.0.0.1', '::1', '::ffff:127.0.0.1'].filter((one) => !isLoopback(one))).toEqual([])
  expect(['0.0.0.0', '::', '192.168.0.1', ''].filter(isLoopback)).toEqual([])
})

it('counts a network of IPv6 as one client', () => {
  const same = ['2001:db8:0:1::1', '2001:0db8:0000:0001:ffff:ffff:ffff:ffff', '2001:db8:0:1:2::3']

  expect(new Set(same.map(limitKey)).size).toBe(1)
  expect(limitKey('2001:db8:0:2::1')).not.toBe(limitKey('2001:db8:0:1::1'))
  expect(limitKey('203.0.113.7')).toBe('203.0.113.7')
})
