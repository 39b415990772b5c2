/**
 * Every fault against every adapter: each must be named by its right cause. An adapter joins by being in
 * src/adapters/index.ts; its twin plays the vendor. The matrix is printed.
 */
import { lookup } from 'node:dns/promises'
import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it, onTestFinished, vi } from 'vitest'
import { adapters } from '../../adapters/index.ts'
import { renderTable } from '../../commands/output/table.ts'
import { fieldsOf } from '../../config/form.ts'
import { newKey } from '../../config/secrets/keys.ts'
import type { AdapterEntry, AnyAdapter } from '../../core/adapter.ts'
import { type Cause, causes } from '../../core/causes.ts'
import { systemClock } from '../../core/clock.ts'
import { systemCode } from '../../core/errors.ts'
import { type TwinReply, wireFaults, type WireFault } from '../../core/twin.ts'
import { startTwin, type TwinServer } from '../../http/twin-server.ts'
import { hasOpenssl, makeCertificate } from '../../testing/certificates.ts'
import { closedPort, startTlsFront, trust } from '../../testing/dead-ends.ts'
import { startRawServer } from '../../testing/http.ts'
import { type App, openApp } from '../app.ts'
import { tripBreaker } from '../breakers.ts'
import { initProject } from '../init.ts'
import { testServices, type TestOptions, type TestResult } from './index.ts'

vi.mock('../../adapters/index.ts', async (original) => {
  const { adapters: listed } = await original<{ adapters: AdapterEntry[] }>()
  const { trialAdapter } = await import('../../testing/trial-adapter.ts')
  const trial: AdapterEntry = { id: 'trial', kind: 'trial', load: async () => trialAdapter }
  return { adapters: [...listed, trial] }
})

/** One service before its twin, and the means to break it. */
type Stage = {
  adapter: AnyAdapter
  twin: TwinServer
  config: Record<string, unknown>
  /** Settings of the service beside its config. */
  entry: Record<string, unknown>
  env: Record<string, string>
  options: TestOptions
  stop: AbortController
  /** The config with every address of the twin replaced. */
  pointAt(url: string): void
  /** From now on the twin gives this answer to everything. */
  answer(reply: TwinReply): void
  /** An operator opens its breaker. */
  trip(): Promise<void>
  /** Tests it as it stands, as often as that. */
  test(times?: number): Promise<TestResult>
  firstSecret: string
}

/** Vendors that say it otherwise, or cannot show it (`false`). */
const otherCauses: Readonly<Record<string, Readonly<Record<string, Cause | null | false>>>> = {
  // The key stands in the address, so a wrong one is a wrong address.
  'wecom-robot': {
    'wrong credentials': 'wrong_address',
    'token expires at once': 'wrong_address',
  },
  'slack-webhook': {
    'wrong credentials': 'access_denied',
    'token expires at once': 'access_denied',
  },
  // Any receiver will do: its status alone says that it has taken the message.
  webhook: { garbage: null, html: null, 'empty answer': null },
  smtp: {
    // A test of a mail server sends no mail, so nothing is done that could be cut off.
    'act-then-timeout': null,
    'act-then-reset': null,
    'reset-in-body': null,
    // Proxies are for HTTP.
    'proxy gone': false,
    'proxy refuses': false,
    // Each waits for the other to speak first.
    'plain http to a TLS port': 'no_answer',
  },
}

/** Another secret of the same form, so that it is the vendor who refuses it; of an address the port stays. */
function wrongOf(secret: string): string {
  const [, origin = '', rest = secret] = /^(https?:\/\/[^/]+)(.*)$/.exec(secret) ?? []
  const other = rest.replace(/[1-9](?![^/?=]*\/)/g, (digit) => `${(Number(digit) % 9) + 1}`)
  if (other !== rest) return origin + other
  const backwards = rest.replace(/[^/?=]+$/, (last) => [...last].toReversed().join(''))
  return origin === '' ? 'wrong-credential' : origin + backwards
}

