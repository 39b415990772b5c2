import { expect, it, onTestFinished } from 'vitest'
import { haier } from '../adapters/haier/index.ts'
import { type App, openApp } from '../app/app.ts'
import { readStatus } from '../app/status.ts'
import { disableService, enableService } from '../app/switches.ts'
import { closedBreaker, type BreakerState } from '../calls/breaker-state.ts'
import { systemClock } from '../core/clock.ts'
import type { Log, LogFields } from '../core/log.ts'
import { startTwin } from '../http/twin-server.ts'
import { changeBreaker } from '../store/breakers.ts'
import { listBreakerEvents } from '../store/breaker-events.ts'
import { listHealthChecks } from '../store/health-checks.ts'
import { insertCalls } from '../store/calls.ts'
import { callRow } from '../testing/call-rows.ts'
import { createTestClock } from '../testing/clock.ts'
import { project } from '../testing/program.ts'
import { makeHealth } from './health.ts'

const everyMs = 5 * 60_000

/** The part alone, over a real project with services at a real twin; the test holds the clock. */
async function setUp(services = ['haier']) {
  const twin = await startTwin(haier.twin, { products: 3 })
  onTestFinished(twin.close)
  const { folder, write } = await project()
  const entry = (more: object = {}) => ({
    adapter: 'haier',
    retry: { attempts: 1 },
    config: twin.config,
    ...more,
  })
  const save = (entries: Record<string, object>, every = '5m') =>
    write('integrations.yaml', JSON.stringify({ version: 1, health: { every }, services: entries }))
  save(Object.fromEntries(services.map((name) => [name, entry()])))
  const clock = createTestClock(new Date('2026-03-01T00:01:00.000Z'))
  const stop = new AbortController()
  let app: App = openApp({ env: { USER: 'anna' }, cwd: folder, clock, signal: stop.signal })
  onTestFinished(() => app.close())
  const { db } = await app.state()
  const said: string[] = []
  const note = (text: string, fields?: LogFields) => void said.push(`${fields?.service}: ${text}`)
  const log: Log = { debug: note, info: note, warn: note, error: note, with: () => log }
  const context = { app: () => app, db, clock, log, id: 'd', signal: stop.signal }
  const health = makeHealth(context)
  return {
    twin,
    write,
    clock,
    db,
    said,
    entry,
    health,
    stop,
    app: () => app,
    async reload(entries: Record<string, object>, every?: string) {
      save(entries, every)
      app = await app.next()
    },
    /** Lets the part pass each second for so long, and waits for the checks it has begun. */
    async passFor(ms: number) {
      for (let passed = 0; passed < ms; passed += 1000) {
        await health.pass()
        const over = Promise.resolve(health.stop?.()).then(() => 'over')
        // The vendor's rate may have to be waited for.
        while ((await Promise.race([over, systemClock.sleep(5)])) !== 'over') {
          await clock.advance(20)
        }
        await clock.advance(1000)
      }
    },
    checks: (name = 'haier') => listHealthChecks(db, name),
  }
}

const beginning = closedBreaker({ failures: 5, openForMs: 60_000 })

it('a service is checked soon, and then once in each interval', async () => {
  const { passFor, checks, app } = await setUp()

  await passFor(2000)
  const first = await checks()
  await passFor(2 * everyMs)

  expect(first).toMatchObject([{ isOk: true, errorKind: null, callId: expect.any(String) }])
  expect(await checks()).toHaveLength(3)
  expect((await readStatus(app())).services[0]).toMatchObject({
    health: 'ok',
    check_passed: true,
    checked_at: (await checks())[0]?.at,
  })
})

it('a check that fails is kept with its reason, and said once until it passes again', async () => {
  const { passFor, checks, twin, said, app } = await setUp()
  await passFor(2000)
  twin.faults.add({ fault: 'error-500' })

  await passFor(2 * everyMs)
  const failed = await checks()
  const status = await readStatus(app())
  twin.faults.clear()
  await passFor(everyMs)

  expect(failed.map(({ isOk }) => isOk)).toEqual([false, false, false, false, true])
  expect(failed[0]).toMatchObject({ errorKind: 'unavailable' })
  expect(status.services[0]).toMatchObject({ health: 'failing', check_passed: false })
  expect((await checks())[0]).toMatchObject({ isOk: true })
  expect(said).toEqual([
    'haier: the health check fails: the vendor had a failure of its own (HTTP 500)',
    'haier: the health check passes again',
  ])
})

it('a recovery is seen soon: after failed checks, after an open breaker, after calls that failed', async () => {
  const { passFor, checks, twin, db, clock, app } = await setUp()
  await passFor(2000)
  twin.faults.add({ fault: 'error-500', times: 1 })
  await passFor(everyMs)
  await passFor(35_000)
  const recovered = (await checks()).map(({ isOk }) => isOk)

  await changeBreaker<BreakerState>(db, 'haier', beginning, (state) => ({
    ...state,
    status: 'open',
    openForMs: 30_000,
    openUntilMs: clock.now().getTime() + 30_000,
    reason: 'down',
  }))
  await passFor(45_000)
  const probed = (await checks()).length

  const at = clock.now().toISOString()
  const failed = { outcome: 'failed' as const, started_at: at, finished_at: at }
  await insertCalls((await app().log()).db, [callRow(1, { service: 'haier', ...failed })])
  await passFor(75_000)

  expect(recovered).toEqual([true, false, true])
  expect(probed).toBe(4)
  expect(await checks()).toHaveLength(5)
})

