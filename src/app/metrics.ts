import { countTrips } from '../store/breaker-events.ts'
import { add, noStats, type ServiceStats, statsSince } from '../store/metrics.ts'
import { quantile } from '../store/spread.ts'
import type { Metrics, ServiceMetrics } from './answers/metrics.ts'
import type { App } from './app.ts'

export type { Metrics, ServiceMetrics }

export type MetricsWindow = ({ sinceMs: number } | { since: Date }) & {
  service?: string | undefined
}

/**
 * What the services did since an instant, or in the last `sinceMs`: those of the file, and those that left it and were
 * called in that time. A call counts for the service that was asked last, a request for the one it was sent to. Throws
 * `service_unknown`.
 */
export async function readMetrics(app: App, window: MetricsWindow): Promise<Metrics> {
  const until = app.clock.now()
  const since = 'since' in window ? window.since : new Date(until.getTime() - window.sinceMs)
  const { service: wanted } = window
  const named = (await app.overview()).services.map(({ name }) => name)
  const log = await app.log()
  const stats = await statsSince(log.db, since, wanted)
  const trips = await countTrips((await app.state()).db, since)
  const seen = stats.map(({ service }) => service).toSorted()
  const names = [...new Set([...named, ...seen])].filter((name) => !wanted || name === wanted)
  if (wanted !== undefined && names.length === 0) {
    const { unknownService } = await import('./catalogue.ts')
    throw unknownService(wanted, named)
  }
  const total = { calls: noStats('', false), checks: noStats('', true), trips: 0 }
  const services = names.map((name) => {
    const calls = statsOf(stats, name, false)
    const checks = statsOf(stats, name, true)
    const tripped = trips.get(name) ?? 0
    add(total.calls, calls)
    add(total.checks, checks)
    total.trips += tripped
    return { service: name, ...metricsOf(calls, checks, tripped) }
  })
  return {
    services,
    total: metricsOf(total.calls, total.checks, total.trips),
    since: since.toISOString(),
    until: until.toISOString(),
  }
}

const statsOf = (stats: readonly ServiceStats[], name: string, ofChecks: boolean): ServiceStats =>
  stats.find(({ service, isChecks }) => service === name && isChecks === ofChecks) ??
  noStats(name, ofChecks)

function metricsOf(
  calls: ServiceStats,
  checks: ServiceStats,
  trips: number,
): Omit<ServiceMetrics, 'service'> {
  const { done, failed, unknown, partial } = calls
  const operations = done + failed + unknown + partial
  return {
    operations,
    successes: done,
    failures: failed,
    unknown,
    partial,
    cancelled: calls.cancelled,
    success_rate: operations === 0 ? null : rounded((done / operations) * 100),
    requests: calls.requests,
    failed_requests: calls.failedRequests,
    mean_ms: meanOf(calls),
    p95_ms: quantile(calls.spread, 0.95) ?? null,
    bytes_sent: calls.bytesSent + checks.bytesSent,
    bytes_received: calls.bytesReceived + checks.bytesReceived,
    breaker_trips: trips,
    open_conflicts: 0, // nothing finds any yet
    checks: checks.done + checks.failed + checks.unknown + checks.partial,
    failed_checks: checks.failed + checks.unknown,
    checks_mean_ms: meanOf(checks),
  }
}

const meanOf = ({ requests, requestMs }: ServiceStats): number | null =>
  requests === 0 ? null : rounded(requestMs / requests)

/**
 * One decimal. A rate just below a whole number is not rounded up to it: 99.96 percent is no 100, for a failure is there.
 */
const rounded = (value: number): number => Math.floor(value * 10 + 1e-9) / 10
