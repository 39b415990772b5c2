/** Which services stand in a route, and which of them a job is given. */
import { writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { type BreakerState, closedBreaker, trip } from '../calls/breaker-state.ts'
import { changeBreaker } from '../store/breakers.ts'
import { setSwitch } from '../store/switches.ts'
import { withAppIn } from '../testing/app.ts'
import { project } from '../testing/program.ts'
import type { App } from './app.ts'
import { routeOf, serviceOfKind } from './route.ts'

const config = {
  base_url: 'http://127.0.0.1:1',
  client_id: 'id',
  client_secret: 'made-up',
  customer_code: '8800633175',
  password: 'made-up',
  seller_password: 'made-up',
}

async function inProject(
  services: Record<string, object>,
  use: (app: App) => Promise<void>,
  routes: object = {},
): Promise<void> {
  const { folder, file } = await project()
  const entries = Object.entries(services).map(([name, settings]) => [
    name,
    { adapter: 'haier', config, ...settings },
  ])
  const state = './caravan.db'
  const all = { version: 1, state, services: Object.fromEntries(entries), routes }
  writeFileSync(file('integrations.yaml'), JSON.stringify(all))
  await withAppIn(folder, use)
}

const namesOf = async (app: App) =>
  (await routeOf(app, 'supplier')).candidates.map(({ name }) => name)

async function open(app: App, service: string, forMs: number | null = null): Promise<void> {
  const ms = app.clock.now().getTime()
  const closed = closedBreaker({ failures: 5, openForMs: 60_000 })
  const untilMs = forMs === null ? null : ms + forMs
  await changeBreaker<BreakerState>((await app.state()).db, service, closed, (state) =>
    trip(state, { ms, untilMs, by: 'a test', reason: 'a test' }),
  )
}

async function switchOff(app: App, service: string): Promise<void> {
  const { db } = await app.state()
  await setSwitch(db, { service, reason: 'prices', setBy: 'bob', now: app.clock.now() })
}

it('holds the enabled services of the kind, with the policy and the longest deadline', async () => {
  const services = {
    a: { priority: 2, weight: 30, retry: { deadline: '5m' } },
    b: { priority: 1, retry: { deadline: '10s' } },
    off: { enabled: false, retry: { deadline: '1h' } },
    switched: {},
  }
  const routes = { supplier: { when_unavailable: 'cached', stale_for: '2h', cache_for: '1m' } }

  await inProject(
    services,
    async (app) => {
      await switchOff(app, 'switched')

      const route = await routeOf(app, 'supplier')

      expect(route).toMatchObject({
        kind: { id: 'supplier' },
        candidates: [
          { name: 'a', priority: 2, weight: 30 },
          { name: 'b', priority: 1, weight: 100 },
        ],
        whenUnavailable: 'cached',
        deadlineMs: 300_000,
        cacheForMs: 60_000,
        staleForMs: 7_200_000,
        queueForMs: 86_400_000,
      })
      expect(await route.candidates[0]?.open()).toMatchObject({ name: 'a' })
    },
    routes,
  )
})

it('one whose placeholder is unset stands in it, and fails for itself when it is opened', async () => {
  const services = { a: { config: { ...config, password: '${NOBODY_SET_THIS}' } }, b: {} }

  await inProject(services, async (app) => {
    expect(await namesOf(app)).toEqual(['a', 'b'])
    const { candidates } = await routeOf(app, 'supplier')
    await expect(candidates[0]?.open()).rejects.toMatchObject({ code: 'placeholder_unset' })
    expect(await candidates[1]?.open()).toMatchObject({ name: 'b' })
  })
})

it('a service that is named is the only one; what keeps it from being asked is an error', async () => {
  await inProject(
    { a: {}, b: {}, off: { enabled: false }, broken: { weight: -1 } },
    async (app) => {
      await switchOff(app, 'b')

      const { candidates } = await routeOf(app, 'supplier', { service: 'a' })

      expect(candidates.map(({ name }) => name)).toEqual(['a'])
      for (const [kind, service, code, says] of [
        ['supplier', 'b', 'no_service', 'switched off by bob: prices'],
        ['supplier', 'off', 'no_service', 'in the config'],
        ['supplier', 'aa', 'service_unknown', 'aa'],
        ['supplier', 'broken', 'config_invalid', 'line 1'],
        ['sms', 'a', 'usage', 'of kind supplier, not of sms'],
        ['sms', undefined, 'no_service', 'sms'],
        ['smss', 'a', 'kind_unknown', 'smss'],
      ] as const) {
        const expected = { code, message: expect.stringContaining(says) as string }
        await expect(routeOf(app, kind, { service })).rejects.toMatchObject(expected)
      }
    },
  )
})

it('a job is given one by priority, past those whose breaker is open while another can serve', async () => {
  await inProject({ a: { priority: 1 }, b: { priority: 2 } }, async (app) => {
    const draw = () => serviceOfKind(app, 'supplier')

    const closed = await draw()
    await open(app, 'a')
    const oneOpen = await draw()
    await open(app, 'b')
    const bothOpen = await draw()

    expect([closed, oneOpen, bothOpen]).toEqual(['a', 'b', 'a'])
  })
})

it('a job keeps to one of equals, also to one whose breaker has been open for its time', async () => {
  await inProject({ b: { weight: 75 }, a: { weight: 25 } }, async (app) => {
    await open(app, 'a', -1)

    const drawn = await Promise.all(
      Array.from({ length: 20 }, () => serviceOfKind(app, 'supplier')),
    )

    expect(new Set(drawn)).toEqual(new Set(['a']))
  })
})
