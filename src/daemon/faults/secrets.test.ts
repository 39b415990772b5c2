/** Fault test 19: planted secrets are driven through every way in which the daemon fails, and stand nowhere afterwards. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { signatureOf } from '../../adapters/twilio/webhook.ts'
import { addService } from '../../app/add.ts'
import { adapterNamed } from '../../app/catalogue.ts'
import { createToken, endToken } from '../../app/tokens.ts'
import type { TwinReply, TwinRequest } from '../../core/twin.ts'
import { startTwin, type TwinServer } from '../../http/twin-server.ts'
import { withAppIn } from '../../testing/app.ts'
import { found, plantCanaries } from '../../testing/canaries.ts'
import { hasOpenssl, makeCertificate } from '../../testing/certificates.ts'
import { brokenInvariants } from '../../testing/daemon-invariants.ts'
import { rowsIn, scheduleMissed, startDaemon, until } from '../../testing/daemon.ts'
import { keyFileOf, keyTextOf } from '../../testing/keys.ts'
import { type Project, project } from '../../testing/program.ts'
import { temporaryFolder } from '../../testing/state.ts'

const hasTls = hasOpenssl()
if (!hasTls) process.stderr.write('Skipped without openssl: a vendor whose certificate is wrong\n')

/** How the vendor behind a service behaves. */
type Vendor = 'itself' | 'quoting' | 'garbage' | 'html' | 'broken' | 'untrusted'

/** What is asked for by each service; `itself` refuses what is planted, and `known` is the config of the twin. */
const services: Readonly<Record<string, { adapter: string; vendor: Vendor; isKnown?: boolean }>> = {
  'haier-quoting': { adapter: 'haier', vendor: 'quoting' },
  'twilio-refusing': { adapter: 'twilio', vendor: 'itself' },
  'twilio-quoting': { adapter: 'twilio', vendor: 'quoting' },
  'tencent-garbage': { adapter: 'tencent-sms', vendor: 'garbage' },
  'aliyun-html': { adapter: 'aliyun-sms', vendor: 'html' },
  'smsc-broken': { adapter: 'smsc-ru', vendor: 'broken' },
  'sms-ru-untrusted': { adapter: 'sms-ru', vendor: 'untrusted' },
  'robot-known': { adapter: 'wecom-robot', vendor: 'itself', isKnown: true },
  'robot-refusing': { adapter: 'feishu-robot', vendor: 'itself' },
  'robot-quoting': { adapter: 'slack-webhook', vendor: 'quoting' },
  'program-quoting': { adapter: 'webhook', vendor: 'quoting' },
}

/** What the config of a twin must hold beside it for a secret field that it leaves out. */
const besides: Readonly<Record<string, Record<string, unknown>>> = {
  twilio: { api_key_sid: `SK${'0123456789abcdef'.repeat(2)}`, api_key_secret: 'to be replaced' },
}

type Told = { method: string; path: string; headers: string; body: string }

/** All that was sent to it, in every place where a vendor may quote a request. */
function quote({ headers, path, query, body }: TwinRequest): TwinReply {
  const said = `${path}?${query.toString()} ${JSON.stringify(headers)} ${body.toString()}`
  const codes = { code: 'C1', errcode: 'C1', error_code: 'C1', status_code: 'C1', Code: 'C1' }
  const words = { message: said, msg: said, errmsg: said, description: said, status_text: said }
  const more = { Message: said, error: said, success: false, ok: false, status: 'ERROR' }
  return {
    status: 400,
    json: { ...codes, ...words, ...more },
    headers: { 'x-echo': encodeURIComponent(said), 'www-authenticate': encodeURIComponent(said) },
  }
}

