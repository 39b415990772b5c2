import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { haierProject, project } from '../../testing/program.ts'

type Source = { layer: string; detail: string; value: unknown; line: number | null }
type Key = {
  key: string
  value: unknown
  source: Source
  overridden: Source[]
  fault: string | null
  about: string | null
}
type Answer = {
  key: string
  keys: Key[]
  config: { file: string; found_by: string; unused: object[] }
}

const text = `version: 1
timezone: Asia/Shanghai
services:
  haier:
    adapter: haier
    timeout: 10s
    proxy: http://user:canary-proxy@proxy.example:3128
    config:
      client_id: canary-plain
      client_secret: \${CLIENT_SECRET:-canary-fallback}
      customer_code: "8800633175"
      password: \${secret:haier.password}
      seller_password: \${file:seller.txt}
      county_code: \${COUNTY:-110101}
      supplier_code: \${NO_CODE}
      send_to_code: "88\${COUNTY}"
jobs:
  haier-products: { with: { prices: true } }
`

async function explained() {
  const made = await project()
  made.write('integrations.yaml', text)
  made.write('seller.txt', 'canary-file\n')
  await made.run('secret set haier.password', { stdin: 'canary-stored' })
  const one = async (key: string, env = {}): Promise<Key> => {
    const { code, out, err } = await made.run(`config explain ${key} --json`, { env })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).not.toContain('canary')
    const [found] = (JSON.parse(out) as Answer).keys
    if (!found) throw new Error(`nothing about ${key}`)
    return found
  }
  return { ...made, one }
}

it('names the layer of a value and where else it is set', async () => {
  const { one } = await explained()
  const of = (key: string, env = {}) => one(`services.haier.${key}`, env)

  expect(await of('timeout')).toMatchObject({
    value: '10s',
    source: { layer: 'file', detail: 'integrations.yaml:6:14', line: 6, column: 14 },
    overridden: [{ layer: 'adapter', value: '30s' }],
    about: 'For one HTTP request',
  })
  expect(await of('retry.attempts')).toMatchObject({ value: 3, source: { layer: 'caravan' } })
  expect(await of('rate_limit.per_second')).toMatchObject({ source: { layer: 'adapter' } })
  expect(await of('proxy')).toMatchObject({ value: 'http://user:***@proxy.example:3128' })
  expect(await of('config.client_id')).toMatchObject({ value: '***', source: { layer: 'file' } })
  expect(await of('config.environment')).toMatchObject({
    value: 'production',
    source: { layer: 'adapter', detail: 'default of the adapter haier' },
  })
  expect(await of('config.base_url')).toMatchObject({ value: null, source: { layer: 'not set' } })
  expect(await one('jobs.haier-products.with.prices')).toMatchObject({
    value: true,
    overridden: [{ layer: 'job', value: false }],
  })
  expect(await one('jobs.haier-products.timezone')).toMatchObject({
    value: 'Asia/Shanghai',
    source: { layer: 'file', detail: 'timezone, integrations.yaml:2:11' },
    overridden: [{ layer: 'caravan', value: 'UTC' }],
  })
  expect(await one('retention.max_size')).toMatchObject({
    value: '2GB',
    source: { layer: 'caravan' },
  })
  expect(await one('state')).toMatchObject({ value: './caravan.db', source: { layer: 'caravan' } })
})

it('looks through placeholders, and shows no secret behind them', async () => {
  const { one } = await explained()
  const of = (key: string, env = {}) => one(`services.haier.config.${key}`, env)

  expect(await of('county_code')).toMatchObject({
    value: '110101',
    source: { layer: 'default in the file', line: 14 },
    overridden: [{ layer: 'adapter', value: '110101' }],
  })
  expect(await of('county_code', { COUNTY: '370200' })).toMatchObject({
    value: '370200',
    source: { layer: 'environment', detail: expect.stringContaining('variable COUNTY') },
    overridden: [{ layer: 'default in the file', value: '110101' }, { layer: 'adapter' }],
  })
  expect(await of('client_secret', { CLIENT_SECRET: 'canary-env' })).toMatchObject({
    value: '***',
    source: { layer: 'environment' },
    overridden: [{ layer: 'default in the file', value: '***' }],
  })
  expect(await of('password')).toMatchObject({ value: '***', source: { layer: 'secret store' } })
  expect(await of('seller_password')).toMatchObject({
    value: '***',
    source: { layer: 'value file' },
  })
  expect(await of('supplier_code')).toMatchObject({
    value: null,
    source: { layer: 'environment' },
    overridden: [{ layer: 'adapter', value: '1001' }],
    fault: 'the environment variable NO_CODE is not set',
  })
  expect(await of('send_to_code', { COUNTY: '1' })).toMatchObject({
    value: '881',
    source: { layer: 'file', detail: expect.stringContaining('with variable COUNTY') },
  })
})

