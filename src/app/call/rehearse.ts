import { maskByName } from '../../calls/mask.ts'
import { orderCandidates } from '../../calls/order.ts'
import { mayNext } from '../../calls/repeat.ts'
import { IntegrationError, messageOf } from '../../core/errors.ts'
import type { CallRehearsal } from '../answers/call.ts'
import type { RouteExplanation } from '../answers/routes.ts'
import type { App } from '../app.ts'
import { explainRoute } from '../route/explain.ts'
import { routeOf } from '../route.ts'
import { amountText, type Consent } from './consent.ts'
import type { NamedOperation } from './operation.ts'

export type RehearsalRequest = { service?: string; queue?: boolean }

export type Rehearsed = { operation: NamedOperation; checked: unknown; consent: Consent }

/**
 * Everything but the sending: who would be asked for what now, and who would not and why. Throws what `routeOf` throws,
 * and what the first service would refuse before it sends anything, so that no other is asked.
 */
export async function rehearseCall(
  app: App,
  { operation, checked, consent }: Rehearsed,
  wish: RehearsalRequest,
): Promise<CallRehearsal> {
  const { services, firstAmong, notAsked, policy } = await findWhoCan(app, operation, checked, wish)
  const { effect } = operation.shape
  const mayWait = effect === 'write' || effect === 'message'
  const waits = services.length === 0 && mayWait && policy === 'queue'
  return {
    dry_run: true,
    operation: operation.name,
    effect,
    input: JSON.parse(JSON.stringify(checked, maskByName)) as unknown,
    services,
    first_among: firstAmong,
    not_asked: notAsked,
    queued: wish.queue === true || waits,
    consent: consent.needs,
    amount: consent.needs === 'amount' ? amountText(consent.amount) : null,
  }
}

type WhoCan = {
  /** By priority, then by name: of those with one priority a call draws one by weight. */
  services: string[]
  /** How many have the priority of the first. */
  firstAmong: number
  notAsked: CallRehearsal['not_asked']
  policy: RouteExplanation['when_unavailable']
}

/** Reads the same state as a call: switches, breakers, pauses, and what each config has for this very input. */
export async function findWhoCan(
  app: App,
  { kind, operation }: NamedOperation,
  checked: unknown,
  { service: only }: RehearsalRequest,
): Promise<WhoCan> {
  await routeOf(app, kind.id, { service: only, operation })
  const { services: all, ...rest } = await explainRoute(app, kind.id, { operation })
  const rows = all
    .filter(({ service }) => only === undefined || service === only)
    .map((row) => ({ ...row, name: row.service }))
  const notAsked = rows
    .filter(({ usable }) => !usable)
    .map(({ service, why, until }) => ({ service, why: why ?? '', until }))
  const found: { name: string; priority: number }[] = []
  const able = rows.filter(({ usable }) => usable)
  for (const { name, priority } of orderCandidates(able, byName)) {
    const fault = await faultOf(app, name, operation, checked)
    if (fault === undefined) found.push({ name, priority })
    else if (found.length === 0 && !mayNext(fault, 'once')) throw fault
    else notAsked.push({ service: name, why: messageOf(fault), until: null })
  }
  const services = found.map(({ name }) => name)
  const firstAmong = found.filter(({ priority }) => priority === found[0]?.priority).length
  return { services, firstAmong, notAsked, policy: rest.when_unavailable }
}

/** Draws nothing: what would be drawn now is not what the call draws. */
const byName = (): number => 0

/** What keeps a service from this very call before anything is sent; undefined: nothing is known to. */
async function faultOf(
  app: App,
  name: string,
  operation: string,
  checked: unknown,
): Promise<IntegrationError | undefined> {
  const { adapter, config } = await app.service(name)
  try {
    adapter.operations[operation]?.rehearse?.(config, checked as never)
    return undefined
  } catch (error) {
    if (!(error instanceof IntegrationError)) throw error
    return Object.assign(error, { service: name, operation })
  }
}
