import fc from 'fast-check'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { secret } from '../core/secret.ts'
import type { Catalogue } from './checks.ts'
import { parseConfig } from './document.ts'
import { maskBroken, maskConfig } from './mask.ts'
import { fillMasked } from './unmask.ts'

const account = z.object({
  user: z.string(),
  pass: secret('Password of the account'),
})
const vendor = z.object({
  base_url: z.string().optional(),
  token_url: z.string().optional(),
  key: secret('Key').optional(),
  pin: secret('PIN').optional(),
  accounts: z.array(account).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  either: z.union([z.string(), account]).optional(),
})
const catalogue: Catalogue = {
  adapterIds: ['vendor'],
  jobIds: ['job'],
  configSchemaOf: async (id) => (id === 'vendor' ? vendor : undefined),
  optionsSchemaOf: async (id) =>
    id === 'job' ? z.object({ region: z.string().optional() }) : undefined,
}

/** Every value with "canary" in it is one that must not be kept. */
const planted = `version: 1
state: postgres://caravan:canary-01@db.example/state # at home
unknown_top: canary-02
services:
  # key: canary-03
  #   canary-04 goes on
  # pin = canary-05
  # accounts: [{ user: a, pass: canary-06 }]
  vendor:
    adapter: vendor
    pasword: canary-07
    timeout: 10s   # password: canary-08
    proxy: http://user:canary-09@proxy.example:3128
    config:
      base_url: https://hook.example/send?access_token=canary-10&x=1
      token_url: https://api.example/token # not secret, whatever its name
      key: canary-11   # it was canary-11 before
      pin: 73310071
      kee: "canary \\"12\\""
      accounts:
        - user: anna
          pass: 'canary-13'
        - { user: bob, pass: canary-14 }
      headers: { Accept: text/plain, Authorization: canary-15 }
      either: { user: c, pass: canary-16 }
  folded:
    adapter: vendor
    config:
      key: >-
        canary-17
        canary-18

      # between
      pin: |
        canary-19
        canary-20
      base_url: https://api.example
  mixed: { adapter: vendor, config: { key: "\${KEY:-canary-21}", pin: "canary-22\${PIN}" } }
  kept: { adapter: vendor, config: { key: "\${KEY}", pin: "\${secret:vendor.pin}" } }
  nobody-knows:
    adapter: other
    config:
      login: canary-23
      list: [canary-24, { deep: canary-25 }]
      open: \${secret:other.token}
      flag: true
# sms:
#   adapter: vendor
#   config:
#     key: |
#       canary-26
#       canary-27
#     pin: \${secret:sms.pin}
#     token_url: https://api.example/token
jobs:
  job: { with: { region: north, token: canary-28 } }
  strange: { with: { x: canary-29 } }
`

const kept = [
  'state: postgres://caravan:***@db.example/state # at home',
  '  # pin = ***',
  'timeout: 10s   # password: ***',
  'proxy: http://user:***@proxy.example:3128',
  'base_url: https://hook.example/send?access_token=***&x=1',
  'token_url: https://api.example/token # not secret, whatever its name',
  'key: "***"   # it was *** before',
  'pin: "***"',
  '  # between',
  '{ Accept: text/plain, Authorization: "***" }',
  'kept: { adapter: vendor, config: { key: "${KEY}", pin: "${secret:vendor.pin}" } }',
  'open: ${secret:other.token}',
  'flag: true',
  '#     pin: ${secret:sms.pin}',
  '#     token_url: https://api.example/token',
  'with: { region: north, token: "***" }',
]

it.each([
  ['as it is', (text: string) => text],
  ['with a byte order mark', (text: string) => `\uFEFF${text}`],
  ['with CRLF', (text: string) => text.replaceAll('\n', '\r\n')],
  ['without a last line end', (text: string) => text.trimEnd()],
])('keeps no secret, and every other byte, %s', async (_, shape) => {
  const text = shape(planted)

  const masked = await maskConfig(text, 'file', catalogue)

  expect(masked.text).not.toMatch(/canary|73310071/)
  expect(JSON.stringify(masked.tree)).not.toMatch(/canary|73310071/)
  expect(parseConfig(masked.text.replace('\uFEFF', ''), 'file').tree).toEqual(masked.tree)
  for (const line of kept) expect(masked.text).toContain(line)
  const untouched = text.split('\n').filter((line) => !/canary|73310071|key: >-|pin: \|/.test(line))
  const lines = new Set(masked.text.split('\n'))
  expect(untouched.filter((line) => !lines.has(line))).toEqual([])
})

it('changes nothing where nothing is to be hidden', async () => {
  const text =
    'version: 1\nservices: # none\n  kept: { adapter: vendor, config: { key: "${KEY}" } }\n'

  expect(await maskConfig(text, 'file', catalogue)).toMatchObject({ text, isMasked: false })
})

it('hides by name what is no YAML at all', async () => {
  const broken = planted.replace('version: 1', 'version: [1')

  const masked = await maskBroken(broken, catalogue)

  expect(masked).toContain('adapter: vendor')
  expect(masked).toContain('base_url: https://api.example')
  const hidden = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]
  const left = hidden.filter((number) =>
    masked.includes(`canary-${String(number).padStart(2, '0')}`),
  )
  expect(left).toEqual([])
})

