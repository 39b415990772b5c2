import { type BreakerState, breakerWord } from '../../calls/breaker-state.ts'
import type { Service } from '../../calls/call.ts'
import { longestWaitWithNextMs } from '../../calls/retry.ts'
import { messageOf } from '../../core/errors.ts'
import type { Kind } from '../../core/kind.ts'
import { listBreakers } from '../../store/breakers.ts'
import { listNotBefore } from '../../store/limits.ts'
import type { RouteExplanation, RoutePolicy, RouteService } from '../answers/routes.ts'
import type { ServiceInfo } from '../answers/services.ts'
import type { App } from '../app.ts'
import { operationNamed } from '../call/operation.ts'
import { listServices } from '../list-services.ts'
import { admissionOf, kindNamed, policyOf } from '../route.ts'
import { serviceEntry } from '../service.ts'

/**
 * Which services of a kind would be asked now, in which order, and why the others would not. Sends nothing. `operation`
 * with or without the kind in front. Throws `kind_unknown`, `operation_unknown`.
 */
export async function explainRoute(
  app: App,
  kindId: string,
  { operation }: { operation?: string } = {},
): Promise<RouteExplanation> {
  const kind = kindNamed(kindId)
  const asked = operation === undefined ? undefined : operationOf(kind, operation)
  const { services } = await listServices(app)
  const { db } = await app.state()
  const known = {
    breakers: await listBreakers<BreakerState>(db),
    pauses: await listNotBefore(db),
    operation: asked,
  }
  const standings: Standing[] = []
  for (const info of services.filter((one) => one.kind === kind.id)) {
    standings.push({ info, ...(await judge(app, info, known)) })
  }
  const { config } = await app.usableConfig()
  return {
    kind: kind.id,
    operation: asked ?? null,
    services: ranked(standings),
    ...policyInfo(policyOf(config, kind.id)),
  }
}

/** The name alone, of an operation that the kind has. */
function operationOf(kind: Kind, name: string): string {
  const whole = name.includes('.') ? name : `${kind.id}.${name}`
  const [ofKind] = whole.split('.')
  const named = operationNamed(ofKind === kind.id ? whole : `${kind.id}.${name}`)
  return named.operation
}

type Known = {
  breakers: ReadonlyMap<string, BreakerState>
  /** Milliseconds since 1970. */
  pauses: ReadonlyMap<string, number>
  operation: string | undefined
}
type Verdict = { usable: boolean; why: string | null; until: string | null }
type Standing = Verdict & { info: ServiceInfo }

const not = (why: string, untilMs?: number): Verdict => ({
  usable: false,
  why,
  until: untilMs === undefined ? null : new Date(untilMs).toISOString(),
})

async function judge(app: App, info: ServiceInfo, known: Known): Promise<Verdict> {
  const { name } = info
  if (info.state === 'faulty') return not(await faultOf(app, info))
  if (info.state === 'disabled') {
    const until = info.until === null ? undefined : Date.parse(info.until)
    return not(`disabled: ${info.why ?? ''}`, until)
  }
  const service = await app.service(name).catch(inOneLine)
  if (typeof service === 'string') return not(service)
  const { operation } = known
  if (operation && !service.adapter.operations[operation]) {
    return not(`${service.adapter.title} does not offer ${operation}`)
  }
  return judgeState(app, service, known)
}

function judgeState(app: App, service: Service, { breakers, pauses }: Known): Verdict {
  const nowMs = app.clock.now().getTime()
  const state = breakers.get(service.name)
  const admission = state && admissionOf(app, service, state)
  if (admission && !admission.admitted) {
    const { reason, waitMs } = admission
    if (waitMs === null) return not(`held until its config changes: ${reason}`)
    return Number.isFinite(waitMs)
      ? not(`the breaker is open: ${reason}`, nowMs + waitMs)
      : not(`the breaker is open until somebody resets it: ${reason}`)
  }
  const pausedUntilMs = pauses.get(service.name) ?? 0
  if (pausedUntilMs - nowMs > longestWaitWithNextMs) {
    return not('the vendor asked for a pause', pausedUntilMs)
  }
  const isProbe = breakerWord(state, nowMs) !== 'closed'
  const why = isProbe ? 'its breaker was open: one call goes through and decides' : null
  return { usable: true, why, until: null }
}

const inOneLine = (error: unknown): string => messageOf(error).replaceAll(/\s*\n\s*/g, ' ')

/** The fault with its line, which the list of services has no room for. */
async function faultOf(app: App, { name, why }: ServiceInfo): Promise<string> {
  try {
    serviceEntry(await app.usableConfig(), name)
    return why ?? 'its config has a fault'
  } catch (error) {
    return inOneLine(error)
  }
}

/** Those that are asked first, each with its share; then those that are not asked. */
function ranked(standings: readonly Standing[]): RouteService[] {
  const usable = standings.filter((one) => one.usable)
  const priorities = [...new Set(usable.map(({ info }) => info.priority))].toSorted((a, b) => a - b)
  const rows = standings.map(({ info, usable: isUsable, why, until }): RouteService => {
    const order = isUsable ? priorities.indexOf(info.priority) + 1 : null
    const { name: service, adapter, priority, weight } = info
    const share = order === null ? null : order > 1 ? 0 : weight / totalOf(usable, priority)
    return { service, adapter, priority, weight, usable: isUsable, order, share, why, until }
  })
  return rows.toSorted(
    (a, b) =>
      (a.order ?? Infinity) - (b.order ?? Infinity) ||
      a.priority - b.priority ||
      (a.service < b.service ? -1 : 1),
  )
}

const totalOf = (usable: readonly Standing[], priority: number): number =>
  usable
    .filter(({ info }) => info.priority === priority)
    .reduce((sum, { info }) => sum + info.weight, 0)

export const policyInfo = ({
  whenUnavailable,
  queueForMs,
  staleForMs,
}: ReturnType<typeof policyOf>): RoutePolicy => ({
  when_unavailable: whenUnavailable,
  queue_for_ms: queueForMs,
  stale_for_ms: staleForMs,
})
