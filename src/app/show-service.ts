import { adapters } from '../adapters/index.ts'
import { formatFaults } from '../config/faults.ts'
import { getBreaker } from '../store/breakers.ts'
import { lastSuccessByService } from '../store/list-calls.ts'
import type { BreakerState } from '../calls/breaker-state.ts'
import type { Guards } from '../calls/call.ts'
import type { ServiceDetails } from './answers/services.ts'
import type { App } from './app.ts'
import { adapterNamed } from './catalogue.ts'
import { maskLoaded } from './config-history/mask-loaded.ts'
import { listServices } from './list-services.ts'
import { guardsOf, serviceEntry } from './service.ts'

/** Throws `service_unknown`, with the nearest right name. */
export async function showService(app: App, name: string): Promise<ServiceDetails> {
  const loaded = await app.usableConfig()
  const { services } = await listServices(app)
  const info = services.find((service) => service.name === name)
  if (!info) throw missing(loaded, name)
  const isKnown = adapters.some(({ id }) => id === info.adapter)
  const adapter = isKnown ? await adapterNamed(info.adapter) : undefined
  // Only what a schema knows to be harmless is shown: of an unknown adapter nothing is.
  const { services: shown } = (await maskLoaded(loaded)).tree as {
    services: Record<string, { config?: Record<string, unknown> | null } | null>
  }
  const breaker = await getBreaker<BreakerState>((await app.state()).db, name)
  return {
    ...info,
    title: adapter?.title ?? '',
    docs: adapter?.docs ?? '',
    operations: Object.keys(adapter?.operations ?? {}),
    limits: adapter ? describeLimits(guardsOf(adapter, loaded.config.services[name] ?? {})) : '',
    breaker: describeBreaker(breaker),
    last_success_at: (await lastSuccessByService((await app.log()).db)).get(name) ?? null,
    config: shown[name]?.config ?? {},
    faults: loaded.faults
      .filter(({ path }) => path[0] === 'services' && path[1] === name)
      .map((fault) => formatFaults(loaded.file, [fault])),
  }
}

const describeLimits = ({ perSecond, concurrent, timeoutMs }: Guards): string =>
  [
    perSecond && `${perSecond} a second`,
    concurrent && `${concurrent} at once`,
    `${timeoutMs / 1000} s for a request`,
  ]
    .filter(Boolean)
    .join(', ')

export const describeBreaker = (state: BreakerState | undefined): string => {
  if (!state || (state.status === 'closed' && !state.heldConfig)) return 'closed'
  return `${state.heldConfig ? 'held' : state.status.replace('_', '-')}: ${state.reason ?? ''}`
}

function missing(loaded: Parameters<typeof serviceEntry>[0], name: string): unknown {
  try {
    serviceEntry(loaded, name)
  } catch (error) {
    return error
  }
  return new Error(`no service ${name}`)
}