/** An address whose certificate nobody trusts. */
async function startUntrusted(): Promise<string> {
  const server = createServer(makeCertificate('127.0.0.1'), (_, response) => response.end('{}'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`
}

type Planting = {
  home: Project
  /** Every planted value, and the parts that are secrets themselves. */
  secrets: string[]
  /** The config of each service, as it was planted. */
  configs: Record<string, Record<string, unknown>>
  /** What arrived at the robot that works. */
  told: Told[]
  /** What the daemon is given in its environment, and nobody else may have. */
  env: Record<string, string>
}

async function plant(): Promise<Planting> {
  const home = await project()
  const temporary = join(home.folder, '../temporary')
  mkdirSync(temporary)
  const secrets: string[] = []
  const configs: Planting['configs'] = {}
  const told: Told[] = []
  for (const [name, { adapter: id, vendor, isKnown }] of Object.entries(services)) {
    if (vendor === 'untrusted' && !hasTls) continue
    const adapter = await adapterNamed(id)
    const twin = await startTwin(adapter.twin)
    onTestFinished(twin.close)
    misbehave(twin, vendor)
    if (isKnown) record(twin, told)
    const base = vendor === 'untrusted' ? { base_url: await startUntrusted() } : {}
    const planted = isKnown
      ? { config: twin.config, secrets: [new URL(String(twin.config.webhook)).search.slice(5)] }
      : plantCanaries(adapter, { ...twin.config, ...besides[id], ...base }, name)
    secrets.push(...planted.secrets)
    configs[name] = planted.config
    await withAppIn(home.folder, (app) =>
      addService(app, {
        name,
        adapter: id,
        values: planted.config,
        test: 'skip',
        say: () => undefined,
      }),
    )
  }
  const env = { PLANTED_PASSWORD: String(configs['smsc-broken']?.password), TMPDIR: temporary }
  const file = home
    .read('integrations.yaml')
    .replace('${secret:smsc-broken.password}', '${PLANTED_PASSWORD}')
    .replace(
      '${secret:twilio-quoting.auth_token}',
      `\${file:${outside(String(configs['twilio-quoting']?.auth_token))}}`,
    )
    .replace(
      /^ {4}(?=adapter: )/gm,
      '    retry: { attempts: 1 }\n    rate_limit: { per_second: none }\n    ',
    )
    // Whether it was sent is asked for again and again, and this vendor never says.
    .replace(/(smsc-broken:\n +retry: \{ attempts: 1)/, '$1, deadline: 2s')
    .concat('\nlisten: 127.0.0.1:0\n')
    .concat(
      'alerts: { channels: [robot-known, robot-refusing, robot-quoting, program-quoting], min_calls: 2 }\n',
    )
  expect(file.match(/PLANTED_PASSWORD|\$\{file:|deadline/g)).toHaveLength(3)
  home.write('integrations.yaml', file)
  return { home, secrets: [...new Set(secrets)], configs, told, env }
}

/** A file that is named in the config; it may hold what is planted. */
function outside(secret: string): string {
  const path = join(temporaryFolder(), 'planted')
  writeFileSync(path, `${secret}\n`, { mode: 0o600 })
  return path
}

function misbehave({ twin, faults }: TwinServer, vendor: Vendor): void {
  if (vendor === 'quoting') twin.handle = quote
  if (vendor === 'garbage') faults.add({ fault: 'garbage' })
  if (vendor === 'html') faults.add({ fault: 'html' })
  if (vendor === 'broken') faults.add({ fault: 'reset-in-body' })
}

function record({ twin }: TwinServer, told: Told[]): void {
  const handle = twin.handle.bind(twin)
  twin.handle = (request) => {
    const { method, path, headers, body } = request
    told.push({ method, path, headers: JSON.stringify(headers), body: body.toString() })
    return handle(request)
  }
}

/** The requests of whoever knows something: what comes back is kept with what is printed. */
function client(home: Project, printed: string[]) {
  const [{ at } = { at: '' }] = rowsIn<{ at: string }>(
    home,
    'select listens_at as at from daemons order by started_at desc, id desc limit 1',
  )
  return async (path: string, init: RequestInit = {}): Promise<number> => {
    const reply = await fetch(`http://${at}${path}`, { redirect: 'manual', ...init })
    printed.push(JSON.stringify([...reply.headers]), await reply.text())
    return reply.status
  }
}

type Client = ReturnType<typeof client>

async function askEverything(ask: Client, token: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const body = (service: string) =>
    JSON.stringify({
      operation: 'sms.send',
      input: { to: '+8618501234444', text: 'planted-note' },
      service,
    })
  await Promise.all(
    Object.keys(services).flatMap((name) => [
      ask(`/integrations/services/${name}/test-connection`, { method: 'POST', headers }),
      ask(`/integrations/services/${name}`, { headers }),
      ask('/calls', { method: 'POST', headers, body: body(name) }),
    ]),
  )
  for (const path of ['/integrations/logs', '/runs', '/jobs', '/metrics', '/healthz']) {
    await ask(path, { headers })
  }
}

/** The token where none belongs, and others in its place. */
async function askWrongly(ask: Client, token: string, revoked: string): Promise<number[]> {
  const wrong = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`
  const basic = Buffer.from(`caravan:${token}`).toString('base64')
  const bearing = (value: string) => ({ headers: { authorization: value } })
  return [
    await ask('/jobs', bearing(`Bearer ${wrong}`)),
    await ask('/jobs', bearing(`Bearer ${revoked}`)),
    await ask('/jobs', bearing(`Basic ${basic}`)),
    await ask('/jobs', bearing(token)),
    await ask(`/jobs?token=${token}&access_token=${token}`),
    await ask('/jobs', { headers: { 'x-api-key': token, cookie: `token=${token}` } }),
    await ask('/calls', { method: 'POST', body: `{"token":"${token}"` }),
  ]
}

/** A receipt for the one service, signed with a token. */
const receipt = (ask: Client, service: string, signedWith: string): Promise<number> => {
  const url = `https://hooks.example.com/hooks/${service}`
  const params = new URLSearchParams({ MessageSid: 'SM1', MessageStatus: 'delivered' })
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'x-forwarded-host': 'hooks.example.com',
    'x-forwarded-proto': 'https',
    'x-twilio-signature': signatureOf(signedWith, url, params),
  }
  return ask(`/hooks/${service}`, { method: 'POST', headers, body: params.toString() })
}

/** What the system shows of a process. */
const shownOf = (pid: number | undefined, what: 'cmdline' | 'environ'): string =>
  existsSync(`/proc/${pid}/${what}`) ? readFileSync(`/proc/${pid}/${what}`, 'latin1') : ''

/** Everything below the project's folder but the key's own file, byte by byte. */
function filesOf(home: Project): string {
  const key = readFileSync(keyFileOf(home.folder), 'utf8')
  rmSync(keyFileOf(home.folder))
  const all = home.everything()
  writeFileSync(keyFileOf(home.folder), key, { mode: 0o600 })
  return all
}

it('no secret stands in logs, answers, alerts, state, files or process list, whatever fails', async () => {
  const { home, secrets, configs, told, env } = await plant()
  const key = keyTextOf(home.folder)
  const [{ token }, { token: revoked }] = await withAppIn(home.folder, async (app) => {
    const made = await createToken(app, 'planted', { scope: 'read,call,admin' })
    const gone = await createToken(app, 'gone', { scope: 'read,call,admin' })
    await endToken(app, 'gone')
    return [made, gone]
  })
  secrets.push(key, token, revoked)
  home.write(
    'integrations.yaml',
    `${home.read('integrations.yaml')}trusted_proxies: [127.0.0.1/32]\n`,
  )
  scheduleMissed(home, 'haier-products')
  const good = home.read('integrations.yaml')
  const printed: string[] = []
  const shown: string[] = []

  // Everything fails once, and the process is lost in the middle of more of it.
  const first = await startDaemon(home, '--log-level debug', { env })
  await first.logged('ready')
  await until(() => rowsIn(home, 'select 1 from daemons where listens_at is not null').length > 0)
  shown.push(shownOf(first.process.pid, 'cmdline'), shownOf(first.process.pid, 'environ'))
  const ask = client(home, printed)
  await until(() => rowsIn(home, "select 1 from runs where status = 'failed'").length > 0)
  await askEverything(ask, token)
  const refusals = await askWrongly(ask, token, revoked)
  const tokenOf = (service: string) => String(configs[service]?.auth_token)
  const hooks = [
    await receipt(ask, 'twilio-refusing', tokenOf('twilio-refusing')),
    await receipt(ask, 'twilio-refusing', tokenOf('twilio-quoting')),
    await receipt(ask, 'twilio-quoting', tokenOf('twilio-refusing')),
  ]
  const dying = askEverything(ask, token).catch(() => undefined)
  printed.push((await first.stop('SIGKILL')).err)
  await dying

  // The next one meets files that are wrong around a secret that somebody wrote into them, and tells of all that failed.
  const second = await startDaemon(home, '--debug --log-level debug', { env })
  await second.logged('ready')
  const plain = tokenOf('twilio-refusing')
  const place = '${secret:twilio-refusing.auth_token}'
  const bad = [
    good.replace(place, plain).replace('version: 1', 'version: 1\nunknown: 1'),
    good.replace(place, `"${plain}`),
    good.replace(place, `{ ${plain}: [`),
    good.replace(/^health:.*$|$/, `\nhealth: { every: "${plain}" }\n`),
  ]
  for (const text of bad) {
    const before = second.lines().length
    home.write('integrations.yaml', text)
    second.process.kill('SIGHUP')
    await second.logged('not in order', before)
  }
  home.write('integrations.yaml', good)
  second.process.kill('SIGHUP')
  await until(() => told.some(({ body }) => body.includes('haier-products')))
  await until(() => rowsIn(home, 'select 1 from alert_channels where failures > 0').length >= 3)
  printed.push((await second.stop()).err)

  // What the operator's commands and a log on a terminal say of it.
  const third = home.start('--debug daemon --log-format text --log-level debug', { env })
  await third.prints('ready')
  const commands = await Promise.all(
    [
      '--debug test --all',
      'alerts list --json',
      'logs list --limit 1000 --json',
      'hooks list --json',
      'status --json',
      'doctor --json',
    ].map((words) => home.run(words, { env })),
  )
  third.process.kill('SIGTERM')
  const { out, err } = await third.ended
  printed.push(out, err, ...commands.flatMap((ended) => [ended.out, ended.err]))
  const files = filesOf(home)

  // It has been tried in earnest, and what is planted would be found.
  const failed = rowsIn<{ rule: string }>(home, 'select distinct rule from alerts')
  expect(failed.map(({ rule }) => rule)).toContain('run_failed')
  expect(refusals).toEqual(Array.from({ length: 7 }, () => 401))
  expect(hooks).toEqual([204, 403, 403])
  expect(files).toContain('planted-note')
  expect(printed.join()).toContain('***')
  const values = Object.values(configs).flatMap((config) => Object.values(config).map(String))
  expect(found(secrets, JSON.stringify(values)).length).toBeGreaterThan(10)

  const where = { printed: printed.join('\n'), shown: shown.join('\n'), told: JSON.stringify(told) }
  const passed = new Set(Object.values(env))
  const unpassed = secrets.filter((secret) => !passed.has(secret))
  expect(found(secrets, where.printed)).toEqual([])
  expect(found(secrets, Buffer.from(files, 'latin1'))).toEqual([])
  expect(found(unpassed, where.shown)).toEqual([])
  expect(found(secrets, where.told)).toEqual([])
  expect(readdirSync(join(home.folder, '../temporary'))).toEqual([])
  expect(brokenInvariants(home)).toEqual([])
}, 60_000)
