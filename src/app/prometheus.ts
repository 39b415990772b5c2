/**
 * The figures of the project as Prometheus reads them. A scrape costs the same in a log of any size: counters are sums that
 * are kept beside the log, everything else is what `status` shows. Format: https://prometheus.io/docs/instrumenting/exposition_formats/
 */
import { type BreakerState, breakerWord } from '../calls/breaker-state.ts'
import { version } from '../version.ts'
import { listFiring } from '../store/alerts.ts'
import { listChannels } from '../store/alert-channels.ts'
import { countAllTrips } from '../store/breaker-events.ts'
import { listBreakers } from '../store/breakers.ts'
import { currentDaemon } from '../store/daemons.ts'
import { latestHealthChecks } from '../store/health-checks.ts'
import { countOpenHooks } from '../store/open-hooks.ts'
import { lastSuccessByService } from '../store/list-calls.ts'
import { type Totals, totalsOfAllTime } from '../store/metrics.ts'
import { countEntries } from '../store/outbox-upkeep.ts'
import { listPauses } from '../store/pauses.ts'
import { stateSizes } from '../store/sizes.ts'
import type { App } from './app.ts'
import { refusedHooks } from './hooks/refused.ts'
import { listJobs } from './jobs.ts'
import { listServices } from './list-services.ts'

type Labels = Readonly<Record<string, string>>
type Sample = readonly [labels: Labels, value: number]
type Family = { name: string; type: 'counter' | 'gauge'; help: string; samples: Sample[] }

/** The text format, version 0.0.4. */
export async function metricsText(app: App): Promise<string> {
  const families = [
    ...(await ofCalls(app)),
    ...(await ofServices(app)),
    ...(await ofJobs(app)),
    ...(await ofDaemon(app)),
    ...(await ofState(app)),
  ]
  return families.map(textOf).join('')
}

const stays =
  'Counted beside the call log, by every process; it begins anew with a new log, and never shrinks otherwise.'

async function ofCalls(app: App): Promise<Family[]> {
  const totals = await totalsOfAllTime((await app.log()).db)
  const calls = totals.filter(({ isChecks }) => !isChecks)
  const checks = totals.filter(({ isChecks }) => isChecks)
  const outcomes = ['done', 'partial', 'failed', 'unknown', 'cancelled'] as const
  const byOutcome = (some: readonly Totals[]): Sample[] =>
    some.flatMap((it) =>
      outcomes.map((outcome): Sample => [{ service: it.service, outcome }, it[outcome]]),
    )
  const each = (some: readonly Totals[], valueOf: (it: Totals) => number): Sample[] =>
    some.map((it) => [{ service: it.service }, valueOf(it)])
  const bytes = (name: 'bytesSent' | 'bytesReceived'): Sample[] => {
    const sums = new Map<string, number>()
    for (const it of totals) sums.set(it.service, (sums.get(it.service) ?? 0) + it[name])
    return [...sums].map(([service, sum]) => [{ service }, sum])
  }
  return [
    counter(
      'calls_total',
      `Calls by how they ended; one that is settled later counts again. ${stays}`,
      byOutcome(calls),
    ),
    counter('checks_total', `Connection tests by how they ended. ${stays}`, byOutcome(checks)),
    counter(
      'requests_total',
      `Requests sent for calls. ${stays}`,
      each(calls, (it) => it.requests),
    ),
    counter(
      'requests_failed_total',
      `Requests for calls that failed. ${stays}`,
      each(calls, (it) => it.failedRequests),
    ),
    counter(
      'request_duration_seconds_total',
      `What the requests for calls took together; over caravan_requests_total it is their mean. ${stays}`,
      each(calls, (it) => it.requestMs / 1000),
    ),
    counter('sent_bytes_total', `Bodies that were sent. ${stays}`, bytes('bytesSent')),
    counter('received_bytes_total', `Bodies that were received. ${stays}`, bytes('bytesReceived')),
  ]
}

async function ofServices(app: App): Promise<Family[]> {
  const { services } = await listServices(app)
  const { db } = await app.state()
  const nowMs = app.clock.now().getTime()
  const breakers = await listBreakers<BreakerState>(db)
  const trips = await countAllTrips(db)
  const names = services.map(({ name }) => name)
  const checks = await latestHealthChecks(db, names)
  const successes = await lastSuccessByService((await app.log()).db)
  const words = ['closed', 'open', 'half-open', 'held'] as const
  return [
    gauge(
      'service_enabled',
      'Whether calls are sent to it: 1, or 0 where the file, an operator or a fault of its config keeps them.',
      services.map(({ name, adapter, kind, state }) => [
        { service: name, adapter, kind },
        state === 'enabled' ? 1 : 0,
      ]),
    ),
    gauge(
      'breaker_state',
      '1 for the state its breaker is in, 0 for the others.',
      names.flatMap((service) => {
        const word = breakerWord(breakers.get(service), nowMs)
        return words.map((state): Sample => [{ service, state }, state === word ? 1 : 0])
      }),
    ),
    counter(
      'breaker_trips_total',
      'How often its breaker went from closed to open by itself, since the state began.',
      names.map((service) => [{ service }, trips.get(service) ?? 0]),
    ),
    gauge(
      'health_check_passed',
      'Whether the latest health check passed.',
      [...checks.values()].map(({ service, isOk }) => [{ service }, isOk ? 1 : 0]),
    ),
    gauge(
      'health_check_timestamp_seconds',
      'When the latest health check began.',
      [...checks.values()].map(({ service, at }) => [{ service }, secondsOf(at)]),
    ),
    gauge(
      'last_success_timestamp_seconds',
      'When a call or a connection test of it last succeeded.',
      names.flatMap((service) => {
        const at = successes.get(service)
        return at === undefined ? [] : [[{ service }, secondsOf(at)] as const]
      }),
    ),
  ]
}