it.each([
  [
    'a key that was pasted without indentation',
    'key: |\n-----BEGIN KEY-----\ncanary+ab==\nProc-Type: 4,canary\n\ncanary\n-----END KEY-----',
  ],
  ['a quote that is not closed', 'key: "canary\ncanary\n  canary'],
  ['a value on the next line', 'key:\n      canary'],
  ['a list as deep as its key', 'key:\n      - canary\n      - canary'],
  ['a group over several lines', '{ key:\n "canary",\npin\n : canary, ['],
  ['tabs', 'key:\n\t canary\n\tcanary: canary'],
  ['an anchor', 'base_url: &canary canary\n      key: *canary'],
  ['a mistyped key', 'kee:\n      canary'],
])('hides in a file that is no YAML: %s', async (_, lines) => {
  const text = `version: 1\nservices:\n  a:\n    adapter: vendor\n    config:\n      ${lines}\n      base_url: x\n  b:\n    adapter: vendor\nbroken: [\n`
  expect(() => parseConfig(text, 'file')).toThrow('cannot be read as YAML')

  for (const shape of [text, text.replaceAll('\n', '\r\n')]) {
    const masked = await maskBroken(shape, catalogue)

    expect(masked.replaceAll(/[&*]canary/g, '')).not.toContain('canary')
    expect(masked.match(/adapter: vendor/g)).toHaveLength(2)
    expect(masked).toContain('base_url: x')
  }
})

it('is not kept busy by a long line, or by many', async () => {
  const long = ['x:{', 'pin_', '} ', 'a\n', '# a\n'].map((piece) => `[${piece.repeat(100_000)}`)

  for (const text of long) expect(await maskBroken(text, catalogue)).toHaveLength(text.length)
})

it('hides a password that YAML takes for a group, and one with an @ in an address', async () => {
  const text = `version: 1
services:
  a:
    adapter: vendor
    proxy: http://user:canary@canary@proxy.example:3128
    config: { key: {canary}, base_url: "https://api.example/?client_secret=canary&x=1" }
`

  const masked = await maskConfig(text, 'file', catalogue)

  expect(masked.text + JSON.stringify(masked.tree)).not.toContain('canary')
  expect(masked.text).toContain('proxy: http://user:***@proxy.example:3128')
  expect(masked.text).toContain('key: "***"')
})

it('gives the same file back from the one it was masked from', async () => {
  const { text } = await maskConfig(planted, 'file', catalogue)

  const filled = fillMasked(text, { text: planted, masked: text })

  expect(filled.missing).toEqual([])
  expect(parseConfig(filled.text, 'file').tree).toEqual(parseConfig(planted, 'file').tree)
  // Text over several lines comes back on one; all else byte by byte.
  const lines = new Set(filled.text.split('\n'))
  const other = planted
    .split('\n')
    .filter((line) => !/(key: >-|pin: \||canary-(17|18|19|20))/.test(line))
  expect(other.filter((line) => !lines.has(line))).toEqual([])
})

it('names the fields that nobody knows a value for', async () => {
  const { text } = await maskConfig(
    'version: 1\nservices:\n  a: { adapter: vendor, config: { key: canary, pin: canary } }\n',
    'file',
    catalogue,
  )
  const now = 'version: 1\nservices:\n  a: { adapter: vendor, config: { key: "${KEY}" } }\n'

  const filled = fillMasked(text, { text: now, masked: now })

  expect(filled.missing).toEqual(['services.a.config.pin'])
  expect(filled.text).toContain('key: "${KEY}"')
  expect(fillMasked(text, undefined).missing).toHaveLength(2)
})

/** `CARAVAN_SEED` repeats a run. */
const seed = Number(process.env.CARAVAN_SEED ?? Date.now() % 1_000_000)
const numRuns = process.env.CARAVAN_FAULTS === 'long' ? 1000 : 150

it(`hides any secret however it is written, and brings it back (seed ${seed})`, async () => {
  const value = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
    .map((text) => `canary${text}`)
  const written = fc.tuple(value, fc.constantFrom('plain', 'double', 'single', 'flow'))
  await fc.assert(
    fc.asyncProperty(written, written, async ([key, keyStyle], [pin, pinStyle]) => {
      const body = [
        `key: ${quote(key, keyStyle)} # first`,
        `pin: ${quote(pin, pinStyle)}`,
        'base_url: https://api.example',
      ]
      const text = `version: 1\nservices:\n  a:\n    adapter: vendor\n    config:\n${body
        .map((line) => `      ${line}\n`)
        .join('')}`
      const { tree } = parseConfig(text, 'file')

      const masked = await maskConfig(text, 'file', catalogue)
      const filled = fillMasked(masked.text, { text, masked: masked.text })

      expect(masked.text).not.toContain('canary')
      expect(masked.text).toContain(' # first\n')
      expect(parseConfig(filled.text, 'file').tree).toEqual(tree)
      expect(filled.text).toBe(text)
    }),
    { seed, numRuns },
  )
})

function quote(value: string, style: string): string {
  if (style === 'single' && !/[\n\r\u0085\u2028\u2029]/.test(value))
    return `'${value.replaceAll("'", "''")}'`
  if (style === 'plain' && /^[\w.-]+$/.test(value)) return value
  return JSON.stringify(value)
}
