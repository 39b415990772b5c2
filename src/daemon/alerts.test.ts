/** The part of the daemon, with the real robots' twins behind the channels; the test holds the clock. */
import { appendFileSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { openApp } from '../app/app.ts'
import { readFacts } from '../app/alerts/read-facts.ts'
import { createCallRates } from '../app/alerts/call-rates.ts'
import { removeSecret } from '../app/secrets.ts'
import { tripBreaker, resetBreaker } from '../app/breakers.ts'
import type { AlertTwin } from '../core/alert/chat.ts'
import type { Log } from '../core/log.ts'
import { listChannels } from '../store/alert-channels.ts'
import { listAlerts } from '../store/alerts.ts'
import { insertCalls } from '../store/calls.ts'
import { callRow } from '../testing/call-rows.ts'
import { createTestClock } from '../testing/clock.ts'
import { servedProject } from '../testing/served-project.ts'
import { makeAlerts } from './alerts.ts'

const robots = {
  'ops-wecom': 'wecom-robot',
  'ops-feishu': 'feishu-robot',
  'ops-dingtalk': 'dingtalk-robot',
}

async function start(config = '') {
  const made = await servedProject({ haier: 'haier', ...robots })
  const channels = Object.keys(robots).join(', ')
  const alerts = `alerts: { channels: [${channels}], cooldown: 1m, min_calls: 2 }`
  appendFileSync(made.file('integrations.yaml'), `${alerts}\n`)
  made.write(
    'integrations.yaml',
    made.read('integrations.yaml').replace('jobs:\n', `jobs:${config}\n`),
  )
  const clock = createTestClock(new Date())
  const stopping = new AbortController()
  const app = openApp({ env: {}, cwd: made.folder, clock, signal: stopping.signal })
  onTestFinished(() => app.close())
  const lines: string[] = []
  const write = (message: string, fields: object = {}) =>
    void lines.push(`${message} ${JSON.stringify(fields)}`)
  const log: Log = { debug: write, info: write, warn: write, error: write, with: () => log }
  const { db } = await app.state()
  const { signal } = stopping
  const part = makeAlerts({ app: () => app, db, clock, log, id: '01D', signal })
  const posted = (name: string) => (made.twins[name]?.twin as AlertTwin | undefined)?.posted() ?? []
  /** A pass, and everything it began; the clock goes slowly meanwhile, for chats limit how fast is posted. */
  const pass = async () => {
    await part.pass()
    const state = { isOver: false }
    const over = Promise.resolve(part.stop?.()).finally(() => (state.isOver = true))
    while (!state.isOver) {
      for (let each = 0; each < 50; each++) await turn()
      await clock.advance(50)
    }
    await over
  }
  return { ...made, app, db, clock, pass, posted, lines, part }
}

it('an alert and its end arrive in every chat', async () => {
  const { app, pass, posted, clock, db, lines } = await start()

  await pass()
  await tripBreaker(app, 'haier', { reason: 'maintenance' })
  await clock.advance(15_000)
  await pass()
  await resetBreaker(app, 'haier')
  await clock.advance(15_000)
  await pass()
  await pass()

  for (const robot of Object.keys(robots)) {
    const [fired = '', resolved = '', ...more] = posted(robot)
    expect(fired).toContain('The breaker of haier was opened by hand')
    expect(fired).toContain('caravan breaker reset haier')
    expect(resolved).toContain('Resolved: The breaker of haier was opened by hand')
    expect(more).toEqual([])
  }
  const stored = await listAlerts(db)
  expect(stored).toMatchObject([{ rule: 'breaker_opened', status: 'resolved' }])
  const about = JSON.stringify({ alert: stored[0]?.id, rule: 'breaker_opened' }).slice(1, -1)
  expect(lines.filter((line) => line.includes(about)).map((line) => line.split(' {')[0])).toEqual([
    'alert: The breaker of haier was opened by hand',
    ...Object.keys(robots).map((name) => `told ${name}: The breaker of haier was opened by hand`),
    'alert over: The breaker of haier was opened by hand',
    ...Object.keys(robots).map(
      (name) => `told ${name} that it is over: The breaker of haier was opened by hand`,
    ),
  ])
  // Nothing of it waits for a person, and it was logged as any call.
  expect(await db.selectFrom('outbox').select('status').distinct().execute()).toEqual([
    { status: 'done' },
  ])
})

it('a channel that does not deliver is told of by the others, and tells all of it later', async () => {
  const { app, pass, posted, clock, db, twins, lines } = await start()
  const wecom = twins['ops-wecom']
  wecom?.faults.add({ fault: 'business-error' })
  await tripBreaker(app, 'haier', { reason: 'maintenance' })
  const round = async () => {
    await pass()
    await clock.advance(30_000)
  }

  for (let each = 0; each < 3; each++) await round()
  const failing = (await listChannels(db)).find(({ service }) => service === 'ops-wecom')
  const others = posted('ops-feishu').join('\n')
  wecom?.faults.clear()
  for (let each = 0; each < 3; each++) await round()

  expect(failing?.failures).toBeGreaterThanOrEqual(2)
  expect(failing?.failingSince).not.toBeNull()
  expect(others).toContain('ops-wecom does not deliver alerts')
  expect(posted('ops-feishu').join('\n')).toContain('Resolved: ops-wecom does not deliver alerts')
  expect(posted('ops-wecom')).toHaveLength(1)
  expect(posted('ops-wecom')[0]).toContain('The breaker of haier was opened by hand')
  const secret = new URL(String(wecom?.config.webhook)).searchParams.get('key') ?? ''
  expect(secret).not.toBe('')
  expect(lines.join('\n')).toMatch(
    /^an alert was not delivered: The breaker of haier was opened by hand: \S.*"rule":"breaker_opened"/m,
  )
  expect(lines.join('\n') + JSON.stringify(await listAlerts(db))).not.toContain(secret)
})

it('a service whose secret is gone is told of at the next pass', async () => {
  const { app, pass, posted } = await start()
  await removeSecret(app, 'haier.password')

  await pass()

  expect(posted('ops-wecom')).toEqual([
    expect.stringMatching(
      /haier cannot be used: its config has a fault[^]*services\.haier\.config\.password: [^]*haier\.password/,
    ),
  ])
})

it('passes are left out after the clock has jumped: everything looks late until the others had their turn', async () => {
  const { app, pass, db, clock } = await start()
  await pass()
  await tripBreaker(app, 'haier', { reason: 'maintenance' })

  await clock.advance(10 * 60_000)
  await pass()
  const afterJump = await listAlerts(db)
  await clock.advance(15_000)
  await pass()

  expect(afterJump).toEqual([])
  expect(await listAlerts(db)).toHaveLength(1)
})

it('facts are those of the state and the log', async () => {
  const schedule = { schedule: '0 3 * * *', alert_after: 3 }
  const { app, db, clock } = await start(`\n  haier-products: ${JSON.stringify(schedule)}`)
  const nowMs = clock.now().getTime()
  const now = clock.now().toISOString()
  const at = (ms: number) => new Date(nowMs + ms).toISOString()
  await db
    .insertInto('daemons')
    .values({
      id: '01D',
      version: '1',
      host: 'one',
      pid: 1,
      started_at: now,
      heartbeat_at: now,
      lease_until: at(60_000),
      config_error: 'line 3 is no YAML',
    })
    .execute()
  const run = { job: 'haier-products', options: '{}', counters: '{}', host: 'h', pid: 1 }
  for (const [id, status, trigger, job = 'haier-products', started_at = now] of [
    ['01R1', 'failed', 'schedule'],
    ['01R2', 'failed', 'schedule'],
    ['01R3', 'success', 'dry-run'],
    ['01R4', 'interrupted', 'schedule'],
    ['01R5', 'failed', 'api', '1c-catalog'],
    ['01R6', 'failed', 'api', 'haier-products', at(-86_400_001)],
  ] as [string, 'failed' | 'success' | 'interrupted', string, string?, string?][]) {
    const times = { started_at, heartbeat_at: now, lease_until: now }
    await db
      .insertInto('runs')
      .values({ id, status, trigger, ...run, ...times, job })
      .execute()
  }
  const occurrence = { job: 'haier-products', due_at: at(-60_000), count: 3, runs: 0 }
  const missed = { status: 'skipped', reason: 'missed', begins_at: now, decided_at: now } as const
  await db
    .insertInto('occurrences')
    .values({ ...occurrence, ...missed })
    .execute()
  const plan = { job: 'haier-products', spec: 'x', decided_until: now, planned_at: now }
  await db
    .insertInto('schedules')
    .values({ ...plan, next_due_at: at(1000) })
    .execute()
  const held = { job: 'haier-products', reason: 'it crashes', until: null }
  await db
    .insertInto('pauses')
    .values({ ...held, set_by: 'caravan', set_at: now })
    .execute()
  const check = { service: 'haier', ok: 0, duration_ms: 1, message: 'x', error_kind: 'timeout' }
  await db
    .insertInto('health_checks')
    .values({ ...check, ok: 0, at: now })
    .execute()
  const hook = { service: 'haier', event_id: 'e', type: 't', data: '{}', received_at: now }
  await db
    .insertInto('hook_events')
    .values({ ...hook, id: '01H', repeats: 0, status: 'failed', tries: 9 })
    .execute()
  await db
    .updateTable('secrets')
    .set({ expires_at: at(86_400_000) })
    .execute()
  const { db: log } = await app.log()
  const outcomes = ['failed', 'unknown', 'done', 'running'] as const
  await insertCalls(
    log,
    outcomes.map((outcome, n) => {
      return callRow(n, { service: 'haier', outcome, started_at: at(n - 10_000) })
    }),
  )

  const facts = await readFacts(app, createCallRates())

  expect(facts.services.map(({ name }) => name)).toEqual(['haier', ...Object.keys(robots)])
  expect(facts.services[0]).toMatchObject({
    rate: { calls: 3, failed: 2, requests: 0, requestMs: 0 },
    checks: [{ ok: false, errorKind: 'timeout' }],
    failureLimit: 5,
    fault: null,
  })
  expect(facts.services[0]?.lastCalls.map(({ outcome }) => outcome)).toEqual([
    'done',
    'unknown',
    'failed',
  ])
  expect(facts.daemons).toMatchObject([{ host: 'one', configError: 'line 3 is no YAML' }])
  expect(facts.jobs).toEqual([
    {
      id: 'haier-products',
      alertAfter: 3,
      hasSchedule: true,
      ends: [expect.objectContaining({ id: '01R2' }), expect.objectContaining({ id: '01R1' })],
      missed: { count: 3, lastDueAt: at(-60_000) },
      nextDueAt: at(1000),
      quarantine: { reason: 'it crashes', since: now },
    },
    {
      id: '1c-catalog',
      alertAfter: 1,
      hasSchedule: false,
      ends: [expect.objectContaining({ id: '01R5' })],
      missed: { count: 0, lastDueAt: null },
      nextDueAt: null,
      quarantine: null,
    },
  ])
  expect(facts.failedHooks).toEqual([{ service: 'haier', count: 1 }])
  expect(facts.expiries.map(({ what, users }) => [what, users[0]])).toContainEqual([
    'secret',
    'haier',
  ])
  expect(facts.state.bytes).toBeGreaterThan(0)
  expect(facts.state.limit).toBe(2_000_000_000)
  expect(facts.disk?.freeBytes).toBeGreaterThan(0)
})