it('needs no key, and says whether a secret is there', async () => {
  const { one, file } = await explained()
  rmSync(file('caravan.key'))

  expect(await one('services.haier.config.password')).toMatchObject({
    value: '***',
    source: { layer: 'secret store' },
    fault: null,
  })
})

it('names a credential only when it is there, and the proxy that a request would take', async () => {
  const { one, file } = await explained()
  mkdirSync(file('credentials'))
  const env = { CREDENTIALS_DIRECTORY: file('credentials') }

  expect(await one('key_file', env)).toMatchObject({ source: { layer: 'caravan' } })
  writeFileSync(file('credentials/caravan-key'), '')
  expect(await one('key_file', env)).toMatchObject({ source: { layer: 'systemd credential' } })
  const { source, overridden } = await one('services.haier.proxy', { HTTP_PROXY: 'http://p:1' })
  expect([source, ...overridden]).toMatchObject([{ layer: 'file' }])
})

it("the operator's switch is above the file", async () => {
  const { run, json } = await haierProject()
  await run(['disable', 'haier', '--reason', 'wrong prices'])

  const { keys } = await json<Answer>('config explain services.haier.enabled')

  expect(keys).toMatchObject([
    {
      value: false,
      source: { layer: 'switch', detail: expect.stringMatching(/^by tester, .*; wrong prices$/) },
      overridden: [{ layer: 'caravan', value: true }],
    },
  ])
})

it('lists a group, every key of the file, and the files that are not used', async () => {
  const { run, json, file, write, read } = await haierProject()
  const other = join(file('..'), 'xdg')
  mkdirSync(join(other, 'caravan'), { recursive: true })
  writeFileSync(join(other, 'caravan/integrations.yaml'), 'version: 1\n')
  write('named.yaml', read('integrations.yaml'))

  const group = await run('config explain services.haier')
  const all = await json<Answer>('config explain')
  const named = await run('--config named.yaml config explain state', {
    env: { XDG_CONFIG_HOME: other },
  })

  expect(group.code).toBe(0)
  expect(group.out).toMatch(/^KEY +VALUE +FROM\nservices.haier.adapter +haier +the file, /)
  expect(group.out).toMatch(
    /config.client_secret +\*\*\* +secret store, secret haier.client_secret/,
  )
  expect(group.err).toMatch(/^\d+ more keys are not set/)
  expect(all.keys.map(({ key }) => key)).toEqual(
    expect.arrayContaining(['version', 'alerts.cooldown', 'jobs.1c-catalog.with.price_types']),
  )
  expect(all.config.unused).toEqual([])
  expect(named.out).toContain(`${file('named.yaml')} (--config)`)
  expect(named.out).toMatch(/not used +\/.*\/integrations.yaml \(this folder\)\n/)
  expect(named.out).toContain('xdg/caravan/integrations.yaml (XDG_CONFIG_HOME)')
})

it.each([
  ['services.haier.timeou', 'services.haier.timeout'],
  ['services.haeir.config.pasword', 'services.haier.config.password'],
  ['services.haier.client_id', 'services.haier.config.client_id'],
  ['haier.timeout', 'services.haier.timeout'],
  ['retension.max_size', 'retention.max_size'],
])('%s is no key; %s is', async (wrong, right) => {
  const { run } = await haierProject()

  const { code, out, err } = await run(`config explain ${wrong}`)

  expect({ code, out }).toEqual({ code: 10, out: '' })
  expect(err).toContain(`Did you mean ${right}?`)
})
