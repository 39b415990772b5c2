import { expect, it } from 'vitest'
import { z } from 'zod'
import { exitOf } from '../core/errors.ts'
import { secret } from '../core/secret.ts'
import { formatFaults } from './faults.ts'
import { loadConfig, readConfig } from './load.ts'
import type { Catalogue } from './load.ts'
import { resolveService } from './resolve.ts'

const haier = z.object({
  environment: z.enum(['production', 'test']).default('test'),
  base_url: z.url().default('https://openplat.haier.com'),
  customer_code: z.string(),
  page_size: z.int().min(1).max(100).default(20),
  password: secret('password of the account'),
})
const options = z.object({ prices: z.boolean().default(true), pages: z.int().optional() })
const catalogue: Catalogue = {
  adapterIds: ['haier', 'tencent-sms'],
  jobIds: ['haier-products', '1c-customers'],
  kindIds: ['supplier', 'sms'],
  configSchemaOf: async (id) =>
    id === 'haier' ? haier : id === 'tencent-sms' ? z.object({}) : undefined,
  optionsSchemaOf: async (id) => (id === 'haier-products' ? options : undefined),
  toldPerRun: async (id) => (id === '1c-customers' ? ['paths'] : []),
}
const sourcesOf = (env: Record<string, string> = {}, files: Record<string, string> = {}) => ({
  env,
  readFile: async (path: string) => files[path],
})
const file = '/etc/caravan/integrations.yaml'
const bytes = (text: string) => Buffer.from(text)
const read = (text: string, env = {}) => readConfig(bytes(text), file, catalogue, sourcesOf(env))
const faultsOf = async (text: string, env = {}) =>
  formatFaults(file, (await read(text, env)).faults)
const service = (lines: string) => `version: 1\nservices:\n  haier:\n    adapter: haier\n${lines}`

it('reads the smallest file with every default', async () => {
  const { config, faults } = await loadConfig(bytes('version: 1\n'), file, catalogue, sourcesOf())

  expect(faults).toEqual([])
  expect(config).toMatchObject({
    state: './caravan.db',
    timezone: 'UTC',
    services: {},
    jobs: {},
    alerts: { channels: [], cooldown: 900_000 },
    retention: { calls: 2_592_000_000, max_size: 2_000_000_000 },
  })
})

it('a job that each run has to be told something is refused a schedule, and nothing else', async () => {
  const text = 'version: 1\njobs:\n  1c-customers: { schedule: "0 3 * * *" }\n'

  expect(await faultsOf(text)).toContain(
    'integrations.yaml:3:19  jobs.1c-customers.schedule: 1c-customers cannot be scheduled: each run is told its paths',
  )
  expect(await faultsOf('version: 1\njobs:\n  1c-customers: { overlap: queue }\n')).toBe('')
})

it.each([
  ['127.0.0.1:65535', 0],
  ['127.0.0.1:65536', 1],
  ['[::1]:99999', 1],
])('listen: %s has %i faults', async (listen, count) => {
  const { faults } = await read(`version: 1\nlisten: "${listen}"\n`)

  expect(faults).toHaveLength(count)
})

it('reads a full file; placeholders of a config stay, others are resolved', async () => {
  const text = `version: 1
state: \${STATE:-./x.db}
services:
  haier:
    adapter: haier
    enabled: \${HAIER_ON}
    timeout: 10s
    proxy: http://user:\${secret:proxy}@proxy.example:3128
    config: { customer_code: "8800633175", page_size: "\${SIZE}", password: "\${secret:haier.password}" }
  sms: { adapter: tencent-sms, priority: 2, enabled: false }
jobs:
  haier-products: { schedule: "0 3 * * *", with: { pages: "\${PAGES}" } }
alerts:
`
  const { config } = await loadConfig(
    bytes(text),
    file,
    catalogue,
    sourcesOf({ HAIER_ON: 'false', PAGES: '7' }),
  )

  expect(config.state).toBe('./x.db')
  expect(config.services.haier).toMatchObject({
    enabled: false,
    timeout: 10_000,
    proxy: 'http://user:${secret:proxy}@proxy.example:3128',
    config: { customer_code: '8800633175', page_size: '${SIZE}' },
  })
  expect(config.services.sms).toMatchObject({ priority: 2, weight: 100, config: {} })
  expect(config.jobs['haier-products']?.with).toEqual({ pages: 7 })
})

