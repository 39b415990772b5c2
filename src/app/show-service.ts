import { adapters } from '../adapters/index.ts'
import { formatFaults } from '../config/faults.ts'
import { utcText } from '../core/words.ts'
import { getBreaker } from '../store/breakers.ts'
import { listHealthChecks } from '../store/health-checks.ts'
import { listNotBefore } from '../store/limits.ts'
import { lastSuccessByService, listCalls } from '../store/list-calls.ts'
import { type BreakerState, breakerWord } from '../calls/breaker-state.ts'
import type { Guards } from '../calls/call.ts'
import type { ServiceDetails } from './answers/services.ts'
import type { App } from './app.ts'
import { adapterNamed, unknownService } from './catalogue.ts'
import { maskLoaded } from './config-history/mask-loaded.ts'
import { listServices } from './list-services.ts'
import { guardsOf } from './service.ts'
import { callsLookedAt, healthOf } from './service-health.ts'

/** Throws `service_unknown`, with the nearest right name. */
export async function showService(app: App, name: string): Promise<ServiceDetails> {
  const loaded = await app.usableConfig()
  const { services } = await listServices(app)
  const info = services.find((service) => service.name === name)
  if (!info) {
    throw unknownService(
      name,
      services.map((service) => service.name),
    )
  }
  const isKnown = adapters.some(({ id }) => id === info.adapter)
  const adapter = isKnown ? await adapterNamed(info.adapter) : undefined
  // Only what a schema knows to be harmless is shown: of an unknown adapter nothing is.
  const { services: shown } = (await maskLoaded(loaded)).tree as {
    services: Record<string, { config?: Record<string, unknown> | null } | null>
  }
  const log = await app.log()
  const { calls } = await listCalls(log.db, { service: name }, { limit: callsLookedAt })
  const { db } = await app.state()
  const checks = await listHealthChecks(db, name, { limit: 5 })
  const breaker = await getBreaker<BreakerState>(db, name)
  const pausedUntilMs = (await listNotBefore(db)).get(name)
  return {
    ...info,
    title: adapter?.title ?? '',
    docs: adapter?.docs ?? '',
    operations: Object.keys(adapter?.operations ?? {}),
    limits: adapter ? describeLimits(guardsOf(adapter, loaded.config.services[name] ?? {})) : '',
    breaker: describeBreaker(breaker, app.clock.now().getTime(), pausedUntilMs),
    last_success_at: (await lastSuccessByService(log.db)).get(name) ?? null,
    ...healthOf(calls, checks[0]),
    last_calls: calls
      .slice(0, 5)
      .map(({ id, kind, operation, outcome, started_at, duration_ms }) => {
        return { id, kind, operation, outcome, started_at, duration_ms }
      }),
    last_checks: checks.map((check) => ({
      at: check.at,
      passed: check.isOk,
      duration_ms: check.durationMs,
      message: check.message,
      error_kind: check.errorKind,
      call: check.callId,
    })),
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

/** A pause that the vendor asked for is none of the breaker's, and keeps calls from it all the same. */
function describeBreaker(
  state: BreakerState | undefined,
  nowMs: number,
  pausedUntilMs = 0,
): string {
  const word = breakerWord(state, nowMs)
  const until = utcText(new Date(pausedUntilMs).toISOString())
  return [
    word === 'closed' ? word : `${word}: ${state?.reason ?? ''}`,
    pausedUntilMs > nowMs && `paused by its vendor until ${until}`,
  ]
    .filter(Boolean)
    .join('; ')
}