type Fault = {
  name: string
  cause: Cause | null
  /** False: this adapter cannot show it. */
  arrange(stage: Stage): Promise<void | false> | void | false
}

const serviceTimeout = '500ms'
const longMs = 2000

const wireCauses: Record<WireFault, Cause | null> = {
  latency: 'no_answer',
  timeout: 'no_answer',
  refused: 'connection_broken',
  reset: 'connection_broken',
  'reset-in-body': 'connection_broken',
  'rate-limited': 'rate_limited',
  'error-500': 'vendor_unavailable',
  garbage: 'bad_answer',
  html: 'bad_answer',
  'act-then-timeout': 'no_answer',
  'act-then-reset': 'connection_broken',
}

const wire = wireFaults.map((fault): Fault => ({
  name: fault,
  cause: wireCauses[fault],
  arrange: ({ twin }) => twin.faults.add({ fault, delay_ms: longMs }),
}))

/** False for an adapter whose vendor does not speak HTTP. */
const answered = (name: string, cause: Cause, reply: TwinReply): Fault => ({
  name,
  cause,
  arrange: ({ adapter, answer }) => (adapter.twin.scheme ? false : answer(reply)),
})

const unknownHost = 'caravan-test.invalid'
const unknownHostCause: Cause = await lookup(unknownHost).then(
  () => 'connection_refused' as const,
  (error: unknown) => (systemCode(error) === 'ENOTFOUND' ? 'dns_unknown_host' : 'dns_failed'),
)

const tls = (name: string, cause: Cause | null, arrange: Fault['arrange']): Fault => ({
  name,
  cause,
  arrange: (stage) => (hasOpenssl() ? arrange(stage) : false),
})

/** What the check asks in the end; before that it may fetch a token, which has rules of its own. */
async function lastPathOf({ twin: { twin }, test }: Stage): Promise<string> {
  const handle = twin.handle.bind(twin)
  let last = ''
  twin.handle = (request) => {
    last = request.path
    return handle(request)
  }
  await test()
  return last
}

const portOf = ({ twin }: Stage): number => Number(new URL(twin.url).port)