const runStatuses = ['running', 'success', 'partial', 'failed', 'interrupted', 'guarded']

async function ofJobs(app: App): Promise<Family[]> {
  const jobs = await listJobs(app)
  const pauses = await listPauses((await app.state()).db, app.clock.now())
  return [
    gauge(
      'job_last_run_status',
      '1 for the status of its latest run, 0 for the others.',
      jobs
        .filter(({ last_status: last }) => last !== null)
        .flatMap(({ id: job, last_status: last }) =>
          runStatuses.map((status): Sample => [{ job, status }, status === last ? 1 : 0]),
        ),
    ),
    gauge(
      'job_last_run_timestamp_seconds',
      'When its latest run began.',
      jobs.flatMap(({ id: job, last_started_at: at }) =>
        at === null ? [] : [[{ job }, secondsOf(at)] as const],
      ),
    ),
    gauge(
      'job_next_due_timestamp_seconds',
      'When its schedule is due next.',
      jobs.flatMap(({ id: job, next_due_at: at }) =>
        at === null ? [] : [[{ job }, secondsOf(at)] as const],
      ),
    ),
    gauge(
      'job_paused',
      'Whether its schedule is paused.',
      jobs.map(({ id: job }) => [{ job }, pauses.has(job) ? 1 : 0]),
    ),
  ]
}

async function ofDaemon(app: App): Promise<Family[]> {
  const now = app.clock.now()
  const daemon = await currentDaemon((await app.state()).db, now)
  const faults = daemon === undefined || daemon.configError === null ? 0 : 1
  return [
    gauge('build_info', 'Always 1; the labels say what runs.', [
      [{ version, node: process.versions.node }, 1],
    ]),
    gauge('daemon_up', 'Whether a daemon works on this state.', [[{}, daemon ? 1 : 0]]),
    gauge(
      'daemon_start_timestamp_seconds',
      'When it started.',
      daemon ? [[{}, secondsOf(daemon.startedAt)]] : [],
    ),
    gauge(
      'daemon_tick_age_seconds',
      'How long ago its scheduler last looked for what is due.',
      daemon?.tickedAt
        ? [[{}, Math.max(0, now.getTime() / 1000 - secondsOf(daemon.tickedAt))]]
        : [],
    ),
    gauge('config_faulty', 'Whether the config file as it stands is not in force.', [[{}, faults]]),
    gauge('process_resident_memory_bytes', 'Memory of the process that answers.', [
      [{}, process.memoryUsage.rss()],
    ]),
  ]
}

async function ofState(app: App): Promise<Family[]> {
  const { db, path } = await app.state()
  const firing = await listFiring(db)
  const hooks = await countOpenHooks(db)
  const queue = { waiting: 0, sending: 0, dead: 0, unknown: 0, ...(await countEntries(db)) }
  const sizes = stateSizes(path)
  return [
    gauge(
      'queue_calls',
      'Calls of the outbox; dead ones and unknown ones wait for a person.',
      Object.entries(queue).map(([status, count]) => [{ status }, count]),
    ),
    gauge(
      'alerts_firing',
      'Alerts that fire, silenced ones included.',
      ['high', 'medium', 'low'].map((severity) => [
        { severity },
        firing.filter((alert) => alert.severity === severity).length,
      ]),
    ),
    gauge(
      'alert_channel_failing',
      'Whether a channel of alerts did not deliver the last time.',
      (await listChannels(db)).map(({ service, failingSince }) => [
        { service },
        failingSince === null ? 0 : 1,
      ]),
    ),
    gauge('hooks_open', 'Webhooks that wait to be handled, and those that were given up.', [
      [{ status: 'received' }, hooks.received ?? 0],
      [{ status: 'failed' }, hooks.failed ?? 0],
    ]),
    counter(
      'hooks_refused_total',
      'Webhooks that the process that answers has refused; without a service where the config has none of the name.',
      [...refusedHooks()].map(([service, count]) => [{ service }, count]),
    ),
    gauge('state_bytes', 'Size of the files, with what is not yet written through.', [
      [{ file: 'state' }, sizes.state + sizes.stateWriteAhead],
      [{ file: 'calls' }, sizes.calls + sizes.callsWriteAhead],
    ]),
    gauge('state_max_bytes', 'What they may take together: retention.max_size.', [
      [{}, (await app.overview()).maxSize],
    ]),
  ]
}

const counter = (name: string, help: string, samples: Sample[]): Family => ({
  name: `caravan_${name}`,
  type: 'counter',
  help,
  samples,
})

const gauge = (name: string, help: string, samples: Sample[]): Family => ({
  ...counter(name, help, samples),
  type: 'gauge',
})

/** A family without samples is left out. */
function textOf({ name, type, help, samples }: Family): string {
  if (samples.length === 0) return ''
  const lines = samples.map(([labels, value]) => `${name}${labelsOf(labels)} ${value}`)
  const told = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  return `# HELP ${name} ${told}\n# TYPE ${name} ${type}\n${lines.join('\n')}\n`
}

function labelsOf(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return parts.length === 0 ? '' : `{${parts.join(',')}}`
}

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

const secondsOf = (instant: string): number => Date.parse(instant) / 1000
