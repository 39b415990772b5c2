import { setImmediate as turn } from 'node:timers/promises'
import { orderCandidates } from '../../calls/order.ts'
import { mayNext } from '../../calls/repeat.ts'
import { drawsOf } from '../../core/draws.ts'
import { CaravanError, IntegrationError } from '../../core/errors.ts'
import type { RouteExplanation, RouteSimulation } from '../answers/routes.ts'
import type { App } from '../app.ts'
import { unknownService } from '../catalogue.ts'
import { listServices } from '../list-services.ts'
import { routeOf } from '../route.ts'
import { explainRoute } from './explain.ts'

export type SimulationRequest = {
  calls: number
  /** Services that answer nothing. */
  down?: readonly string[]
  /** As if every service could be asked that is not named there. */
  allUp?: boolean
  /** Left out: another split each time. */
  seed?: number
}

const mostCalls = 1_000_000
/** A turn of the event loop after so many, so that an operator can stop it. */
const batch = 10_000

/**
 * How calls of a kind would be split among its services, drawn by the same functions that a call uses; nothing is sent.
 * Who cannot be asked now is down, for whatever reason. Throws as `explainRoute`, `no_service` when the kind has none,
 * `service_unknown` for a name under `down` that the kind does not have, and `usage`.
 */
export async function simulateRoute(
  app: App,
  kindId: string,
  {
    calls,
    down = [],
    allUp = false,
    seed = Math.floor(Math.random() * 2 ** 31),
  }: SimulationRequest,
): Promise<RouteSimulation> {
  if (calls > mostCalls) throw tooMany(calls)
  const explained = await explainRoute(app, kindId)
  if (explained.services.length === 0) await routeOf(app, kindId)
  const members = await membersOf(app, explained, { down, allUp })
  const candidates = members.filter(({ isCandidate }) => isCandidate)
  const isDown = new Set(members.filter(({ why }) => why !== null).map(({ name }) => name))
  const random = drawsOf(seed)
  const counts = new Map(members.map(({ name }) => [name, { asked: 0, served: 0 }]))
  let unserved = 0
  for (let call = 0; call < calls; call++) {
    if (call % batch === 0) await turn(undefined, { signal: app.signal })
    let isServed = false
    for (const { name } of orderCandidates(candidates, random)) {
      const count = counts.get(name) ?? { asked: 0, served: 0 }
      count.asked += 1
      isServed = !isDown.has(name)
      if (isServed) count.served += 1
      if (isServed || !mayNext(notReached, 'once')) break
    }
    if (!isServed) unserved += 1
  }
  return {
    kind: explained.kind,
    calls,
    seed,
    services: members
      .map(({ name, priority, weight, why }) => {
        const { asked, served } = counts.get(name) ?? { asked: 0, served: 0 }
        const split = { asked, served, share: served / calls }
        return { service: name, priority, weight, down: why !== null, why, ...split }
      })
      .toSorted((a, b) => a.priority - b.priority || (a.service < b.service ? -1 : 1)),
    unserved,
    when_unavailable: explained.when_unavailable,
    queue_for_ms: explained.queue_for_ms,
    stale_for_ms: explained.stale_for_ms,
  }
}

type Member = {
  name: string
  priority: number
  weight: number
  /** Stands in the route: one that is switched off is not even tried. */
  isCandidate: boolean
  /** Why it serves nothing; null: it serves. */
  why: string | null
}

async function membersOf(
  app: App,
  { kind, services }: RouteExplanation,
  { down, allUp }: { down: readonly string[]; allUp: boolean },
): Promise<Member[]> {
  const names = services.map(({ service }) => service)
  for (const name of down) if (!names.includes(name)) throw unknownService(name, names)
  const known = await listServices(app)
  const enabled = known.services.filter((one) => one.kind === kind && one.state === 'enabled')
  return services.map(({ service: name, priority, weight, usable, why }) => {
    const isCandidate = allUp || enabled.some((one) => one.name === name)
    const own = usable || allUp ? null : (why ?? 'it cannot be asked now')
    return { name, priority, weight, isCandidate, why: down.includes(name) ? '--down' : own }
  })
}

/** As when nobody listens: certainly not done. */
const notReached = new IntegrationError({
  kind: 'unavailable',
  outcome: 'not_done',
  message: 'down',
})

const tooMany = (calls: number): CaravanError =>
  new CaravanError({
    code: 'usage',
    message: `--calls ${calls} is more than is simulated`,
    hint: `Ask for at most ${mostCalls}.`,
  })