const faults: Fault[] = [
  { name: 'none', cause: null, arrange: () => undefined },
  ...wire,
  {
    name: 'business error',
    cause: 'rejected',
    arrange: async (stage) => {
      const { twin, faults: book } = stage.twin
      if (!twin.vendorFault && !twin.converse) return false
      const path = twin.converse ? undefined : await lastPathOf(stage)
      book.add({ fault: 'business-error', path })
    },
  },
  {
    name: 'token expires at once',
    cause: 'credentials_refused',
    arrange: ({ twin }) => {
      if (!twin.twin.vendorFault && !twin.twin.converse) return false
      twin.faults.add({ fault: 'expired-token' })
    },
  },
  answered('401', 'credentials_refused', { status: 401, json: {} }),
  answered('403', 'access_denied', { status: 403, json: {} }),
  answered('404', 'wrong_address', { status: 404, text: 'not found' }),
  answered('redirect', 'wrong_address', {
    status: 302,
    headers: { location: 'https://login.example.com/' },
    text: '',
  }),
  answered('429', 'rate_limited', { status: 429, text: '' }),
  answered('503', 'vendor_unavailable', { status: 503, text: '<h1>down</h1>' }),
  answered('empty answer', 'bad_answer', { status: 200, text: '' }),
  answered('clock an hour ahead', 'clock_skewed', {
    headers: { date: new Date(Date.now() + 3_600_000).toUTCString() },
    json: {},
  }),
  {
    name: 'wrong credentials',
    cause: 'credentials_refused',
    arrange: ({ adapter, config }) => {
      for (const { name, isSecret } of fieldsOf(adapter.config)) {
        if (isSecret && name in config) config[name] = wrongOf(String(config[name]))
      }
    },
  },
  {
    name: 'refused three times before',
    cause: 'service_held',
    arrange: async ({ adapter, twin, answer, test }) => {
      if (adapter.twin.scheme) twin.faults.add({ fault: 'expired-token' })
      else answer({ status: 401, json: {} })
      await test(3)
    },
  },
  {
    name: 'breaker opened by hand',
    cause: 'breaker_open',
    arrange: ({ trip }) => trip(),
  },
  {
    name: 'nobody listens',
    cause: 'connection_refused',
    arrange: async ({ pointAt }) => pointAt(`http://127.0.0.1:${await closedPort()}`),
  },
  {
    name: 'silent listener',
    cause: 'no_answer',
    arrange: async ({ pointAt }) => pointAt((await startRawServer(() => undefined)).url),
  },
  {
    name: 'unknown host',
    cause: unknownHostCause,
    arrange: ({ pointAt }) => pointAt(`https://${unknownHost}`),
  },
  {
    name: 'proxy gone',
    cause: 'proxy_failed',
    arrange: async ({ pointAt, entry }) => {
      pointAt('https://api.example.com')
      entry.proxy = `http://127.0.0.1:${await closedPort()}`
    },
  },
  {
    name: 'proxy refuses',
    cause: 'proxy_failed',
    arrange: async ({ pointAt, entry }) => {
      pointAt('https://api.example.com')
      const refusal = 'HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'
      entry.proxy = (await startRawServer((socket) => void socket.end(refusal))).url
    },
  },
  {
    name: 'plain text on a TLS port',
    cause: 'tls_failed',
    arrange: (stage) => stage.pointAt(`https://127.0.0.1:${portOf(stage)}`),
  },
  tls('https in order', null, async (stage) => {
    const certificate = makeCertificate('127.0.0.1')
    trust(certificate)
    stage.pointAt(`https://127.0.0.1:${await startTlsFront(certificate, portOf(stage))}`)
  }),
  tls('certificate expired', 'tls_expired', async (stage) => {
    const certificate = makeCertificate('127.0.0.1', { expired: true })
    trust(certificate)
    stage.pointAt(`https://127.0.0.1:${await startTlsFront(certificate, portOf(stage))}`)
  }),
  tls('certificate for another host', 'tls_wrong_host', async (stage) => {
    const certificate = makeCertificate('other.example')
    trust(certificate)
    stage.pointAt(`https://127.0.0.1:${await startTlsFront(certificate, portOf(stage))}`)
  }),
  tls('certificate signs itself', 'tls_untrusted', async (stage) => {
    const port = await startTlsFront(makeCertificate('127.0.0.1'), portOf(stage))
    stage.pointAt(`https://127.0.0.1:${port}`)
  }),
  {
    name: 'plain http to a TLS port',
    cause: 'connection_broken',
    arrange: async (stage) => {
      if (!hasOpenssl()) return false
      const port = await startTlsFront(makeCertificate('127.0.0.1'), portOf(stage))
      stage.pointAt(`http://127.0.0.1:${port}`)
    },
  },
  {
    name: 'unset variable',
    cause: 'credential_missing',
    arrange: ({ config, firstSecret }) => void (config[firstSecret] = '${CARAVAN_NOT_SET}'),
  },
  {
    name: 'no such stored secret',
    cause: 'credential_missing',
    arrange: ({ config, firstSecret }) => void (config[firstSecret] = '${secret:not.stored}'),
  },
  {
    name: 'another key',
    cause: 'secrets_locked',
    arrange: async ({ config, firstSecret, env }) => {
      config[firstSecret] = '${secret:kept}'
      env.CARAVAN_KEY = newKey()
    },
  },
  {
    name: 'unknown field',
    cause: 'config_invalid',
    arrange: ({ config }) => void (config.not_a_field = 'x'),
  },
  {
    name: 'missing field',
    cause: 'config_invalid',
    arrange: ({ config, firstSecret }) => void delete config[firstSecret],
  },
  {
    name: 'disabled',
    cause: 'service_disabled',
    arrange: ({ entry, options }) => {
      entry.enabled = false
      options.which = 'all'
    },
  },
  {
    name: '--max-effect none',
    cause: 'effect_not_allowed',
    arrange: ({ options }) => void (options.maxEffect = 'none'),
  },
  {
    name: 'a test that costs money',
    cause: 'effect_not_allowed',
    arrange: ({ adapter }) => {
      const before = adapter.checkEffect
      adapter.checkEffect = 'money'
      onTestFinished(() => void (adapter.checkEffect = before))
    },
  },
  {
    name: 'deadline of the whole',
    cause: 'deadline_reached',
    arrange: ({ twin, options, entry }) => {
      entry.timeout = '10s'
      options.deadline = '400ms'
      options.rungDeadline = '100ms'
      twin.faults.add({ fault: 'timeout', delay_ms: longMs })
    },
  },
  {
    name: 'stopped',
    cause: 'interrupted',
    arrange: ({ stop }) => stop.abort(),
  },
  {
    name: 'a fault of the adapter',
    cause: 'internal',
    arrange: ({ adapter }) => {
      const spy = vi.spyOn(adapter, 'check').mockRejectedValue(new TypeError('x is undefined'))
      onTestFinished(() => void spy.mockRestore())
    },
  },
]

