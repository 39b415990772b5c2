import { expect, it, onTestFinished } from 'vitest'
import { haier } from '../adapters/haier/index.ts'
import { adapters } from '../adapters/index.ts'
import { openApp } from '../app/app.ts'
import { fieldsOf } from '../config/form.ts'
import { systemClock } from '../core/clock.ts'
import type { AnyAdapter } from '../core/adapter.ts'
import type { TwinReply, TwinRequest } from '../core/twin.ts'
import { startTwin } from '../http/twin-server.ts'
import { haierTwin, project } from '../testing/program.ts'

it('tests 200 services in one run', async () => {
  const twins = await Promise.all(Array.from({ length: 20 }, () => haierTwin()))
  const made = await project()
  const { signal } = new AbortController()
  const app = openApp({ env: {}, cwd: made.folder, clock: systemClock, signal })
  const store = await app.secrets()
  const secrets = fieldsOf(haier.config).filter(({ isSecret }) => isSecret)
  const first = twins[0]?.config ?? {}
  const stored = secrets.filter(({ name }) => name in first)
  for (const { name } of stored) await store.write(`shared.${name}`, String(first[name]))
  await app.close()
  const references = Object.fromEntries(
    stored.map(({ name }) => [name, `\${secret:shared.${name}}`]),
  )
  const services = Object.fromEntries(
    Array.from({ length: 200 }, (_, at) => [
      `service-${at + 1}`,
      { adapter: 'haier', config: { ...twins[at % twins.length]?.config, ...references } },
    ]),
  )
  made.write('integrations.yaml', JSON.stringify({ version: 1, services }))

  const startedMs = systemClock.monotonicMs()
  const { code, out, err } = await made.run('test --all --json -q')
  const seconds = ((systemClock.monotonicMs() - startedMs) / 1000).toFixed(1)
  process.stdout.write(`\n200 services tested by one run of the program in ${seconds} s\n`)

  const { results } = JSON.parse(out) as { results: { ok: boolean }[] }
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(results).toHaveLength(200)
  expect(results.every(({ ok }) => ok)).toBe(true)
  for (const { twin } of twins) expect(twin.stats().token_calls).toBe(10)
})

/** As it is, and as it stands in addresses, headers and JSON. */
const formsOf = (value: string): string[] => [
  value,
  encodeURIComponent(value),
  Buffer.from(value).toString('base64').replace(/=+$/, ''),
  JSON.stringify(value).slice(1, -1),
]

/** All that was sent to it, in the places where vendors quote a request. */
function echo({ headers, path, body, query }: TwinRequest, status: number): TwinReply {
  const said = `${headers.authorization ?? ''} ${path} ${query.toString()} ${body.toString()}`
  const code = `C ${said}`
  const robots = { errcode: code, errmsg: said, ok: false, description: said }
  const texts = { error_code: code, status: 'ERROR', status_code: code, status_text: said }
  const words = { success: false, code, message: said, msg: said, error: said }
  const json = { ...robots, ...texts, ...words }
  return { status, json, headers: { 'x-echo': encodeURIComponent(said) } }
}

const vendors: [string, (request: TwinRequest) => TwinReply][] = [
  ['refuses all', (request) => echo(request, 401)],
  ['denies all', (request) => echo(request, 403)],
  ['rejects all', (request) => echo(request, 400)],
  ['fails', (request) => echo(request, 500)],
  ['rejects in 200', (request) => echo(request, 200)],
  ['sends HTML', ({ headers, body }) => ({ text: `<p>${headers.authorization} ${body}</p>` })],
  [
    'rejects with a token',
    (request) =>
      /token|oauth/.test(request.path)
        ? { json: { access_token: 'canary-token/é+x', expires_in: 3600 } }
        : echo(request, 400),
  ],
]

/** A text that needs escaping everywhere; where the adapter would refuse it, another one of the same form. */
function canaryFor(
  adapter: AnyAdapter,
  config: Record<string, unknown>,
  field: string,
  at: number,
): string {
  const hard = `canary ${field}/"é"+${at}`
  const parsed = adapter.config.safeParse({ ...config, [field]: hard })
  const isTaken =
    parsed.success && !adapter.checkConfig?.(parsed.data).some((fault) => fault.field === field)
  return isTaken ? hard : alike(String(config[field]), at + 1)
}

/** Digits for digits and letters for letters in what stands behind the host. */
function alike(secret: string, by: number): string {
  const [, origin = '', rest = secret] = /^(https?:\/\/[^/]+)(.*)$/.exec(secret) ?? []
  return origin + rest.replace(/\d(?![^/?=]*[/?=])/g, (digit) => String((Number(digit) + by) % 10))
}

/**
 * A status, or a word of a closed list: nothing else that these vendors say is ever shown; one has no HTTP to say it by;
 * and the last two are sent signatures, never a secret that they could quote.
 */
const quotesNobody = ['slack-webhook', 'webhook', 'smtp', 'tencent-sms', 'aliyun-sms']

/** What is printed is made before it is formatted, so that one adapter shows every format. */
const allFormats = [
  '',
  '--json',
  '--format junit',
  '--format github',
  '--output csv',
  '--output jsonl',
  '--offline',
]

/** Some vendors allow one request in three seconds. */
const unhurried = { rate_limit: { per_second: 'none' } }

it.each(adapters.map(({ id }) => id))('no secret of %s is in any format', async (id) => {
  const adapter = await adapters.find((each) => each.id === id)?.load()
  if (!adapter) throw new Error(`there is no adapter ${id}`)
  const planted = ['canary-token/é+x', 'canary-proxy-word']
  const made = await project()
  const services: Record<string, unknown> = {}
  for (const [at, [, answer]] of vendors.entries()) {
    const twin = await startTwin(adapter.twin)
    onTestFinished(twin.close)
    twin.twin.handle = answer
    const config = { ...twin.config }
    for (const { name, isSecret } of fieldsOf(adapter.config)) {
      if (!isSecret || !(name in config)) continue
      config[name] = canaryFor(adapter, config, name, at)
      planted.push(String(config[name]))
    }
    services[`vendor-${at}`] = { adapter: id, config, retry: { attempts: 1 }, ...unhurried }
    services[`wrong-${at}`] = { adapter: id, config: { ...config, not_a_field: 1 } }
    const away = JSON.stringify(config).replaceAll(twin.url, 'https://api.example.com')
    services[`proxied-${at}`] = {
      adapter: id,
      config: JSON.parse(away) as object,
      proxy: twin.controlUrl.replace('//', '//user:canary-proxy-word@'),
      ...unhurried,
    }
  }
  made.write('integrations.yaml', JSON.stringify({ version: 1, services }))

  let printed = ''
  for (const flags of id === adapters[0]?.id ? allFormats : ['', '--json']) {
    const { code, out, err } = await made.run(`--debug test --all ${flags}`)
    expect({ flags, code }).toEqual({ flags, code: 9 })
    expect(out.length).toBeGreaterThan(500)
    const isQuoted = (out + err).includes('***')
    expect(isQuoted || flags === '--offline' || quotesNobody.includes(id)).toBe(true)
    printed += out + err
  }

  expect(printed).toContain(adapter.twin.scheme ? 'the proxy of this service' : 'proxy_failed')
  expect(planted.length).toBeGreaterThanOrEqual(vendors.length + 2)
  for (const form of planted.flatMap(formsOf)) expect(printed).not.toContain(form)
})
