import { describe, expect, it } from 'vitest'
import type { RouteExplanation, RouteSimulation } from '../app/answers/routes.ts'
import { haierTwin, project } from '../testing/program.ts'

/** Five services of one kind, each in another plight. */
async function routeProject(routes: object = {}) {
  const made = await project()
  const { config } = await haierTwin()
  const haier = (settings: object, changes: object = {}) => ({
    adapter: 'haier',
    ...settings,
    config: { ...config, ...changes },
  })
  const services = {
    main: haier({ priority: 1, weight: 60 }),
    other: haier({ priority: 1, weight: 20 }),
    spare: haier({ priority: 2 }),
    off: haier({ enabled: false }),
    unset: haier({}, { password: '${NOBODY_SET_THIS}' }),
  }
  const state = './caravan.db'
  made.write('integrations.yaml', JSON.stringify({ version: 1, state, services, routes }))
  return { ...made, services, config }
}

const of = ({ services }: RouteExplanation, name: string) =>
  services.find(({ service }) => service === name)

describe('route explain', () => {
  it('says who is asked, with which share, and why the others are not', async () => {
    const { json, run } = await routeProject({ supplier: { when_unavailable: 'cached' } })
    await run('breaker trip other --for 10m --reason maintenance')

    const answer = await json<RouteExplanation>('route explain supplier')
    const table = await run('route explain supplier')

    expect(answer).toMatchObject({
      kind: 'supplier',
      operation: null,
      when_unavailable: 'cached',
      services: [
        { service: 'main', usable: true, order: 1, share: 1, why: null },
        { service: 'spare', usable: true, order: 2, share: 0, why: null },
        { service: 'off', usable: false, why: 'disabled: in the config' },
        {
          service: 'other',
          usable: false,
          share: null,
          why: expect.stringContaining('maintenance'),
        },
        { service: 'unset', usable: false, why: expect.stringContaining('NOBODY_SET_THIS') },
      ],
    })
    expect(of(answer, 'other')?.until).toMatch(/Z$/)
    expect(table.out).toMatch(/ +1 +main .* 100 %/)
    expect(table.err).toContain('A call of supplier is sent to main.')
  })

  it('shares among equals, knows what each offers, and what holds after a switch', async () => {
    const { json, run } = await routeProject()

    const before = await json<RouteExplanation>('route explain supplier --operation getStock')
    await run('disable main --reason prices')
    const after = await json<RouteExplanation>(
      'route explain supplier --operation supplier.getStock',
    )

    expect([of(before, 'main')?.share, of(before, 'other')?.share]).toEqual([0.75, 0.25])
    expect(of(after, 'main')?.why).toContain('switched off by tester: prices')
    expect(of(after, 'other')).toMatchObject({ order: 1, share: 1 })
  })

  it('a kind that nobody serves is no error; a word that is none is, with the nearest', async () => {
    const { run } = await routeProject()

    const none = await run('route explain sms')

    expect(none).toMatchObject({ code: 0, out: '' })
    expect(none.err).toContain('There is no service of kind sms')
    for (const [words, near] of [
      ['route explain suplier', 'supplier'],
      ['route explain supplier --operation getStok', 'getStock'],
      ['route simulate supplier --down mian', 'main'],
    ]) {
      const { code, err } = await run(words ?? '')
      expect({ words, code, err }).toMatchObject({
        code: 10,
        err: expect.stringContaining(near ?? ''),
      })
    }
  })
})

describe('route simulate', () => {
  it('splits by weight, the same way for the same seed, and sends nothing', async () => {
    const { json } = await routeProject()

    const words = 'route simulate supplier --calls 8000 --seed 7'
    const [first, again] = [await json<RouteSimulation>(words), await json<RouteSimulation>(words)]

    expect(again).toEqual(first)
    const [main, other, unset, spare] = ['main', 'other', 'unset', 'spare'].map((name) =>
      first.services.find(({ service }) => service === name),
    )
    expect(main?.share).toBeCloseTo(0.75, 1)
    expect(other?.share).toBeCloseTo(0.25, 1)
    expect(unset).toMatchObject({ down: true, served: 0 })
    expect(spare).toMatchObject({ asked: 0, served: 0 })
    expect(first.unserved).toBe(0)
    expect(await json<{ calls: unknown[] }>('logs list')).toEqual({ calls: [] })
  })

  it('who cannot be asked now is down, and says why; --all-up does as if it could', async () => {
    const { json, run } = await routeProject()
    await run('breaker trip main --for 10m --reason maintenance')
    const words = 'route simulate supplier --calls 100'
    const named = ({ services }: RouteSimulation, name: string) =>
      services.find(({ service }) => service === name)

    const now = await json<RouteSimulation>(words)
    const up = await json<RouteSimulation>(`${words} --all-up`)
    const table = await run(words)

    expect(named(now, 'main')).toMatchObject({ down: true, served: 0 })
    expect(named(now, 'main')?.why).toContain('maintenance')
    expect(named(now, 'off')).toMatchObject({ asked: 0, why: 'disabled: in the config' })
    expect(named(now, 'other')).toMatchObject({ served: 100, down: false, why: null })
    expect(up.services.map(({ down }) => down)).toEqual([false, false, false, false, false])
    expect(table.out).toMatch(/main .*down: the breaker is open/)
  })

  it('those that are down pass theirs on; with all of them down nobody serves', async () => {
    const { json, run } = await routeProject({ supplier: { when_unavailable: 'queue' } })

    const some = await json<RouteSimulation>('route simulate supplier --down main unset other')
    const none = await run(
      'route simulate supplier --calls 10 --down main --down unset other spare',
    )

    expect(some.services.find(({ service }) => service === 'spare')).toMatchObject({ served: 1000 })
    expect(some.services.find(({ service }) => service === 'main')).toMatchObject({
      served: 0,
      down: true,
    })
    expect(none.code).toBe(0)
    expect(none.err).toContain('10 of 10 calls are served by nobody')
    expect(none.err).toContain('queued and tried for 24 h')
  })
})