it('a secret that became no use is found within seconds, and so is its mending', async () => {
  const { passFor, checks, reload, entry, twin, write } = await setUp([])
  const services = { haier: entry({ config: { ...twin.config, client_secret: '${file:secret}' } }) }
  write('secret', String(twin.config.client_secret))
  await reload(services)
  await passFor(7000)

  write('secret', '')
  await reload(services)
  await passFor(7000)
  const [failed] = await checks()
  write('secret', String(twin.config.client_secret))
  await reload(services)
  await passFor(7000)

  expect(failed).toMatchObject({ isOk: false, errorKind: 'config' })
  expect((await checks()).map(({ isOk }) => isOk)).toEqual([true, false, true])
})

it('a config that cannot be resolved is a failed check, and nothing is sent', async () => {
  const { passFor, checks, reload, entry, twin } = await setUp([])
  const config = { ...twin.config, client_secret: '${NOT_SET}' }
  await reload({ haier: entry({ config }) })

  await passFor(7000)

  expect(await checks()).toMatchObject([
    { isOk: false, errorKind: 'config', callId: null, message: expect.stringContaining('NOT_SET') },
  ])
})

it('an open breaker is left alone until it lets a probe through, which the check then is', async () => {
  const { passFor, checks, db, clock, said } = await setUp()
  const untilMs = clock.now().getTime() + 90_000
  await changeBreaker<BreakerState>(db, 'haier', beginning, (state) => ({
    ...state,
    status: 'open',
    openForMs: 90_000,
    openUntilMs: untilMs,
    reason: 'down',
  }))

  await passFor(80_000)
  const before = await checks()
  await passFor(15_000)

  expect(before).toEqual([])
  expect(await checks()).toMatchObject([{ isOk: true }])
  expect(Date.parse((await checks())[0]?.at ?? '')).toBeGreaterThanOrEqual(untilMs)
  expect(said).toEqual(['haier: not checked: the breaker is open: down'])
  const turns = (await listBreakerEvents(db, {})).map(({ former, status }) => [former, status])
  expect(turns).toEqual([
    ['closed', 'open'],
    ['open', 'half_open'],
    ['half_open', 'closed'],
  ])
})

it('what is switched off, in the file or by an operator, is passed over and says so', async () => {
  const { passFor, checks, app, said, reload, entry } = await setUp([])
  await reload({ haier: entry(), other: entry({ enabled: false }) })
  await disableService(app(), 'haier', { reason: 'wrong prices' })

  await passFor(30_000)
  const before = await checks()
  await enableService(app(), 'haier')
  await passFor(12_000)

  expect(before).toEqual([])
  expect(await checks()).toHaveLength(1)
  expect(await checks('other')).toEqual([])
  expect(said.toSorted()).toEqual([
    'haier: not checked: switched off by anna: wrong prices',
    'other: not checked: in the config',
  ])
})

it('refused credentials hold the service after three checks, and then nothing is sent any more', async () => {
  const { passFor, checks, twin, said } = await setUp()
  twin.faults.add({ fault: 'expired-token' })

  await passFor(6 * everyMs)

  expect(await checks()).toMatchObject([
    { isOk: false, errorKind: 'auth' },
    { isOk: false, errorKind: 'auth' },
    { isOk: false, errorKind: 'auth' },
  ])
  expect(said.at(-1)).toMatch(/not checked: held: the credentials were refused/)
})

it('a changed service is checked within seconds, one that left no more', async () => {
  const { passFor, checks, reload, entry } = await setUp(['haier', 'other'])
  await passFor(10_000)

  await reload({ haier: entry({ timeout: '5s' }) })
  await passFor(6000)
  const soon = await checks()
  await passFor(everyMs)

  expect(soon).toHaveLength(2)
  expect(await checks('other')).toHaveLength(1)
})

it('a vendor that hangs holds up no other service, and is not asked again meanwhile', async () => {
  const { health, clock, checks, twin, stop, reload, entry } = await setUp([])
  const hanging = { ...twin.config, base_url: `${twin.url}/hanging` }
  const slow = { timeout: '10m', retry: { attempts: 1, deadline: '10m' } }
  await reload({ haier: entry({ config: hanging, ...slow }), other: entry() }, '10s')
  twin.faults.add({ fault: 'timeout', path: '/hanging', delay_ms: 600_000 })
  const { take } = twin.faults
  let asked = 0
  twin.faults.take = (path) => {
    if (path.startsWith('/hanging')) asked += 1
    return take(path)
  }

  for (let passed = 0; passed < 50 || (await checks('other')).length < 2; passed++) {
    await health.pass()
    await systemClock.sleep(5)
    await clock.advance(1000)
  }
  const askedBefore = asked
  const hung = await checks('haier')
  stop.abort()
  await health.stop?.()

  expect(askedBefore).toBe(1)
  expect(hung).toEqual([])
  expect(await checks('haier')).toEqual([]) // nothing was learned of a check that was stopped
})
