import { expect, it, onTestFinished } from 'vitest'
import { hasOpenssl, makeCertificate } from '../testing/certificates.ts'
import { createTestClock } from '../testing/clock.ts'
import { project } from '../testing/program.ts'
import { type App, openApp } from './app.ts'
import { endOfCertificate, noteExpiry, parseExpires } from './secret-expiry.ts'
import { listSecrets, setSecret } from './secrets.ts'

const dayMs = 86_400_000

const config = `version: 1
services:
  haier:
    adapter: haier
    proxy: http://user:\${secret:proxy}@proxy.example.com:3128
    config:
      client_id: \${secret:haier.client_id}
      client_secret: Bearer \${secret:haier.client_secret}
      password: \${secret:shared}
      seller_password: \${secret:shared}
      customer_code: "$\${secret:escaped}"
  other:
    adapter: haier
    config: { password: "\${secret:shared}" }
jobs:
  haier-products: { with: { codes: "\${secret:misplaced}" } }
`

/** A project with this config, opened in this process, with a clock of the test. */
async function opened(text = config) {
  const clock = createTestClock()
  const made = await project()
  made.write('integrations.yaml', text)
  const { signal } = new AbortController()
  const app: App = openApp({ env: { USER: 'tester' }, cwd: made.folder, clock, signal })
  onTestFinished(() => app.close())
  return { app, clock }
}

it('names everything that uses a secret, wherever it stands', async () => {
  const { app } = await opened()
  const names = [
    'proxy',
    'haier.client_id',
    'haier.client_secret',
    'shared',
    'escaped',
    'misplaced',
  ]
  for (const name of names) await setSecret(app, name, 'value')

  const users = Object.fromEntries(
    (await listSecrets(app)).map(({ name, used_by }) => [name, used_by]),
  )

  expect(users).toEqual({
    proxy: ['haier'],
    'haier.client_id': ['haier'],
    'haier.client_secret': ['haier'],
    shared: ['haier', 'other'],
    escaped: [],
    misplaced: ['jobs.haier-products.with.codes'],
  })
})

it('tells who changed it, how old it is, and when it was last used', async () => {
  const { app, clock } = await opened()
  await setSecret(app, 'haier.client_id', 'first')
  const first = clock.now().toISOString()
  await clock.advance(3 * dayMs)
  await setSecret(app, 'haier.client_id', 'second')
  const second = clock.now().toISOString()
  await clock.advance(dayMs)
  await (await app.secrets()).read('haier.client_id')

  const [listed] = await listSecrets(app)

  expect(listed).toEqual({
    name: 'haier.client_id',
    used_by: ['haier'],
    created_at: first,
    updated_at: second,
    updated_by: 'tester',
    last_used_at: clock.now().toISOString(),
    expires_at: null,
    flags: [],
  })
})

it.each([
  ['leftover', undefined, 0, 0, ['unused']],
  ['shared', undefined, 0, 0, ['never_used']],
  ['shared', undefined, 1, 90, []],
  ['shared', undefined, 1, 91, ['idle']],
  ['shared', 31, 1, 0, []],
  ['shared', 30, 1, 0, ['expires_soon']],
  ['shared', 5, 1, 5, ['expired']],
  ['leftover', 5, 0, 6, ['expired', 'unused']],
])(
  '%s that ends after %s days, used %i times, is after %i days %j',
  async (name, ends, uses, after, flags) => {
    const { app, clock } = await opened()
    const at = ends === undefined ? undefined : new Date(clock.now().getTime() + ends * dayMs)
    await setSecret(app, name, 'value', at?.toISOString())
    if (uses > 0) await (await app.secrets()).read(name)
    await clock.advance(after * dayMs)

    const [listed] = await listSecrets(app)

    expect(listed?.flags).toEqual(flags)
  },
)

it('keeps what the vendor tells of a credential that ends, until its value is replaced', async () => {
  const { app } = await opened()
  for (const name of ['haier.client_id', 'shared']) await setSecret(app, name, 'value')
  const at = new Date('2026-09-01T00:00:00Z')
  const ends = async () => {
    const listed = await listSecrets(app)
    return Object.fromEntries(listed.map(({ name, expires_at }) => [name, expires_at]))
  }

  await noteExpiry(app, 'haier', [
    { field: 'client_id', at },
    { field: 'client_secret', at }, // text around the secret: it is not the secret that ends
    { field: 'customer_code', at },
    { field: 'unheard_of', at },
    { field: 'password', at: new Date(Number.NaN) },
  ])
  await noteExpiry(app, 'haier', undefined)
  await noteExpiry(app, 'nobody', [{ field: 'client_id', at }])
  const noted = await ends()
  await setSecret(app, 'haier.client_id', 'another')

  expect(noted).toEqual({ 'haier.client_id': at.toISOString(), shared: null })
  expect(await ends()).toEqual({ 'haier.client_id': null, shared: null })
})

it.skipIf(!hasOpenssl())(
  'reads from a certificate when it ends; of a chain, the first',
  async () => {
    const { app } = await opened()
    const good = makeCertificate('one.example.com')
    const old = makeCertificate('two.example.com', { expired: true })
    const end = endOfCertificate(good.cert)

    const chain = await setSecret(app, 'chain', `${good.key}${good.cert}${old.cert}`)
    const told = await setSecret(app, 'told', good.cert, '2026-03-02')

    expect(end?.getTime()).toBeGreaterThan(Date.now())
    expect(chain.expiresAt).toBe(endOfCertificate(old.cert)?.toISOString())
    expect(told.expiresAt).toBe('2026-03-02T00:00:00.000Z')
    expect(endOfCertificate(good.key)).toBeUndefined()
  },
)

it.each(['', 'not a certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'])(
  'finds no end in %j',
  (value) => {
    expect(endOfCertificate(value)).toBeUndefined()
  },
)

it.each([
  '2027-1-31',
  '2027-02-30',
  '2027-02-30T00:00:00Z',
  'tomorrow',
  '1800000000',
  '2027-01-31T18:00',
])('%s is no day', (text) => {
  expect(() => parseExpires(text)).toThrow(`--expires ${text} is no day`)
})