it('shows every fault at once, with line, column and the nearest right word', async () => {
  const text = `version: 2
timezone: Peking
servces: {}
services:
  haier:
    adapter: haier
    timeout: 10 seconds
    config:
      custmer_code: "8800633175"
      environment: prodction
      page_size: many
      password: 12345678
  sms-main:
    adapter: tencent-smss
    priority: high
  Bad Name: { adapter: tencent-sms }
jobs:
  haier-product: { schedule: "0 3 * * *" }
  haier-products: { schedule: "0 3 * *", with: { price: true } }
  1c-customers: { with: { a: 1 } }
`
  const error = await loadConfig(bytes(text), file, catalogue, sourcesOf()).catch(
    (thrown) => thrown,
  )

  expect(exitOf(error)).toBe('config')
  expect(error.code).toBe('config_invalid')
  expect(error.message).not.toContain('12345678')
  expect(error.message).toMatchInlineSnapshot(`
    "/etc/caravan/integrations.yaml has 16 faults:
    integrations.yaml:1:10  version: must be 1
    integrations.yaml:2:11  timezone: must be an IANA time zone, such as Asia/Shanghai
    integrations.yaml:3:1  servces: unknown key; did you mean services?
    integrations.yaml:7:14  services.haier.timeout: must be a whole number and a unit (ms, s, m, h, d), such as 500ms, 10s, 15m, 2h or 30d
    integrations.yaml:8:5  services.haier.config.customer_code: missing; must be text
    integrations.yaml:9:7  services.haier.config.custmer_code: unknown key; did you mean customer_code?
    integrations.yaml:10:20  services.haier.config.environment: must be production or test; did you mean production?
    integrations.yaml:11:18  services.haier.config.page_size: must be a number, not text
    integrations.yaml:12:17  services.haier.config.password: must be text, not a number: put it in quotes
    integrations.yaml:14:14  services.sms-main.adapter: unknown adapter; did you mean tencent-sms?
    integrations.yaml:15:15  services.sms-main.priority: must be a number, not text
    integrations.yaml:16:3  services.Bad Name: a name is small letters, digits and single hyphens, such as sms-main (at most 64 characters)
    integrations.yaml:18:3  jobs.haier-product: unknown job; did you mean haier-products?
    integrations.yaml:19:31  jobs.haier-products.schedule: must be five cron fields (minute, hour, day, month, weekday), such as "0 3 * * *": it has 4 fields and not five
    integrations.yaml:19:50  jobs.haier-products.with.price: unknown key; did you mean prices?
    integrations.yaml:20:19  jobs.1c-customers.with: this job takes no options"
  `)
})

it('keeps what is sound when something else is broken', async () => {
  const { config, raw, faults } = await read(
    'version: 1\nservices:\n  good: { adapter: tencent-sms }\n  bad: { adapter: tencent-sms, weight: 0 }\n',
  )

  expect(Object.keys(config.services)).toEqual(['good'])
  expect(Object.keys(raw.services as object)).toEqual(['good', 'bad'])
  expect(faults).toHaveLength(1)
})

it('an unset placeholder concerns its service alone', async () => {
  const text =
    'version: 1\nservices:\n  a: { adapter: tencent-sms, timeout: "${T}" }\n  b: { adapter: tencent-sms }\n'

  const { config, faults } = await loadConfig(bytes(text), file, catalogue, sourcesOf())

  expect(Object.keys(config.services)).toEqual(['b'])
  expect(formatFaults(file, faults)).toMatchInlineSnapshot(`
    "integrations.yaml:3:39  services.a.timeout: the environment variable T is not set
      Set it, or give a default: \${T:-…}"
  `)
})

it('an unset placeholder of the whole file stops everything, as missing credentials', async () => {
  const error = await loadConfig(
    bytes('version: 1\nstate: ${DB}\n'),
    file,
    catalogue,
    sourcesOf(),
  ).catch((e) => e)

  expect(error).toMatchObject({ code: 'placeholder_unset' })
  expect(exitOf(error)).toBe('credentials')
})

it.each([
  [
    'a malformed placeholder',
    service('    config: { customer_code: "${secret:}", password: x }\n'),
  ],
  [
    'a placeholder that is not closed',
    service('    config: { customer_code: "${A", password: x }\n'),
  ],
  [
    'a part of a number',
    service('    config: { customer_code: a, password: x, page_size: "${A}0" }\n'),
  ],
  ['a list where text belongs', service('    config: { customer_code: [a], password: x }\n')],
  ['a secret outside a config', 'version: 1\nstate: postgres://u:${secret:db}@h/d\n'],
  ['a missing version', 'timezone: UTC\n'],
  ['a number for a text', service('    config: { customer_code: 8800633175, password: x }\n')],
])('%s is a fault', async (_, text) => {
  expect(await faultsOf(text)).toMatchSnapshot()
})

