import { adapters } from '../adapters/index.ts'
import { formatFaults } from '../config/faults.ts'
import { hasPlaceholder } from '../config/placeholders.ts'
import { fieldsOf } from '../config/form.ts'
import { getBreaker } from '../store/breakers.ts'
import { lastSuccessByService } from '../store/list-calls.ts'
import type { BreakerState } from '../calls/breaker-state.ts'
import type { Guards } from '../calls/call.ts'
import type { App } from './app.ts'
import { adapterNamed } from './catalogue.ts'
import { listServices, type ServiceInfo } from './list-services.ts'
import { guardsOf, serviceEntry } from './service.ts'

export type ServiceDetails = ServiceInfo & {
  title: string
  docs: string
  operations: string[]
  limits: string
  breaker: string
  last_success_at: string | null
  /** As the file has it; plain values of secret fields are hidden, placeholders are shown. */
  config: Record<string, unknown>
  faults: string[]
}

/** Throws `service_unknown`, with the nearest right name. */
export async function showService(app: App, name: string): Promise<ServiceDetails> {
  const loaded = await app.usableConfig()
  const { services } = await listServices(app)
  const info = services.find((service) => service.name === name)
  if (!info) throw missing(loaded, name)
  const isKnown = adapters.some(({ id }) => id === info.adapter)
  const adapter = isKnown ? await adapterNamed(info.adapter) : undefined
  const secretFields = new Set(
    (adapter ? fieldsOf(adapter.config) : [])
      .filter((field) => field.isSecret)
      .map((field) => field.name),
  )
  const raw = (loaded.raw.services as Record<string, { config?: object }>)[name]
  const config = Object.entries(raw?.config ?? {}).map(([key, value]) => [
    key,
    // Which fields of an unknown adapter are secret is not known either.
    (!adapter || secretFields.has(key)) && !hasPlaceholder(value) ? '***' : value,
  ])
  const breaker = await getBreaker<BreakerState>((await app.state()).db, name)
  return {
    ...info,
    title: adapter?.title ?? '',
    docs: adapter?.docs ?? '',
    operations: Object.keys(adapter?.operations ?? {}),
    limits: adapter ? describeLimits(guardsOf(adapter, loaded.config.services[name] ?? {})) : '',
    breaker: describeBreaker(breaker),
    last_success_at: (await lastSuccessByService((await app.log()).db)).get(name) ?? null,
    config: Object.fromEntries(config),
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
