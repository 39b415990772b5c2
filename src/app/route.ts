import { admit, type Admission, type BreakerState, breakerWord } from '../calls/breaker-state.ts'
import type { Candidate, Route, Service } from '../calls/call.ts'
import type { RouteFor } from '../calls/outbox.ts'
import type { Config, ServiceConfig } from '../config/schema.ts'
import { CaravanError } from '../core/errors.ts'
import type { Kind } from '../core/kind.ts'
import { kinds } from '../core/kinds/index.ts'
import { listBreakers } from '../store/breakers.ts'
import type { ServiceInfo } from './answers/services.ts'
import type { App } from './app.ts'
import { unknownName, unknownService } from './catalogue.ts'
import { listServices } from './list-services.ts'
import { defaults, serviceEntry } from './service.ts'

const dayMs = 86_400_000

/**
 * The services that may be asked for a kind now, by the file's wish and the operator's switches; with `service` that
 * one alone. Each is opened when its turn comes, and may fail for itself. Throws `kind_unknown`, `no_service`,
 * `service_unknown`, or `usage` for a named service of another kind, and for an `operation` that the one alone can answer
 * that did something before, when it is not said which.
 */
export async function routeOf(
  app: App,
  kindId: string,
  { service, operation }: { service?: string; operation?: string } = {},
): Promise<Route> {
  const kind = kindNamed(kindId)
  const { services } = await listServices(app)
  const usable = service
    ? [await requireService(app, services, service, kindId)]
    : services.filter((one) => one.kind === kindId && one.state === 'enabled')
  if (usable.length === 0) throw noService(services, kindId)
  if (operation && usable.length > 1 && kind.operations[operation]?.ofOneService) {
    throw whichService(`${kindId}.${operation}`, usable)
  }
  const { config } = await app.usableConfig()
  return {
    kind,
    candidates: usable.map((one) => candidateOf(app, one)),
    ...policyOf(config, kindId),
    deadlineMs: longestDeadline(usable.map(({ name }) => config.services[name])),
  }
}

/** The same for what stands in the outbox. */
export const routeForOf =
  (app: App): RouteFor =>
  (kind, service) =>
    routeOf(app, kind, service === null ? {} : { service })

/** What the file says of a route, and what holds where it says nothing. */
export function policyOf(
  { routes }: Pick<Config, 'routes'>,
  kindId: string,
): Pick<Route, 'whenUnavailable' | 'queueForMs' | 'cacheForMs' | 'staleForMs'> {
  const policy = routes[kindId]
  return {
    whenUnavailable: policy?.when_unavailable ?? 'fail',
    queueForMs: policy?.queue_for ?? dayMs,
    cacheForMs: policy?.cache_for ?? 0,
    staleForMs: policy?.stale_for ?? dayMs,
  }
}

/** Throws `kind_unknown` with the nearest right word. */
export function kindNamed(id: string): Kind {
  const known: Readonly<Record<string, Kind>> = kinds
  const found = Object.hasOwn(known, id) ? known[id] : undefined
  if (found) return found
  throw unknownName('kind', id, Object.keys(known), 'kind_unknown', 'caravan kinds')
}

const candidateOf = (app: App, { name, priority, weight }: ServiceInfo): Candidate => ({
  name,
  priority,
  weight,
  open: () => app.service(name),
})

/** Each service keeps to its own part of it; a route must leave room for the most patient of them. */
const longestDeadline = (entries: readonly (ServiceConfig | undefined)[]): number =>
  Math.max(...entries.map((entry) => entry?.retry?.deadline ?? defaults.deadlineMs))

/** The one that somebody asked for by name: whatever keeps it from being asked is told. */
async function requireService(
  app: App,
  services: readonly ServiceInfo[],
  name: string,
  kind: string,
): Promise<ServiceInfo> {
  const found = services.find((one) => one.name === name)
  const ofKind = services.filter((one) => one.kind === kind).map((one) => one.name)
  if (!found) throw unknownService(name, ofKind)
  if (found.state === 'faulty') serviceEntry(await app.usableConfig(), name)
  if (found.kind !== kind) {
    throw new CaravanError({
      code: 'usage',
      message: `${name} is of kind ${found.kind || 'unknown'}, not of ${kind}`,
      hint: ofKind.length > 0 ? `Of kind ${kind}: ${ofKind.join(', ')}.` : addOne(kind),
    })
  }
  if (found.state === 'enabled') return found
  throw new CaravanError({
    code: 'no_service',
    message: `${name} is ${found.state}: ${found.why ?? ''}`,
    hint: `Nothing is sent to it. Switch it on with "caravan enable ${name}".`,
  })
}

/**
 * The service that serves a job: by priority, then by name, and always the same one, for records are kept by the service
 * they came from. One whose breaker is open or that is held is passed over while another can serve.
 */
export async function serviceOfKind(app: App, kind: string): Promise<string> {
  const { services } = await listServices(app)
  const enabled = services.filter((one) => one.kind === kind && one.state === 'enabled')
  const order = enabled.toSorted(byPriorityAndName)
  const [preferred] = order
  if (!preferred) throw noService(services, kind)
  if (order.length === 1) return preferred.name
  const breakers = await listBreakers<BreakerState>((await app.state()).db)
  for (const { name } of order) {
    if (!(await isBarred(app, name, breakers.get(name)))) return name
  }
  return preferred.name
}

const byPriorityAndName = (a: ServiceInfo, b: ServiceInfo): number =>
  a.priority - b.priority || (a.name < b.name ? -1 : 1)

/** Open and not yet due for a probe, or held. A service that cannot even be opened says so when it is used. */
async function isBarred(app: App, name: string, state?: BreakerState): Promise<boolean> {
  if (breakerWord(state, app.clock.now().getTime()) === 'closed' || !state) return false
  const service = await app.service(name).catch(() => undefined)
  return service !== undefined && !admissionOf(app, service, { ...state, probe: null }).admitted
}

/** Whether the breaker would let a call through now; nothing is changed. */
export const admissionOf = (app: App, service: Service, state: BreakerState): Admission =>
  admit(state, {
    ms: app.clock.now().getTime(),
    holder: '',
    leaseMs: service.guards.timeoutMs * 2,
    configHash: service.configHash,
  })

function noService(services: readonly ServiceInfo[], kind: string): CaravanError {
  const ofKind = services.filter((service) => service.kind === kind)
  const off = ofKind.map(({ name, state, why }) => `${name} is ${state} (${why ?? ''})`)
  return new CaravanError({
    code: 'no_service',
    message: `no service of kind ${kind} can be used`,
    hint: off.length > 0 ? `${off.join('; ')}.` : addOne(kind),
  })
}

const whichService = (operation: string, services: readonly ServiceInfo[]): CaravanError =>
  new CaravanError({
    code: 'usage',
    message: `${operation} is answered by the service alone that was used: ${services.map(({ name }) => name).join(', ')}`,
    hint: 'Say which with --service. The answer of the call before names it, under "service"; so does: caravan call result <id>',
  })

const addOne = (kind: string): string => `Add one: "caravan adapters" lists who offers ${kind}.`