async function setStage(entry: AdapterEntry): Promise<Stage> {
  const adapter = await entry.load()
  const twin = await startTwin(adapter.twin)
  onTestFinished(twin.close)
  const { folder, file } = await projectOf(entry)
  const name = `subject-${++subjects}`
  const secret = fieldsOf(adapter.config).find(
    (field) => field.isSecret && field.name in twin.config,
  )
  const stage: Stage = {
    adapter,
    twin,
    config: { ...twin.config },
    entry: {
      timeout: serviceTimeout,
      retry: { attempts: 1, deadline: '1200ms' },
      rate_limit: { per_second: 'none' }, // some vendors allow one in three seconds
    },
    env: {},
    options: { which: [name], rungDeadline: '400ms' },
    stop: new AbortController(),
    firstSecret: secret?.name ?? '',
    pointAt(url) {
      stage.config = adapter.twin.config(url, adapter.twin.options.parse({}))
    },
    answer(reply) {
      twin.twin.handle = () => reply
    },
    trip: () => within(async (app) => void (await tripBreaker(app, name, { reason: 'a test' }))),
    test: (times = 1) =>
      within(async (app) => {
        for (let left = times; left > 1; left--) await testServices(app, stage.options)
        const { results } = await testServices(app, stage.options)
        return results[0] as TestResult
      }),
  }
  async function within<T>(use: (app: App) => Promise<T>): Promise<T> {
    const subject = { ...stage.entry, adapter: adapter.id, config: stage.config }
    await writeFile(file, JSON.stringify({ version: 1, services: { [name]: subject } }))
    const { signal } = stage.stop
    const app = openApp({ env: stage.env, cwd: folder, clock: systemClock, signal })
    try {
      return await use(app)
    } finally {
      await app.close()
    }
  }
  return stage
}

let subjects = 0
const folders: string[] = []
const projects = new Map<string, Promise<{ folder: string; file: string }>>()

/** One for all cells of an adapter, for making it costs more than a cell; the services in it have names of their own. */
function projectOf(entry: AdapterEntry): Promise<{ folder: string; file: string }> {
  const known = projects.get(entry.id) ?? makeProject()
  projects.set(entry.id, known)
  return known
}

async function makeProject(): Promise<{ folder: string; file: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'caravan-'))
  folders.push(folder)
  const { config: file } = await initProject(folder, { env: {}, clock: systemClock })
  const { signal } = new AbortController()
  const app = openApp({ env: {}, cwd: folder, clock: systemClock, signal })
  await (await app.secrets()).write('kept', 'a-stored-secret')
  await app.close()
  return { folder, file }
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