it.each([
  ['a duplicate key', 'version: 1\nstate: a\nstate: b\n'],
  ['an alias', 'version: 1\nservices:\n  a: &x { adapter: y }\n  b: *x\n'],
  ['a tag', 'version: !!int 1\n'],
  ['a tab', 'version: 1\nservices:\n\ta: 1\n'],
  ['an open bracket', 'version: [1\n'],
  ['an open quote', 'version: 1\nstate: "abc\n'],
  ['two documents', 'version: 1\n---\nversion: 1\n'],
  ['a list at the top', '- version: 1\n'],
  ['a key __proto__', 'version: 1\n__proto__: { a: 1 }\n'],
  ['a zero byte', 'version: 1\nstate: a\0b\n'],
])('refuses %s', async (_, text) => {
  const error = await read(text).catch((thrown) => thrown)

  expect(error).toMatchObject({ code: 'config_unreadable' })
  expect(exitOf(error)).toBe('config')
  expect(error.message).toMatchSnapshot()
})

it.each([
  ['not UTF-8', Buffer.from([0x61, 0x3a, 0x0a, 0xff, 0xfe]), /not valid UTF-8 \(line 2\)/],
  ['UTF-16', Buffer.from('\uFEFFversion: 1', 'utf16le'), /UTF-16/],
  ['larger than 1 MB', Buffer.alloc(1_000_001, 0x20), /larger than 1 MB/],
  ['nested without end', Buffer.from(`a: ${'['.repeat(900_000)}`), /nested deeper/],
  ['60 000 keys and an alias bomb', Buffer.from(bomb()), /aliases/],
])('refuses a file that is %s', async (_, content, message) => {
  await expect(readConfig(content, file, catalogue, sourcesOf())).rejects.toThrow(message)
})

it('reads a file with a byte order mark and CRLF', async () => {
  const { config, text } = await read('\uFEFFversion: 1\r\ntimezone: Asia/Shanghai\r\n')

  expect(config.timezone).toBe('Asia/Shanghai')
  expect(text.startsWith('\uFEFF')).toBe(true)
})

it('resolves a service when it is used; numbers are read, texts stay text', async () => {
  const loaded = await read(
    service(
      '    config:\n      customer_code: ${CODE}\n      page_size: ${SIZE}\n      password: ${secret:haier.password}\n',
    ),
  )
  const sources = {
    ...sourcesOf({ CODE: '0088', SIZE: '50' }),
    configDir: '/etc/caravan',
    secret: async (name: string) => (name === 'haier.password' ? 'hunter2' : undefined),
  }

  const { config, secretValues } = await resolveService(loaded, 'haier', haier, sources)

  expect(config).toMatchObject({ customer_code: '0088', page_size: 50 })
  expect(config.password.reveal()).toBe('hunter2')
  expect(secretValues).toEqual(['hunter2'])
  expect(JSON.stringify(config)).not.toContain('hunter2')
})

it('names service, field and line of what is unset, and what is wrong once resolved', async () => {
  const loaded = await read(
    service(
      '    config:\n      customer_code: ${CODE}\n      page_size: ${SIZE:-many}\n      password: ${secret:p}\n',
    ),
  )
  const resolve = (env: Record<string, string>, value?: string) =>
    resolveService(loaded, 'haier', haier, {
      ...sourcesOf(env),
      configDir: '/',
      secret: async () => value,
    }).catch((thrown) => thrown)

  const unset = await resolve({ CODE: '' })
  const wrong = await resolve({ CODE: 'a' }, 'hunter2')

  expect(exitOf(unset)).toBe('credentials')
  expect(unset.message).toMatchInlineSnapshot(`
    "the service haier cannot be used:
    integrations.yaml:6:22  services.haier.config.customer_code: the environment variable CODE is empty
      Set it, or give a default: \${CODE:-…}
    integrations.yaml:8:17  services.haier.config.password: there is no secret named p
      Store it with "caravan secret set p"."
  `)
  expect(exitOf(wrong)).toBe('config')
  expect(wrong.message).toMatchInlineSnapshot(`
    "the service haier cannot be used:
    integrations.yaml:7:18  services.haier.config.page_size: must be a number, not text"
  `)
})

function bomb(): string {
  const keys = Array.from({ length: 40_000 }, (_, index) => `k${index}: 1`).join('\n')
  return `${keys}\na: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n`
}

it('a route is that of a kind', async () => {
  const text =
    'version: 1\nroutes:\n  smss: { when_unavailable: queue }\n  storage: {}\n  sms: {}\n'

  expect(await faultsOf(text)).toBe(
    'integrations.yaml:3:3  routes.smss: unknown kind; did you mean sms?\n' +
      'integrations.yaml:4:3  routes.storage: unknown kind\n' +
      '  A route is named by its kind: supplier, sms.',
  )
})
