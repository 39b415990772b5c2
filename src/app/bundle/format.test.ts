import { createSecretKey, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openSealed, pairOf, sealFor } from '../../config/secrets/recipient.ts'
import { temporaryFolder } from '../../testing/state.ts'
import {
  type Carried,
  type Head,
  headText,
  isBundle,
  isCanonical,
  parseBundle,
  readSealed,
  sealContext,
  sealedText,
} from './format.ts'

const key = createSecretKey(randomBytes(32))
const pair = pairOf(key)
const head: Head = {
  madeAt: '2026-11-21T08:00:00.000Z',
  madeBy: '1.0.0',
  recipient: pair.recipient,
  passphrase: { n: 131_072, r: 8, p: 1, salt: 'c2FsdHNhbHRzYWx0c2FsdA' },
}
const config = '\uFEFFversion: 1\r\n\r\nservices: {}\r\n# 海尔\n'
const secrets: Carried = { 'haier.password': { value: 'geheim', expires_at: null } }
const contents = [
  ['services', 'haier'],
  ['not inside', '${file:a\nb}'],
] as const
const whole = headText(head, contents, config, (above) =>
  sealFor(pair.recipient, sealContext(key), sealedText(above, secrets)),
)

/** As `restore` reads it; throws for what it must refuse. */
function read(bytes: Buffer) {
  const bundle = parseBundle(bytes, 'the bundle')
  const plain = isCanonical(bundle.sealed)
    ? openSealed(pair, sealContext(key), bundle.sealed)
    : undefined
  if (!plain) throw new Error('was altered')
  return { ...bundle, secrets: readSealed(plain, bundle, 'the bundle') }
}

it('gives back what went in, byte for byte', () => {
  const { config: back, ...rest } = read(Buffer.from(whole))

  expect(back.toString('utf8')).toBe(config)
  expect(rest).toMatchObject({ ...head, secrets })
  expect(whole).toContain('not inside: ${file:a b}\n')
  expect(whole).not.toContain('geheim')
})

it('is refused with any one byte of it altered, left out or put in', () => {
  const bytes = Buffer.from(whole)
  for (let at = 0; at < bytes.length; at += 1) {
    const [front, byte, back] = [bytes.subarray(0, at), bytes[at] ?? 0, bytes.subarray(at + 1)]
    const flipped = [1, 4, 32].map((bit) => Buffer.concat([front, Buffer.from([byte ^ bit]), back]))
    const longer = Buffer.concat([front, Buffer.from([byte, byte]), back])

    for (const altered of [...flipped, longer, Buffer.concat([front, back])]) {
      expect(() => read(altered), `byte ${at}`).toThrow(/cannot be restored|format|was altered/)
    }
  }
})

it('does not take one that somebody else sealed without the passphrase', () => {
  const forged = headText(head, contents, config, (above) =>
    sealFor(pair.recipient, sealContext(), sealedText(above, secrets)),
  )

  expect(() => read(Buffer.from(forged))).toThrow('was altered')
})

it.each([
  [whole.slice(0, whole.length / 2), 'its end is missing'],
  [`${whole}\n`, 'its end is missing'],
  [whole.replaceAll('\n', '\r\n'), 'its line ends were changed on the way'],
  [whole.replace('bundle-v1', 'bundle-v2'), 'is a bundle of format 2'],
  [whole.replace(/config: \d+ bytes/, 'config: 9999999 bytes'), 'its config is larger than 1 MB'],
  [whole.replace(/scrypt \d+/, 'scrypt x'), 'its line "passphrase" cannot be read'],
  ['caravan-bundle-v1\n\n', 'its line "config" cannot be read'],
  ['SQLite format 3\0', 'A backup is restored with: caravan restore the bundle'],
  ['', 'it is not a bundle'],
])('%# says %j', (text, told) => {
  const fault = (() => {
    try {
      return parseBundle(Buffer.from(text), 'the bundle')
    } catch (error) {
      return error
    }
  })()

  expect(fault).toMatchObject({ code: 'bundle_damaged' })
  expect(`${(fault as Error).message}\n${(fault as { hint: string }).hint}`).toContain(told)
})

it('knows a bundle by how it begins', () => {
  const path = join(temporaryFolder(), 'out.bundle')
  writeFileSync(path, whole)

  expect(isBundle(path)).toBe(true)
  expect(isBundle(import.meta.filename)).toBe(false)
  expect(isBundle('/')).toBe(false)
  expect(isBundle(join(path, 'nowhere'))).toBe(false)
})