type Row = { fault: string; expected: string; named: Map<string, string> }
const matrix: Row[] = faults.map(({ name, cause }) => ({
  fault: name,
  expected: cause ?? 'ok',
  named: new Map(),
}))

/** Cells wait more than they work; more of them at once would be late for their own timeouts. */
const atOnce = 4

it.each(faults.map((fault, at) => ({ ...fault, at })))('$name', async ({ at, ...fault }) => {
  const expected: Record<string, Cause | null> = {}
  const named: Record<string, Cause | null> = {}
  const oddNext: string[] = []
  for (let from = 0; from < adapters.length; from += atOnce) {
    const stages = await setStages(adapters.slice(from, from + atOnce), fault)
    await Promise.all(
      stages.map(async ({ id, stage, cause }) => {
        const result = await stage.test()
        expected[id] = cause
        named[id] = result.cause
        if ((result.next === null) !== (cause === null)) oddNext.push(id)
      }),
    )
  }
  for (const { id } of adapters) matrix[at]?.named.set(id, id in named ? (named[id] ?? 'ok') : '–')

  expect(named).toEqual(expected)
  expect(oddNext).toEqual([])
})

/** One after the other: making a certificate holds up everything. Leaves out those that cannot show the fault. */
async function setStages(entries: readonly AdapterEntry[], fault: Fault) {
  const stages: { id: string; stage: Stage; cause: Cause | null }[] = []
  for (const entry of entries) {
    const stage = await setStage(entry)
    const { [fault.name]: cause = fault.cause } = otherCauses[entry.id] ?? {}
    if (cause === false || (await fault.arrange(stage)) === false) continue
    stages.push({ id: entry.id, stage, cause })
  }
  return stages
}

it('credentials that end soon are a warning, and are kept with their secret', async () => {
  const [entry] = adapters
  if (!entry) throw new Error('there is no adapter')
  const stage = await setStage(entry)
  const field = stage.firstSecret
  stage.config[field] = '${secret:kept}'
  const at = new Date('2020-02-03T04:05:06.000Z')
  const expires = [
    { field, at },
    { field: 'never', at: new Date('nonsense') },
  ]
  const spy = vi.spyOn(stage.adapter, 'check').mockResolvedValue({ saw: 'fine', expires })
  onTestFinished(() => void spy.mockRestore())

  const result = await stage.test()

  expect(result).toMatchObject({
    result: 'ok',
    warnings: [`${field} ended on 2020-02-03`],
    expires: [{ field, at: at.toISOString() }],
  })
  const { folder } = await projectOf(entry)
  const { signal } = stage.stop
  const app = openApp({ env: {}, cwd: folder, clock: systemClock, signal })
  onTestFinished(app.close)
  expect(await (await app.secrets()).list()).toMatchObject([
    { name: 'kept', expiresAt: at.toISOString() },
  ])
})

it('every cause is met by some fault', () => {
  process.stdout.write(
    `\n${renderTable(
      matrix,
      [
        { title: 'FAULT', text: (row) => row.fault },
        ...adapters.map(({ id }) => ({
          title: id.toUpperCase(),
          text: (row: Row) => row.named.get(id) ?? '',
        })),
        { title: 'EXPECTED', text: (row) => row.expected },
      ],
      { width: Infinity, paint: (_, text) => text },
    )}\n`,
  )

  /** These need a network that swallows, a machine without a route, or a resolver that is down. */
  const elsewhere: Cause[] = ['connection_timeout', 'network_unreachable', 'dns_failed']
  const optional: Cause[] = ['dns_unknown_host', 'tls_expired', 'tls_untrusted', 'tls_wrong_host']
  const met = new Set(matrix.flatMap(({ named }) => [...named.values()]))
  const unmet = (Object.keys(causes) as Cause[]).filter((cause) => !met.has(cause))
  const mayBeUnmet = [...elsewhere, ...(hasOpenssl() ? [] : optional)]
  expect(unmet.filter((cause) => !mayBeUnmet.includes(cause))).toEqual([])
})
