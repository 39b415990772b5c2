import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Secret } from '../core/secret.ts'
import { createRedactor } from './redact.ts'

const secret = 'p/ss+w"ö rd&1'

describe('by value', () => {
  const bytes = Buffer.from(secret)
  it.each([
    ['plain', secret],
    ['JSON', JSON.stringify({ a: secret })],
    ['JSON in JSON', JSON.stringify({ a: JSON.stringify({ a: secret }) })],
    ['URL', encodeURIComponent(secret)],
    ['form', new URLSearchParams({ a: secret }).toString()],
    ['base64', bytes.toString('base64')],
    ['base64url', bytes.toString('base64url')],
    ['Basic header', Buffer.from(`user:${secret}`).toString('base64')],
    ['hex', bytes.toString('hex')],
  ])('%s', (_, shown) => {
    const text = createRedactor([secret]).text(`before ${shown} after`)

    expect(text).toContain('***')
    expect(text).toMatch(/^before .* after$/)
    expect(text).not.toContain(shown)
  })

  it('hides the secret at any place of a Basic header', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), (user) => {
        const shown = Buffer.from(`${user}:a-long-password:x`).toString('base64')

        const text = createRedactor(['a-long-password']).text(shown)

        expect(Buffer.from(text, 'base64').toString()).not.toContain('long-passw')
        expect(text).toContain('***')
      }),
    )
  })

  it('learns secrets that come later, and forgets the oldest of many', () => {
    const redactor = createRedactor(['given-secret'])
    for (let n = 0; n < 60; n++) redactor.learn(`token-number-${n}-`)

    expect(redactor.text('given-secret token-number-59-')).toBe('*** ***')
    expect(redactor.text('token-number-0-')).toBe('token-number-0-')
  })
})

describe('cutting', () => {
  it('never leaves a part of a secret at the end, wherever the cut falls', () => {
    const redactor = createRedactor(['ABCDEFGHIJKLMNOP'])
    for (let before = 460; before < 520; before++) {
      const answer = `${'.'.repeat(before)}ABCDEFGHIJKLMNOP${'.'.repeat(before)}`

      const excerpt = redactor.excerpt(answer, 500)

      expect(excerpt).not.toContain('A')
      expect(excerpt.length).toBeLessThanOrEqual(501)
    }
  })

  it('keeps 16 384 characters of a request', () => {
    const json = createRedactor(['secret-value']).json({ text: 'x'.repeat(50_000) })

    expect(json).toHaveLength(16_385)
  })
})

describe('by name', () => {
  it('hides secrets, and masks personal data in texts, numbers, lists and objects', () => {
    const json = createRedactor([]).json({
      client_secret: 'a',
      accessToken: { value: 'b' },
      password: 12345678,
      given: new Secret('c'),
      phone: 79161234567,
      emails: ['ivan@mail.ru'],
      address: { city: 'Moscow, Tverskaya', flat: 7 },
      consigneeMobile: '13811112222',
      name: 'Kettle',
    })

    expect(JSON.parse(json)).toEqual({
      client_secret: '***',
      accessToken: '***',
      password: '***',
      given: '***',
      phone: '791…67',
      emails: ['iv…@mail.ru'],
      address: { city: 'Mos…ya', flat: '…' },
      consigneeMobile: '138…22',
      name: 'Kettle',
    })
  })

  it('hides the values of a message, and keeps what became of it but for the numbers', () => {
    const json = createRedactor([]).json({
      params: { code: '437091', minutes: 5 },
      recipients: [{ to: '+8618501234444', status: 'accepted', messageId: '5000:1' }],
      sent: { params: ['437091'], recipients: ['+8618501234444'] },
    })

    expect(JSON.parse(json)).toEqual({
      params: { code: '***', minutes: '***' },
      recipients: [{ to: '+86…44', status: 'accepted', messageId: '5000:1' }],
      sent: { params: ['***'], recipients: ['+86…44'] },
    })
  })

  it('writes bytes as their number, and what is not JSON without failing', () => {
    const circle: Record<string, unknown> = { big: 10n }
    const { json } = createRedactor([])

    expect(json({ ...circle, file: Buffer.from('abc') })).toBe('{"big":"10","file":"3 bytes"}')
    circle.circle = circle
    expect(json(circle)).toBe('"not JSON"')
  })
})
