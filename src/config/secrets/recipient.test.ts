import { createSecretKey, randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { openSealed, pairOf, sealFor } from './recipient.ts'

const key = () => createSecretKey(randomBytes(32))
const plain = Buffer.from('ключ 钥匙')

it('opens what was sealed for it, and two seals of the same differ', () => {
  const secret = key()
  const { recipient } = pairOf(secret)

  const [first, second] = [sealFor(recipient, 'slot', plain), sealFor(recipient, 'slot', plain)]

  expect(first).not.toBe(second)
  expect(openSealed(pairOf(secret), 'slot', first)).toEqual(plain)
})

it('opens nothing with another key, under another context, or when any character was altered', () => {
  const pair = pairOf(key())
  const sealed = sealFor(pair.recipient, 'slot', plain)

  expect(openSealed(pairOf(key()), 'slot', sealed)).toBeUndefined()
  expect(openSealed(pair, 'bundle', sealed)).toBeUndefined()
  for (let at = 0; at < sealed.length; at++) {
    const other = sealed[at] === 'A' ? 'B' : 'A'
    const altered = sealed.slice(0, at) + other + sealed.slice(at + 1)
    const opened = openSealed(pair, 'slot', altered)
    // The last bits of a base64url part may say nothing.
    expect(opened ?? plain).toEqual(plain)
  }
})

it.each([
  '',
  'caravan-recipient-v1:',
  'caravan-key-v1:AAAA',
  `caravan-recipient-v1:${'A'.repeat(42)}`,
])('refuses %j as a recipient', (text) => {
  expect(() => sealFor(text, 'slot', plain)).toThrow(/not a recipient/)
})
